/** What a process that stops while its store is away writes into its log. */
import { Writable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../../../src/config/config.ts';
import { createLog } from '../../../src/service/log.ts';
import { createService } from '../../../src/service.ts';
import { startGoodreads } from '../../support/goodreads.ts';
import { startPostgres } from '../../support/postgres-server.ts';
import { startRedis } from '../../support/redis-server.ts';

interface Line {
  level: string;
  msg: string;
  left?: Record<string, string>;
}

it.each([
  ['redis', 'REDIS_URL', () => startRedis()],
  ['postgres', 'DATABASE_URL', () => startPostgres()],
] as const)('a stop while %s is away says so in one plain line', async (_name, setting, start) => {
  const server = await start();
  onTestFinished(() => server.stop());
  const goodreads = await startGoodreads();
  onTestFinished(() => goodreads.stop());
  const lines: Line[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const text of chunk.toString().split('\n').filter(Boolean)) lines.push(JSON.parse(text) as Line);
      done();
    },
  });
  const config = readConfig({ [setting]: server.url, PORT: '0', GOODREADS_ORIGIN: goodreads.origin, DRAIN_SECONDS: '1' }, 'all');
  const service = createService(config, {
    log: createLog({ level: 'warn', role: 'all', isTerminal: false, destination: sink }),
    version: '0.0.0',
  });
  await service.start();
  await server.kill9();
  lines.length = 0;
  await service.stop();
  const text = lines.map((line) => JSON.stringify(line)).join('\n');
  expect(text).not.toContain('"stack"');
  expect(lines.filter(({ level }) => level !== 'warn')).toEqual([]);
  const told = lines.filter(({ left }) => left);
  expect(told.length).toBeLessThanOrEqual(1);
  for (const { msg } of told) expect(msg).toMatch(/^stopped, but not every part stopped cleanly/);
});
