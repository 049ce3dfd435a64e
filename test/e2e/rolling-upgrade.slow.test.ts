/** An upgrade without a pause: processes of the older and of the current version work side by side on one store, forth and back again. */
import { isNotQuire } from '../support/hold-answers.ts';
import { expect, it, onTestFinished } from 'vitest';
import type { QuireOptions, QuireProcess } from '../../scripts/quire-process.ts';
import type { SubmitAnswer } from '../../src/app/batches/batch-view.ts';
import type { JobView } from '../../src/app/jobs/job-view.ts';
import { unpackProgram, upgradeFile, upgradeVersions } from '../support/upgrade-fixtures.ts';
import { settledLog } from '../support/upgrade-reading.ts';
import { ask, itemsOf, manyLinks, openScene, settled } from './scene.ts';

/** Batches that come in while processes are replaced, and again when they are. */
const BATCHES_A_STAGE = 8;
const LINKS = 2;

it.each(['redis', 'postgres'] as const)(
  'old and new processes share the work on the %s store, and no job is lost or doubled',
  async (store) => {
    const version = upgradeVersions().at(-1) ?? '';
    const program = await unpackProgram(upgradeFile(version, `quire-${version}.tgz`), (undo) =>
      onTestFinished(async () => void (await undo())),
    );
    // A prefix of its own: the tables that tests find prepared are of this version.
    const { site, start } = await openScene(store, { CRAWL_CONCURRENCY: '8', QUEUE_PREFIX: 'rolling' });
    const old = { program };
    const ends: { who: string; code: number | null; signal: string | null; errors: string; complaints: unknown[] }[] = [];
    const end = async (who: string, quire: QuireProcess): Promise<void> => {
      const { code, signal, errors } = await quire.stop();
      // Before a process is ready it tells what it thinks of the server's settings, which are those of tests.
      const readyAt = quire.log.findIndex(({ msg }) => / is ready/.test(msg));
      ends.push({ who, code, signal, errors, complaints: quire.log.slice(readyAt + 1).filter(({ level }) => level >= 40) });
    };

    let api = await start({ role: 'api', ...old });
    isNotQuire(api.address);
    let worker = await start({ role: 'worker', ...old });
    const accepted: string[] = [];
    let links = 0;
    const submitOne = async (): Promise<void> => {
      const answer = await ask<SubmitAnswer>(api, '/parse-links', {
        method: 'POST',
        // A connection of its own: one that is kept may be closed by an api that stops.
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify(manyLinks(LINKS, (links += LINKS))),
      });
      expect(answer.status).toBe(202);
      accepted.push(answer.body.batchId);
    };
    /** Batches come in while processes come and go. At the end of the stage all of them have ended: by whoever is there. */
    const stage = async (change: () => Promise<void>): Promise<void> => {
      const changing = change();
      for (let n = 0; n < BATCHES_A_STAGE; n++) await submitOne();
      await changing;
      for (let n = 0; n < BATCHES_A_STAGE; n++) await submitOne();
      for (const batchId of accepted.slice(-2 * BATCHES_A_STAGE)) await settled(api, batchId, 60_000);
    };
    const replaceApi = async (who: string, options: QuireOptions = {}): Promise<void> => {
      const before = api;
      api = await start({ role: 'api', ...options });
      if (options.program !== undefined) isNotQuire(api.address);
      await end(who, before);
    };

    // The old worker and a new one beside it, behind the old api.
    let next = worker;
    await stage(async () => void (next = await start({ role: 'worker' })));
    // The old api beside the new worker alone.
    await stage(() => end('old worker', worker));
    worker = next;
    // The new api and the new worker.
    await stage(() => replaceApi('old api'));
    // An old process that starts refuses a schema with tables that it does not know, so there is no way back in SQL.
    const goesBack = store === 'redis';
    if (goesBack) {
      // Back again: the new api beside the old worker alone.
      await stage(async () => {
        next = await start({ role: 'worker', ...old });
        await end('new worker', worker);
      });
      worker = next;
      // The old api and the old worker, after everything that the new ones wrote.
      await stage(() => replaceApi('new api', old));
    }

    expect(accepted).toHaveLength((goesBack ? 5 : 3) * 2 * BATCHES_A_STAGE);
    const bookIds: string[] = [];
    for (const batchId of accepted) {
      expect(await settled(api, batchId, 60_000)).toMatchObject({ state: 'completed', total: LINKS, counts: { parsed: LINKS } });
      const log = (await settledLog(api.address, batchId)).map(({ data }) => Number(data['index']));
      expect(log.toSorted((a, b) => a - b)).toEqual(Array.from({ length: LINKS }, (_, n) => n));
      for (const { jobId, bookId } of await itemsOf(api, batchId)) {
        bookIds.push(bookId ?? '');
        expect((await ask<JobView>(api, `/jobs/${jobId}`)).body).toMatchObject({ state: 'parsed', attempts: 1, lastError: null });
      }
    }
    // No page was asked for twice.
    expect((await site.stats()).byId).toEqual(Object.fromEntries(bookIds.map((bookId) => [bookId, 1])));
    await end('last worker', worker);
    await end('last api', api);
    expect(ends).toEqual(ends.map(({ who }) => ({ who, code: 0, signal: null, errors: '', complaints: [] })));
  },
  240_000,
);
