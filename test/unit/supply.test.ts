/** What Quire is made of: the gates that ask for known faults and list the parts. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NOT_CHECKED, verdictOf } from '../../scripts/audit.ts';
import { faultsOf, installedParts, withoutDevelopment, type PartsList } from '../../scripts/sbom.ts';

const read = (file: string): never => JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')) as never;

describe('the audit', () => {
  const report = (severities: Record<string, number>, vulnerabilities: object): string =>
    JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: { vulnerabilities: severities } });

  it('passes without severe faults, and counts the others', () => {
    const text = report({ low: 1, high: 0 }, { a: { severity: 'low', via: [] } });
    expect(verdictOf(text, '')).toEqual({ code: 0, lines: ['Known faults: 1 low, 0 high.'] });
  });

  it('fails on a severe one, and says which', () => {
    const via = [{ title: 'Runs what is sent', url: 'https://example.com/1' }, 'b'];
    const { code, lines } = verdictOf(report({ high: 1 }, { a: { severity: 'high', range: '<2', via } }), '');
    expect([code, lines[0]]).toEqual([1, 'high: a <2: Runs what is sent https://example.com/1; by b']);
  });

  it.each([
    ['{"message":"405 Method Not Allowed","method":"POST"}', ''],
    ['{"error":{"code":"ENOTFOUND","summary":"no such host"}}', ''],
    ['{"error":{}}', ''],
    ['', 'npm error code EAI_AGAIN'],
    ['<html>', ''],
    ['', ''],
  ])('reports a service that is away and fails nothing: %s%s', (stdout, stderr) => {
    const { code, lines } = verdictOf(stdout, stderr);
    expect([code, lines]).toEqual([NOT_CHECKED, [expect.stringMatching(/^The audit service is away, so nothing was checked: ./)]]);
  });
});

describe('the list of parts', () => {
  it('has what runs and nothing else', () => {
    const lock = {
      packages: {
        '': { version: '1.0.0' },
        'node_modules/a': { version: '1.0.0' },
        'node_modules/a/node_modules/b': { version: '2.0.0' },
        'node_modules/test': { version: '3.0.0', dev: true },
        'node_modules/alias': { version: '4.0.0', name: '@scope/real' },
      },
    };
    expect(installedParts(lock)).toEqual(['@scope/real@4.0.0', 'a@1.0.0', 'b@2.0.0']);
    const part = (name: string, version: string) => ({
      'bom-ref': `${name}@${version}`,
      name,
      version,
      purl: `pkg:npm/${name}@${version}`,
    });
    const list: PartsList = {
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      metadata: { component: { 'bom-ref': 'quire@1', name: 'quire', version: '1' } },
      components: [part('a', '1.0.0'), part('test', '3.0.0'), part('@scope/real', '4.0.0')],
      dependencies: [
        { ref: 'quire@1', dependsOn: ['a@1.0.0', 'test@3.0.0'] },
        { ref: 'test@3.0.0', dependsOn: ['a@1.0.0'] },
      ],
    };
    const kept = withoutDevelopment(list, lock);
    expect(kept.components.map(({ name }) => name)).toEqual(['a', '@scope/real']);
    expect(kept.dependencies).toEqual([{ ref: 'quire@1', dependsOn: ['a@1.0.0'] }]);
    expect(faultsOf(kept, lock)).toEqual(['b@2.0.0 is not in the list.']);
  });

  it('knows every dependency of package.json in the lock', () => {
    const names = new Set(installedParts(read('package-lock.json')).map((part) => part.slice(0, part.lastIndexOf('@'))));
    const { dependencies } = read('package.json') as { dependencies: Record<string, string> };
    expect(Object.keys(dependencies).filter((name) => !names.has(name))).toEqual([]);
  });
});
