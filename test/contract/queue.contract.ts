import { Queue, Worker, type BackendFactory, type Job, type WorkerOptions } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createBacklog } from '../../src/queue/backlog.ts';
import { BULLMQ_PRIORITY, type ParseBookQueue } from '../../src/queue/parse-book-queue.ts';
import type { Store } from '../../src/storage/store.ts';
import { recordUntil } from '../support/record-until.ts';
import { testOn, type MadeStore, type StoreKind } from '../support/stores.ts';
import { waitUntil } from '../support/wait-until.ts';
import { HOUR_MS } from './samples.ts';

let queues = 0;

export function queueContract({ make, name }: StoreKind): void {
  describe('BullMQ on the store', () => {
    let made: MadeStore;
    let store: Store;
    beforeAll(async () => {
      made = await make();
      store = made.store;
    });
    afterAll(() => made.cleanup());

    interface Bench {
      queue: Queue;
      worker: (process: (job: Job) => Promise<unknown>, options?: object) => Worker;
    }

    /** A queue of its own with its workers, which are closed at the end. */
    const withQueue = async (test: (bench: Bench) => Promise<void>): Promise<void> => {
      const queueName = `queue-${++queues}`;
      // BullMQ types the connection by backend; which one this is, only the store knows.
      const factory = store.queueBackend.factory as BackendFactory;
      const queue = new Queue(queueName, store.queueBackend.options('producer'), factory) as Queue;
      const workers: Worker[] = [];
      const errors: Error[] = [];
      queue.on('error', (error) => errors.push(error));
      try {
        await test({
          queue,
          worker: (process, options = {}) => {
            const settings = { ...store.queueBackend.options('worker'), drainDelay: 1, ...options } as WorkerOptions;
            const worker = new Worker(queueName, process, settings, factory) as Worker;
            worker.on('error', (error) => errors.push(error));
            workers.push(worker);
            return worker;
          },
        });
      } finally {
        await Promise.all(workers.map((worker) => worker.close()));
        await queue.close();
      }
      expect(errors).toStrictEqual([]);
    };
    const finished = (worker: Worker, count: number) => recordUntil(worker, ['completed', 'failed'], (_, all) => all.length === count);

    it('runs jobs once each, most urgent first, and answers with what they returned', () =>
      withQueue(async ({ queue, worker }) => {
        await queue.addBulk(
          ['bulk', 'normal', 'interactive'].map((data, at) => ({
            name: 'job',
            data,
            opts: { jobId: `book-${at}.run1`, priority: 3 - at },
          })),
        );
        const seen: unknown[] = [];
        const working = worker((job) => Promise.resolve(seen.push(job.data)), { autorun: false });
        const all = finished(working, 3);
        void working.run();
        expect((await all).map(({ event }) => event)).toStrictEqual(['completed', 'completed', 'completed']);
        expect(seen).toStrictEqual(['interactive', 'normal', 'bulk']);
      }));

    it.each(['interactive', 'normal', 'bulk'] as const)(
      'finds the oldest waiting job among those of each priority when it is %s',
      (oldest) =>
        withQueue(async ({ queue }) => {
          const nowMs = Date.now();
          // A new one each time, since one that was slow uses its answer again.
          const look = () => createBacklog(queue as ParseBookQueue, () => nowMs).backlog();
          expect(await look()).toMatchObject({ waiting: 0, oldestSeconds: null });
          let nth = 0;
          for (const [called, priority] of Object.entries(BULLMQ_PRIORITY))
            for (const younger of [0, 5, 10]) {
              const timestamp = nowMs - (called === oldest ? 3_600_000 : 60_000) + younger * 1_000;
              await queue.add('job', {}, { jobId: `book-${++nth}.run1`, timestamp, ...(priority > 0 && { priority }) });
            }
          expect(await look()).toMatchObject({ waiting: 9, oldestSeconds: 3_600 });
        }),
    );

    it('wakes an idle worker for a new job, and for a delayed one', () =>
      withQueue(async ({ queue, worker }) => {
        const working = worker(() => Promise.resolve(1));
        await working.waitUntilReady();
        const both = finished(working, 2);
        const startedAt = Date.now();
        await queue.add('job', {}, { jobId: 'book-1.a', delay: 300 });
        await queue.add('job', {}, { jobId: 'book-2.a' });
        expect((await both).map(({ args }) => (args[0] as Job).id)).toStrictEqual(['book-2.a', 'book-1.a']);
        expect(Date.now() - startedAt).toBeGreaterThanOrEqual(290);
      }));

    it('retries with a backoff, and raises priorities', () =>
      withQueue(async ({ queue, worker }) => {
        const later = await queue.add('job', 'later', { jobId: 'book-1.b', priority: 5 });
        await queue.add('job', 'sooner', { jobId: 'book-2.b', priority: 3 });
        await later.changePriority({ priority: 1 });
        const seen: string[] = [];
        const working = worker((job) => {
          seen.push(job.data as string);
          return job.attemptsMade === 0 && job.opts.attempts === 2 ? Promise.reject(new Error('once')) : Promise.resolve(null);
        });
        await finished(working, 2);
        expect(seen).toStrictEqual(['later', 'sooner']);
        const twice = finished(working, 2);
        await queue.add('job', 'twice', { jobId: 'book-3.b', attempts: 2, backoff: { type: 'fixed', delay: 20 } });
        expect((await twice).map(({ event }) => event)).toStrictEqual(['failed', 'completed']);
      }));

    it('names the jobs that BullMQ has not finished', () =>
      withQueue(async ({ queue, worker }) => {
        const working = worker((job) => (job.data === 'bad' ? Promise.reject(new Error('bad')) : Promise.resolve(1)), { autorun: false });
        const all = finished(working, 2);
        await queue.add('job', 'good', { jobId: 'book-1.c' });
        await queue.add('job', 'bad', { jobId: 'book-2.c' });
        void working.run();
        await all;
        await working.pause();
        await queue.add('job', 'waiting', { jobId: 'book-3.c' });
        await queue.add('job', 'delayed', { jobId: 'book-4.c', delay: 60_000 });
        const ids = ['book-3.c', 'book-1.c', 'unknown', 'book-4.c', 'book-2.c'];
        expect(await store.queueBackend.has(queue.name, ids)).toStrictEqual([true, false, false, true, false]);
        expect(await store.queueBackend.has(queue.name, [])).toStrictEqual([]);
      }));

    testOn(name === 'embedded')('gives an interrupted job to the next worker at once, at the cost of a stall', () =>
      withQueue(async ({ queue, worker }) => {
        // Taken by hand and never finished: what a killed process leaves behind.
        const dead = worker(() => Promise.resolve(), { autorun: false });
        await queue.add('job', {}, { jobId: 'book-1.d', attempts: 3 });
        await queue.add('job', {}, { jobId: 'book-2.d' });
        expect((await dead.getNextJob('token'))?.id).toBe('book-1.d');
        await store.queueBackend.recover(queue.name, 1);
        const working = worker((job) => Promise.resolve([job.id, job.attemptsMade, job.attemptsStarted, job.stalledCounter]));
        const seen = await finished(working, 2);
        expect(seen.map(({ args }) => args[1])).toStrictEqual([
          ['book-1.d', 0, 2, 1],
          ['book-2.d', 0, 1, 0],
        ]);
      }),
    );

    testOn(name === 'embedded')('fails a job that was interrupted more often than it may', () =>
      withQueue(async ({ queue, worker }) => {
        const dead = worker(() => Promise.resolve(), { autorun: false });
        await queue.add('job', {}, { jobId: 'book-1.g', attempts: 3 });
        for (let n = 0; n < 2; n++) {
          expect((await dead.getNextJob('token'))?.id).toBe('book-1.g');
          await store.queueBackend.recover(queue.name, 1);
        }
        const working = worker(() => Promise.resolve());
        const [failed] = await finished(working, 1);
        expect(failed?.event).toBe('failed');
        expect(failed?.args[1]).toMatchObject({ message: expect.stringContaining('stalled more than') });
      }),
    );

    testOn(name !== 'embedded')('leaves active jobs alone when another process may hold them', () =>
      withQueue(async ({ queue, worker }) => {
        const owner = worker(() => Promise.resolve(), { autorun: false });
        await queue.add('job', {}, { jobId: 'book-1.e' });
        await owner.getNextJob('token');
        await store.queueBackend.recover(queue.name, 1);
        expect(await queue.getJobCounts('active', 'waiting')).toStrictEqual({ active: 1, waiting: 0 });
      }),
    );

    it('corrects what a clock that was an hour ahead left: delays, locks, and the look for stalled jobs', () =>
      withQueue(async ({ queue, worker }) => {
        const dead = worker(() => Promise.resolve(), { autorun: false, stalledInterval: 100 });
        const right = Date.now;
        const clock = vi.spyOn(Date, 'now').mockImplementation(() => right() + HOUR_MS);
        try {
          await queue.add('job', {}, { jobId: 'book-1.h' });
          await queue.add('job', {}, { jobId: 'book-2.h', delay: 50 });
          expect((await dead.getNextJob('token'))?.id).toBe('book-1.h');
          await dead.startStalledCheckTimer();
          await dead.close();
        } finally {
          clock.mockRestore();
        }
        await store.queueBackend.correctTimes(queue.name, 100);
        const working = worker((job) => Promise.resolve(job.id), { stalledInterval: 100 });
        // On Redis the lock of the dead worker lasts its half minute, as it does without any clock being wrong.
        const seen = await finished(working, name === 'redis' ? 1 : 2);
        expect(new Set(seen.map(({ args }) => args[1]))).toStrictEqual(new Set(name === 'redis' ? ['book-2.h'] : ['book-1.h', 'book-2.h']));
      }));

    it('keeps finished jobs to their cap, and lets an id be used again once it is gone', () =>
      withQueue(async ({ queue, worker }) => {
        const working = worker(() => Promise.resolve(1), { removeOnComplete: { count: 2 } });
        const all = finished(working, 5);
        await queue.addBulk([1, 2, 3, 4, 5].map((n) => ({ name: 'job', data: {}, opts: { jobId: `book-${n}.f` } })));
        await all;
        await waitUntil('the oldest to go', async () => (await queue.getJobCounts('completed'))['completed'] === 2);
        const again = finished(working, 1);
        await queue.add('job', {}, { jobId: 'book-1.f' });
        expect((await again)[0]?.event).toBe('completed');
      }));
  });
}
