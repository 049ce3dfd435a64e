import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Records } from '../specification/records.ts';
import type { RecordsKind } from '../support/stores.ts';
import { waitUntil } from '../support/wait-until.ts';
import { HOUR_MS, jobOf, newBookId, NOW_MS } from './samples.ts';

export function documentsContract({ make }: RecordsKind): void {
  describe('documents', () => {
    let made: Awaited<ReturnType<RecordsKind['make']>>;
    let store: Records;
    beforeAll(async () => {
      made = await make();
      store = made.store;
    });
    afterAll(() => made.cleanup());

    const put = (key: string, value: unknown, ifVersion?: number, expireAtMs: number | null = null) =>
      store.documents.put(key, JSON.stringify(value), { nowMs: Date.now(), expireAtMs, ...(ifVersion === undefined ? {} : { ifVersion }) });
    const get = async (key: string): Promise<unknown> => {
      const found = await store.documents.get(key, Date.now());
      return found && [found.version, JSON.parse(found.json)];
    };

    it('count their versions from 1', async () => {
      expect(await get('count')).toBeNull();
      expect(await put('count', { a: 1 })).toBe(1);
      expect(await put('count', { a: '💡 "2"' })).toBe(2);
      expect(await get('count')).toStrictEqual([2, { a: '💡 "2"' }]);
    });

    it('are written only over the version that was read', async () => {
      expect(await put('cas', 1, 7)).toBeNull();
      expect(await get('cas')).toBeNull();
      expect(await put('cas', 1, 0)).toBe(1);
      expect(await put('cas', 2, 0)).toBeNull();
      expect(await put('cas', 2, 1)).toBe(2);
      expect(await put('cas', 3, 1)).toBeNull();
      expect(await get('cas')).toStrictEqual([2, 2]);
    });

    it('let one of many concurrent writers of a version win', async () => {
      const created = await Promise.all(Array.from({ length: 12 }, (_, n) => put('race', n, 0)));
      expect(created.filter((version) => version !== null)).toStrictEqual([1]);
      // A counter that every writer raises by compare-and-set loses no step.
      await put('counter', 0);
      const raise = async (): Promise<void> => {
        for (;;) {
          const found = await store.documents.get('counter', Date.now());
          if (found && (await put('counter', Number(found.json) + 1, found.version)) !== null) return;
        }
      };
      await Promise.all(Array.from({ length: 10 }, raise));
      expect(await get('counter')).toStrictEqual([11, 10]);
    });

    it('last as long as the caller asked, whatever the clock of the caller says', async () => {
      const nowMs = Date.now() - HOUR_MS;
      const claim = { nowMs, ifVersion: 0, expireAtMs: nowMs + 60_000 };
      expect(await store.documents.put('behind', '1', claim)).toBe(1);
      expect(await store.documents.put('behind', '2', claim)).toBeNull();
    });

    it('are deleted once', async () => {
      await put('gone', 1);
      expect(await store.documents.delete('gone')).toBe(true);
      expect(await store.documents.delete('gone')).toBe(false);
      expect(await get('gone')).toBeNull();
      expect(await put('gone', 2, 0)).toBe(1);
    });

    it('are not returned once they have expired', async () => {
      await put('short', 1, undefined, Date.now() + 100);
      await put('short', 2, undefined, Date.now() + 200);
      await waitUntil('the document to expire', async () => (await get('short')) === null);
      expect(await store.documents.list('short', { nowMs: Date.now(), afterKey: null, limit: 5 })).toStrictEqual([]);
      expect(await put('short', 3, 2)).toBeNull();
      expect(await put('short', 3, 0)).toBe(1);
      expect(await get('short')).toStrictEqual([1, 3]);
    });

    it('are not deleted a second time once they have expired', async () => {
      await put('ended', 1, undefined, Date.now() - HOUR_MS);
      expect(await store.documents.delete('ended')).toBe(false);
    });

    it('stay for ever when written without an end', async () => {
      await put('long', 1, undefined, Date.now() + 50);
      await put('long', 2);
      await put('shorter', 1, undefined, Date.now() + 100);
      await waitUntil('the other document to expire', async () => (await get('shorter')) === null);
      expect(await get('long')).toStrictEqual([2, 2]);
    });

    it('are listed by prefix, in order of key, in pages', async () => {
      for (const key of ['list:b', 'list:a', 'list:B', 'list:a1', 'lisu', 'list', 'list:ä', 'list:%']) await put(key, key);
      const page = async (afterKey: string | null, limit: number): Promise<string[]> =>
        (await store.documents.list('list:', { nowMs: Date.now(), afterKey, limit })).map((document) => document.key);
      expect(await page(null, 10)).toStrictEqual(['list:%', 'list:B', 'list:a', 'list:a1', 'list:b', 'list:ä']);
      expect(await page(null, 2)).toStrictEqual(['list:%', 'list:B']);
      // The key that is the prefix, and one that comes before it.
      await put('list:', 1);
      expect(await page('list:', 1)).toStrictEqual(['list:%']);
      await store.documents.delete('list:');
      expect(await page('l', 2)).toStrictEqual(['list:%', 'list:B']);
      expect(await page('list:B', 2)).toStrictEqual(['list:a', 'list:a1']);
      expect(await page('list:ä', 2)).toStrictEqual([]);
      expect(await store.documents.list('list:a', { nowMs: Date.now(), afterKey: null, limit: 1 })).toStrictEqual([
        { key: 'list:a', version: 1, json: '"list:a"' },
      ]);
    });

    it('are trimmed to a number, those that end first, sparing what ends soon or never', async () => {
      const nowMs = Date.now();
      const named = async (): Promise<string[]> =>
        (await store.documents.list('trim:', { nowMs: Date.now(), afterKey: null, limit: 10 })).map(({ key }) => key.slice(5));
      // In another order of keys than of ends, among documents of another prefix that end before and after.
      for (const [key, minutes] of [
        ['c', 30],
        ['a', 50],
        ['d', 40],
        ['b', 60],
        ['soon', 1],
      ] as const)
        await put(`trim:${key}`, key, undefined, nowMs + minutes * 60_000);
      await put('trim:ever', 1);
      for (const minutes of [25, 35, 90]) await put(`trimmed${minutes}`, 1, undefined, nowMs + minutes * 60_000);
      const trim = (most: number) => store.documents.trim('trim:', { most, sparedUntilMs: nowMs + 2 * 60_000 });
      expect(await trim(6)).toBe(0);
      expect(await trim(4)).toBe(2);
      expect(await named()).toStrictEqual(['a', 'b', 'ever', 'soon']);
      expect(await get('trim:c')).toBeNull();
      expect(await put('trim:c', 1, 0, nowMs + 30 * 60_000)).toBe(1);
      expect(await trim(0)).toBe(3);
      expect(await named()).toStrictEqual(['ever', 'soon']);
      expect(await store.documents.list('trimmed', { nowMs: Date.now(), afterKey: null, limit: 10 })).toHaveLength(3);
    });
  });

  describe('tallies and pages', () => {
    let made: Awaited<ReturnType<RecordsKind['make']>>;
    let store: Records;
    beforeAll(async () => {
      made = await make();
      store = made.store;
    });
    afterAll(() => made.cleanup());

    const HOUR = Math.floor(NOW_MS / HOUR_MS);

    it('tallies add up by series and hour', async () => {
      await store.tallies.add('source', HOUR - 1, { ok: 1 }, 48);
      await Promise.all(Array.from({ length: 20 }, () => store.tallies.add('source', HOUR, { ok: 2, blocked: 1 }, 48)));
      await store.tallies.add('source', HOUR, { other: 5 }, 48);
      await store.tallies.add('layers', HOUR, { ok: 100 }, 48);
      await store.tallies.add('source', HOUR, {}, 48);
      expect(await store.tallies.read('source', HOUR - 5, HOUR)).toStrictEqual([
        { hour: HOUR - 1, counts: { ok: 1 } },
        { hour: HOUR, counts: { ok: 40, blocked: 20, other: 5 } },
      ]);
      expect(await store.tallies.read('source', HOUR - 1, HOUR - 1)).toHaveLength(1);
      expect(await store.tallies.read('source', HOUR + 1, HOUR + 9)).toStrictEqual([]);
      expect(await store.tallies.read('nobody', 0, HOUR)).toStrictEqual([]);
    });

    it('tallies drop hours that are too old', async () => {
      for (const hour of [HOUR - 11, HOUR - 10, HOUR]) await store.tallies.add('old', hour, { n: 1 }, 10);
      expect((await store.tallies.read('old', 0, HOUR)).map(({ hour }) => hour)).toStrictEqual([HOUR - 10, HOUR]);
    });

    it('an hour of a tally that was dropped starts at zero again', async () => {
      for (const hour of [HOUR - 11, HOUR, HOUR - 11]) await store.tallies.add('late', hour, { n: 1 }, 10);
      expect(await store.tallies.read('late', 0, HOUR - 1)).toStrictEqual([{ hour: HOUR - 11, counts: { n: 1 } }]);
    });

    it('pages come back byte for byte; a later page replaces an earlier one', async () => {
      const jobId = jobOf(newBookId());
      const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, at) => (at * 31) % 256));
      const options = { expireAtMs: NOW_MS + HOUR_MS, maxPages: 100 };
      expect(await store.pages.get(jobId, NOW_MS)).toBeNull();
      await store.pages.keep(jobId, Buffer.from('first'), { ...options, nowMs: NOW_MS });
      await store.pages.keep(jobId, bytes, { ...options, nowMs: NOW_MS + 1 });
      const page = await store.pages.get(jobId, NOW_MS);
      expect(page?.keptAtMs).toBe(NOW_MS + 1);
      expect(page?.bytes.equals(bytes)).toBe(true);
    });

    it('pages beyond the cap are dropped, the oldest first', async () => {
      const jobs = Array.from({ length: 5 }, () => jobOf(newBookId()));
      for (const [at, jobId] of jobs.entries())
        await store.pages.keep(jobId, Buffer.from('x'), { nowMs: NOW_MS + 1_000 + at, expireAtMs: NOW_MS + HOUR_MS, maxPages: 3 });
      const kept = await Promise.all(jobs.map(async (jobId) => (await store.pages.get(jobId, NOW_MS)) !== null));
      expect(kept).toStrictEqual([false, false, true, true, true]);
    });

    it('pages of one time keep to the cap', async () => {
      const jobs = Array.from({ length: 4 }, () => jobOf(newBookId()));
      for (const jobId of jobs)
        await store.pages.keep(jobId, Buffer.from('x'), { nowMs: NOW_MS + 9_000, expireAtMs: NOW_MS + HOUR_MS, maxPages: 2 });
      const kept = await Promise.all(jobs.map(async (jobId) => (await store.pages.get(jobId, NOW_MS)) !== null));
      expect(kept).toStrictEqual([false, false, true, true]);
    });

    it('pages expire', async () => {
      const jobId = jobOf(newBookId());
      await store.pages.keep(jobId, Buffer.from('x'), { nowMs: Date.now(), expireAtMs: Date.now() + 100, maxPages: 10 });
      await waitUntil('the page to expire', async () => (await store.pages.get(jobId, Date.now())) === null);
    });
  });
}
