import { readFileSync } from 'node:fs';
import { validateWorkflow } from '@action-validator/core';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const text = readFileSync(new URL('../../../.github/workflows/ci.yml', import.meta.url), 'utf8');

it('the workflow keeps to the JSON schema of its forge, which would find a misspelt key', () => {
  const faults = (yaml: string): unknown[] => (validateWorkflow(yaml) as { errors: unknown[] }).errors;
  expect(faults(text)).toEqual([]);
  expect(JSON.stringify(faults(text.replace('runs-on:', 'run-on:')))).toContain('run-on');
});

it('the workflow runs .ci/run on Node 20, 22 and 24, for as long as CI may take', () => {
  const { jobs } = parse(text) as {
    jobs: { check: { strategy: { matrix: { node: number[] } }; 'timeout-minutes': number; steps: { run?: string; with?: object }[] } };
  };
  expect(jobs.check.strategy.matrix.node).toEqual([20, 22, 24]);
  expect(jobs.check.steps.at(-1)).toEqual({ run: 'bash .ci/run' });
  expect(jobs.check.steps.some((step) => step.with && 'node-version' in step.with)).toBe(true);
});
