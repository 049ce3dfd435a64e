/** The whole of it: a Quire is stopped in the middle of its work, moved with interruptions, and finishes on the other store. */
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startGoodreads } from '../../support/goodreads.ts';
import { ownPrefix, startQuire, STORES, type StoreName } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { links, LINKS, place, runHere, runMigration, type CommandEnd } from './command.ts';

const KINDS = ['embedded', 'redis', 'postgres'] as const;

/** A cluster moves its records as one Redis does; what differs is how it is reached and asked, so it comes once on each side. */
const PAIRS: { from: StoreName; to: StoreName }[] = [
  ...KINDS.flatMap((from) => KINDS.filter((to) => to !== from).map((to) => ({ from, to }))),
  { from: 'redis', to: 'redis-cluster' },
  { from: 'redis-cluster', to: 'postgres' },
];

describe.each(PAIRS)('quire migrate from $from to $to', ({ from, to }) => {
  it('killed at random points and run again, loses nothing of what was accepted', async () => {
    const goodreads = await startGoodreads();
    onTestFinished(() => goodreads.stop());
    const prefix = ownPrefix();
    const [source, target] = [await place(from, prefix, true), await place(to, prefix)];

    const before = await startQuire(from, { env: source.env, goodreads, settings: { CRAWL_CONCURRENCY: '4', DRAIN_SECONDS: '0' } });
    const first = await before.submit(links.slice(0, 40));
    await before.ended(first.batchId);
    await goodreads.control({ delayMs: 60 });
    const { batchId } = await before.submit([...links, 'nonsense']);
    await waitUntil('some of the batch to be parsed', async () => (await before.get(`/batches/${batchId}`)).body.counts.parsed >= 4);
    await before.stop();
    await goodreads.control({});

    // Twice it is killed, at a random line of its progress; a run that was done by then is done.
    const args = ['--from', source.name, '--to', target.name];
    const runs: CommandEnd[] = [];
    for (let kills = 0; kills < 2; kills++) {
      let lines = randomInt(1, 14);
      runs.push(await runMigration(args, { QUEUE_PREFIX: prefix }, (_line, kill) => (--lines === 0 ? kill('SIGKILL') : undefined)));
    }
    expect(runs[0]?.signal).toBe('SIGKILL');
    const last = runs.at(-1)?.code === 0 ? (runs.at(-1) as CommandEnd) : await runMigration(args, { QUEUE_PREFIX: prefix });
    const told = JSON.stringify(
      [...runs, last].map(({ code, signal, errors, output }) => ({ code, signal, errors, output })),
      null,
      1,
    );
    expect(last.code, told).toBe(0);
    expect(last.output).toMatch(/^waiting jobs\s+3\d\d\s+3\d\d {2}ok$/m);

    const { requests } = await goodreads.stats();
    const after = await startQuire(to, { env: target.env, goodreads });
    onTestFinished(() => after.stop());
    const batch = await after.ended(batchId, 60_000);
    expect(batch, told).toMatchObject({ total: LINKS + 1, counts: { parsed: LINKS - 40, cached: 40, invalid: 1, queued: 0, failed: 0 } });
    expect((await after.get(`/batches/${first.batchId}`)).body.counts).toMatchObject({ parsed: 40 });
    // What was parsed before the move is not crawled again: each book was asked for once, but for those that were under way when the service ended.
    const { byId, requests: all } = await goodreads.stats();
    expect(Object.keys(byId)).toHaveLength(LINKS);
    expect(Object.values(byId).filter((times) => times > 1).length).toBeLessThanOrEqual(4);
    expect(all - requests).toBeLessThanOrEqual(LINKS - 40);
    expect((await after.get('/book-info?id=1000000007')).status).toBe(200);
  });
});

describe('quire migrate', () => {
  it.each(STORES)('refuses to move from %s while a Quire runs on it, and does not touch the target', async (store) => {
    const prefix = ownPrefix();
    const source = await place(store, prefix, true);
    const target = await place(store === 'redis' ? 'embedded' : 'redis', prefix);
    // An api alone has no worker, and takes links all the same.
    const role = store === 'embedded' ? 'all' : 'api';
    const running = await startQuire(store, { env: source.env, role });
    onTestFinished(() => running.stop());
    await running.submit(links.slice(0, 2));
    const args = ['--from', source.name, '--to', target.name];
    const env = { QUEUE_PREFIX: prefix };
    const refusal = store === 'embedded' ? /already open in this process/ : /A Quire is running on the source/;
    // A store that another process has is away; a running Quire is a refusal.
    expect(await runHere(args, env)).toEqual([store === 'embedded' ? 5 : 1, '', expect.stringMatching(refusal)]);
    expect(target.directory !== undefined && existsSync(target.directory)).toBe(false);
    await running.stop();
    expect(await runHere(args, env)).toEqual([
      0,
      expect.stringMatching(/^batches\s+1\s+1 {2}ok$/m),
      expect.stringMatching(/^copying books/),
    ]);
    expect(await runHere(args, env)).toEqual([1, '', expect.stringMatching(/This migration was finished at/)]);
  });

  it('ends after the page under way when it is told to, and says how to go on', async () => {
    const prefix = ownPrefix();
    const [source, target] = [await place('redis', prefix), await place('postgres', prefix)];
    const quire = await startQuire('redis', { env: source.env, role: 'api' });
    await quire.submit(links);
    await quire.stop();
    const args = ['--from', 'REDIS_URL', '--to', 'DATABASE_URL'];
    const env = { QUEUE_PREFIX: prefix, REDIS_URL: source.name, DATABASE_URL: target.name };
    const ended = await runMigration(args, env, (_line, kill) => kill('SIGTERM'));
    expect([ended.code, ended.errors.at(-1)]).toEqual([1, 'Interrupted. The same command goes on from here.']);
    const resumed = await runMigration(args, env);
    expect([resumed.code, resumed.output]).toEqual([
      0,
      expect.stringMatching(/waiting jobs\s+400\s+400 {2}ok[\s\S]*Moved, continuing an earlier run/),
    ]);
  });
});
