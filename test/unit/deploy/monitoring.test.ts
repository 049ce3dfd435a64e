/** Dashboard and alerts know only metrics that there are, and each alert has its entry in the runbook. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { FAMILIES } from '../../../src/metrics/families.ts';
import { createMetrics } from '../../../src/metrics/metrics.ts';
import type { FamilyRow } from '../../../src/metrics/registry.ts';

const at = (file: string): string => fileURLToPath(new URL(`../../../${file}`, import.meta.url));
const read = (file: string): string => readFileSync(at(file), 'utf8');

interface Alert {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook: string };
}
const alerts = (parse(read('deploy/monitoring/alerts.yml')) as { groups: { rules: Alert[] }[] }).groups.flatMap(({ rules }) => rules);
const dashboard = JSON.parse(read('deploy/monitoring/grafana/dashboards/quire.json')) as {
  panels: { title: string; targets: { expr: string }[] }[];
};
const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
const expressions = [...alerts.map(({ expr }) => expr), ...queries];

const ROWS = new Map(
  Object.values<FamilyRow>(FAMILIES).flatMap((row) =>
    (row.type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']).map((end) => [row.name + end, row] as const),
  ),
);
const namesIn = (text: string): string[] => [...text.matchAll(/\b(?:quire|process)_[a-z_]+\b/g)].map(([name]) => name);
const promtool = [process.env['PROMTOOL'], 'promtool'].find((path) => path && spawnSync(path, ['--version']).status === 0);

/** Runs promtool. Where it is not there, it says so and does not fail. */
function check(args: string[], input?: string): void {
  if (promtool === undefined) {
    process.stderr.write(
      `\n!!! promtool is not here: \`promtool ${args[0]} ${args[1]}\` was NOT run. Debian has it in the package prometheus.\n\n`,
    );
    return;
  }
  const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: at('deploy/monitoring'), input, encoding: 'utf8', timeout: 20_000 });
  if (status !== 0) throw new Error(`promtool ${args.join(' ')}: ${stdout}${stderr}`);
}

describe('the monitoring files', () => {
  it('name only metrics of the table', () => {
    expect(expressions.flatMap(namesIn).filter((name) => !ROWS.has(name))).toEqual([]);
    expect(expressions.flatMap(namesIn).length).toBeGreaterThan(30);
  });

  it('match and group by labels that the metrics have', () => {
    const faults = expressions.flatMap((expr) => {
      const known = new Set(['le', 'job', 'instance', ...namesIn(expr).flatMap((name) => ROWS.get(name)?.labels ?? [])]);
      const matched = [...expr.matchAll(/[{,]\s*([a-z_]+)\s*(?:=~|!=|=)/g)].map(([, label = '']) => label);
      const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(',').map((one) => one.trim()));
      return [...matched, ...grouped].filter((label) => !known.has(label)).map((label) => `${label} in ${expr}`);
    });
    expect(faults).toEqual([]);
  });

  it('take the max of what is the same in every process, and never its sum', () => {
    const faults = expressions.filter((expr) =>
      namesIn(expr).some((name) => ROWS.get(name)?.of === 'fleet' && !new RegExp(`max(?: by \\([^)]*\\) )?\\(${name}\\b`).test(expr)),
    );
    expect(faults).toEqual([]);
  });

  it('lead from each alert to an entry with symptom, check and command', () => {
    const runbook = read('docs/runbook.md');
    const entries = new Map(
      runbook
        .split(/^## /m)
        .slice(1)
        .map((entry) => [entry.slice(0, entry.indexOf('\n')), entry]),
    );
    expect([...entries.keys()]).toEqual(alerts.map(({ alert }) => alert));
    for (const { alert, annotations, labels } of alerts) {
      expect(annotations.runbook).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
      expect(['critical', 'warning']).toContain(labels.severity);
      expect(entries.get(alert)).toMatch(/\*\*Symptom\*\*: .*\n- \*\*Check\*\*: [^]*\n- \*\*Command\*\*: `.+`/);
    }
    const spoken = namesIn(runbook).filter((name) => !ROWS.has(name));
    expect(spoken).toEqual([]);
  });

  it('pass promtool: the rules, what they say of made-up series, and the configuration', () => {
    check(['check', 'rules', 'alerts.yml']);
    check(['test', 'rules', 'alerts.test.yml']);
    check(['check', 'config', 'prometheus.yml']);
    expect(alerts.length).toBeGreaterThan(10);
  });

  it('pass promtool: every query of the dashboard, and the metrics themselves', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'quire-rules-'));
    const metrics = createMetrics({ version: '0', role: 'api' });
    try {
      const rules = queries.map((expr, n) => ({ record: `quire:query${n}`, expr }));
      writeFileSync(join(dir, 'queries.yml'), JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
      check(['check', 'rules', join(dir, 'queries.yml')]);
      const text = await metrics.expose('text');
      check(['check', 'metrics'], text);
      expect(text).toContain('quire_jobs_ended_total{outcome="parsed",reason="none"} 0');
    } finally {
      metrics.close();
      rmSync(dir, { recursive: true });
    }
  });
});
