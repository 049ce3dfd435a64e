/** The Postman collection, run by newman against a running Quire. newman is fetched for this run: it belongs to no build. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { startQuire } from '../../support/service.ts';
import { linkTo } from '../http/scene.ts';
import { startReceiver } from '../webhooks/receiver.ts';
import { API_KEY } from './story.ts';

const NEWMAN = 'newman@6.2.2';
const BOOK = '1850000017';
const collection = fileURLToPath(new URL('../../../clients/postman/quire.postman_collection.json', import.meta.url));
const environment = fileURLToPath(new URL('../../../clients/postman/quire.postman_environment.json', import.meta.url));

interface Report {
  run: {
    stats: { requests: { total: number; failed: number }; assertions: { total: number; failed: number } };
    failures: { error: { message: string }; source: { name: string } }[];
  };
}

it('every request of the Postman collection is answered as it says', { timeout: 300_000 }, async () => {
  const receiver = await startReceiver();
  onTestFinished(receiver.stop);
  const quire = await startQuire('redis', { settings: { API_KEYS: API_KEY, WEBHOOK_ALLOW_LOOPBACK: 'true' } });
  onTestFinished(quire.stop);
  const dir = await mkdtemp(join(tmpdir(), 'quire-newman-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const report = join(dir, 'report.json');
  const values = { baseUrl: quire.origin, apiKey: API_KEY, receiver: receiver.url, bookLink: linkTo(BOOK), bookId: BOOK };
  const args = Object.entries(values).flatMap(([name, value]) => ['--env-var', `${name}=${value}`]);
  const child = spawn(
    'npm',
    [
      'exec',
      '--yes',
      `--package=${NEWMAN}`,
      '--',
      'newman',
      'run',
      collection,
      '-e',
      environment,
      ...args,
      '--timeout-request',
      '40000',
      '-r',
      'json',
      '--reporter-json-export',
      report,
    ],
    { cwd: dir, stdio: ['ignore', 'inherit', 'inherit'], timeout: 240_000 },
  );
  await once(child, 'close');
  const { run } = JSON.parse(await readFile(report, 'utf8')) as Report;
  expect(run.failures.map(({ error, source }) => `${source.name}: ${error.message}`)).toEqual([]);
  expect(run.stats.requests).toMatchObject({ failed: 0 });
  expect(run.stats.requests.total).toBeGreaterThan(40);
  expect(run.stats.assertions.total).toBe(run.stats.requests.total);
});
