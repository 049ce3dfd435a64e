import { describe, expect, it } from 'vitest';
import { OUTCOME_KINDS } from '../../../src/crawl/source/pacing.ts';
import { FAMILIES, SOURCE_OUTCOMES } from '../../../src/metrics/families.ts';
import { createRegistry, unitOf, type FamilyRow } from '../../../src/metrics/registry.ts';
import { formatFor } from '../../../src/http/plugins/metrics.ts';
import { createRateUse } from '../../../src/crawl/measured.ts';
import { readOpenMetrics, readText, valueOf } from '../../support/exposition.ts';

const ROWS = {
  ended: { type: 'counter', name: 'a_ended_total', help: 'Ended, "all".', labels: ['outcome'], zero: [['parsed']], of: 'process' },
  seconds: { type: 'histogram', name: 'a_wait_seconds', help: 'Wait.', labels: [], buckets: [0.1, 1], of: 'process' },
  waiting: { type: 'gauge', name: 'a_jobs', help: 'Jobs\nthat wait.', labels: ['state'], of: 'fleet' },
  build: { type: 'info', name: 'a_build_info', help: 'Version.', labels: ['version'], of: 'process' },
} as const satisfies Record<string, FamilyRow>;

describe('the registry of metrics', () => {
  it('writes both forms, counters from 0, and leaves out what has no value', () => {
    const { meters, expose } = createRegistry(ROWS, () => null);
    meters.seconds.of().observe(0.1);
    meters.seconds.of().observe(3);
    meters.ended.of('a "b"\\\n').add(2);
    meters.build.of('1').set(1);
    const text = expose('text');
    expect(text.split('\n')).toEqual([
      '# TYPE a_ended_total counter',
      '# HELP a_ended_total Ended, "all".',
      'a_ended_total{outcome="parsed"} 0',
      'a_ended_total{outcome="a \\"b\\"\\\\\\n"} 2',
      '# TYPE a_wait_seconds histogram',
      '# HELP a_wait_seconds Wait.',
      'a_wait_seconds_bucket{le="0.1"} 1',
      'a_wait_seconds_bucket{le="1.0"} 1',
      'a_wait_seconds_bucket{le="+Inf"} 2',
      'a_wait_seconds_sum 3.1',
      'a_wait_seconds_count 2',
      '# TYPE a_build_info gauge',
      '# HELP a_build_info Version.',
      'a_build_info{version="1"} 1',
      '',
    ]);
    const open = readOpenMetrics(expose('openmetrics'));
    expect([...open.keys()]).toEqual(['a_ended', 'a_wait_seconds', 'a_build']);
    expect(open.get('a_wait_seconds')).toMatchObject({ type: 'histogram', unit: 'seconds' });
    expect(open.get('a_build')?.type).toBe('info');
    expect(valueOf(open.get('a_ended')?.samples ?? [], { outcome: 'a "b"\\\n' })).toBe(2);
    // The text form is as before: asking for one form changes nothing in the other.
    expect(expose('text')).toBe(text);
    expect(readText(text).size).toBe(5);
  });

  it('shows the last trace of each bucket as its exemplar, in OpenMetrics alone', () => {
    let trace: string | null = null;
    const { meters, expose } = createRegistry(ROWS, () => trace);
    meters.seconds.of().observe(0.5);
    trace = 'f'.repeat(32);
    meters.seconds.of().observe(7);
    meters.ended.of('parsed').add();
    const open = readOpenMetrics(expose('openmetrics'));
    const [, one, infinite] = open.get('a_wait_seconds')?.samples ?? [];
    expect(one?.exemplar).toBeNull();
    expect(infinite?.exemplar).toMatchObject({ labels: { trace_id: trace }, value: 7 });
    expect(open.get('a_ended')?.samples[0]?.exemplar?.labels).toEqual({ trace_id: trace });
    expect(expose('text')).not.toContain('trace_id');
  });

  it('forgets gauges that have no value any more', () => {
    const { meters, expose } = createRegistry(ROWS, () => null);
    meters.waiting.of('active').set(3);
    expect(expose('text')).toContain('a_jobs{state="active"} 3');
    expect(expose('text')).toContain('# HELP a_jobs Jobs\\nthat wait.');
    meters.waiting.clear();
    expect(expose('text')).not.toContain('a_jobs');
  });
});

describe('the table of metrics', () => {
  const rows: FamilyRow[] = Object.values(FAMILIES);

  it('names each metric as Prometheus asks, with its unit at the end', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    for (const { name, type, help, labels } of rows) {
      expect(name).toMatch(/^(quire|process)_[a-z_]+$/);
      expect(help, name).toMatch(/^[A-Z0-9].*\.$/s);
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      expect(labels).not.toContain('le');
    }
    expect(rows.filter(({ name, type }) => type === 'histogram' && unitOf(name) !== 'seconds')).toEqual([]);
    // OpenMetrics strips the ends of names: what is left must differ too.
    const stripped = rows.map(({ name }) => name.replace(/_(total|info)$/, ''));
    expect(new Set(stripped).size).toBe(stripped.length);
  });

  it('begins with every outcome that the ledger knows', () => {
    expect([...SOURCE_OUTCOMES].toSorted()).toEqual([...OUTCOME_KINDS, 'robots'].toSorted());
  });
});

describe('the form of metrics', () => {
  it.each([
    [undefined, 'text'],
    ['*/*', 'text'],
    ['text/html', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    [
      'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3',
      'openmetrics',
    ],
    ['text/plain;q=0.9, application/openmetrics-text;q=0.1', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
    ['application/openmetrics-text;q=nonsense', 'text'],
  ])('of Accept %s is %s', (accept, format) => expect(formatFor(accept)).toBe(format));
});

describe('the use of the rate', () => {
  it('is the share of the last minute', () => {
    let ms = 5_000;
    const use = createRateUse(() => ms);
    use.count(30);
    ms += 30_000;
    use.count(30);
    expect([use.share(1), use.share(2), use.share(null), use.share(0)]).toEqual([1, 0.5, null, null]);
    ms += 35_000;
    expect(use.share(1)).toBe(0.5);
    ms += 3_600_000;
    expect(use.share(1)).toBe(0);
  });
});
