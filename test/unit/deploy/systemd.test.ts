import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findOnPath } from '../../support/server-binaries.ts';

const root = join(import.meta.dirname, '../../..');
const folder = join(root, 'deploy/systemd');
const units = readdirSync(folder);
const textOf = (unit: string): string => readFileSync(join(folder, unit), 'utf8');
const valuesOf = (unit: string, name: string): string[] =>
  [...textOf(unit).matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value ?? '');

const analyze = findOnPath('systemd-analyze');
if (analyze === undefined) process.stderr.write('systemd-analyze is not here: the test that lets it verify the units is SKIPPED.\n');

describe('deploy/systemd', () => {
  it('has a unit for each role', () => {
    expect(units.toSorted()).toEqual(['quire-api.service', 'quire-worker@.service', 'quire.service']);
    expect(
      units
        .flatMap((unit) => valuesOf(unit, 'ExecStart'))
        .map((command) => command.split(' ').at(-1) ?? '')
        .toSorted(),
    ).toEqual(['all', 'api', 'worker']);
  });

  it.each(units)('%s starts Node as `npm start` does', (unit) => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    const [command = ''] = valuesOf(unit, 'ExecStart');
    expect(command.replace('/usr/bin/', '').replace('/opt/quire/', '').replace(/ \w+$/, '')).toBe(scripts['start']);
  });

  it.each(units)('%s waits for the word of Quire, and gives a stop more time than the jobs get', (unit) => {
    const drain = Number(/^# DRAIN_SECONDS=(\d+)$/m.exec(readFileSync(join(root, '.env.example'), 'utf8'))?.[1]);
    expect([valuesOf(unit, 'Type'), valuesOf(unit, 'NotifyAccess')]).toEqual([['notify'], ['all']]);
    expect(Number.parseInt(valuesOf(unit, 'TimeoutStopSec')[0] ?? '', 10)).toBeGreaterThanOrEqual(drain + 10);
    expect(valuesOf(unit, 'RestartPreventExitStatus')).toEqual(['2 78']);
  });

  describe.skipIf(analyze === undefined)('as systemd-analyze sees them', () => {
    let dir = '';
    const paths: string[] = [];
    // It looks for the program that a unit starts, so copies name one that is here.
    beforeAll(() => {
      dir = mkdtempSync(join(tmpdir(), 'quire-units-'));
      for (const unit of units) {
        const path = join(dir, unit.replace('@.', '@1.'));
        writeFileSync(path, textOf(unit).replaceAll('/usr/bin/node', process.execPath));
        paths.push(path);
      }
    });
    afterAll(() => rmSync(dir, { recursive: true, force: true }));

    const run = (...args: string[]): string => {
      try {
        return execFileSync(analyze ?? '', args, { encoding: 'utf8', stdio: 'pipe' });
      } catch (error) {
        return `FAILED ${(error as { stderr: string }).stderr}`;
      }
    };

    it('every line is one that systemd knows', () => {
      expect(run('verify', '--recursive-errors=no', ...paths)).toBe('');
    });

    it('each is hardened: an exposure of less than 2 of 10', () => {
      for (const path of paths) expect(run('security', '--offline=true', '--threshold=20', '--no-pager', path)).not.toMatch(/^FAILED/);
    });
  });
});
