/** The limits of keys, counted in one store by several processes. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createUsage, QuotaExceeded } from '../../../src/app/access/usage.ts';
import { NO_LIMITS, type ApiKey, type KeyLimits } from '../../../src/domain/access/api-key.ts';
import type { BatchId, BatchRecord } from '../../../src/domain/batch.ts';
import { createMemoryDocuments } from '../../support/memory-documents.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000, toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const keyWith = (limits: Partial<KeyLimits>): ApiKey => ({
  id: 'k1',
  name: 'one',
  scopes: ['read', 'submit'],
  hash: '',
  limits: { ...NO_LIMITS, ...limits },
  createdAtMs: 0,
  expiresAtMs: null,
  revokedAtMs: null,
  from: 'store',
});

function fleet(processes: number) {
  const { documents, calls } = createMemoryDocuments();
  const queued = new Map<string, number | null>();
  const get = async (batchId: BatchId) => {
    const jobs = queued.get(batchId);
    return jobs === undefined ? null : ({ batchId, endedAtMs: jobs === null ? 1 : null, counts: { queued: jobs ?? 0 } } as BatchRecord);
  };
  const batches = { get } as Parameters<typeof createUsage>[0]['store']['batches'];
  return { usages: Array.from({ length: processes }, () => createUsage({ store: { documents, batches } })), queued, calls };
}

describe('requests a second', () => {
  it('never exceed the limit over all processes, and cost the store a tenth of themselves', async () => {
    const { usages, calls } = fleet(3);
    const key = keyWith({ requestsPerSecond: 50 });
    for (let second = 0; second < 3; second += 1) {
      const asked = await Promise.allSettled(Array.from({ length: 120 }, (_, at) => usages[at % 3]!.takeRequest(key)));
      const taken = asked.filter(({ status }) => status === 'fulfilled').length;
      expect(taken).toBe(50);
      const reasons = asked.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
      expect(reasons.every((reason) => reason instanceof QuotaExceeded)).toBe(true);
      vi.setSystemTime(Date.now() + 1000);
    }
    // Ten portions a second, a read and a write each, and conflicts of three processes.
    expect(calls()).toBeLessThan(3 * 2 * 10 * 3);
  });

  it('tell what is left', async () => {
    const { usages } = fleet(1);
    const key = keyWith({ requestsPerSecond: 2 });
    const rate = { name: 'requests', quota: 2, windowSeconds: 1, resetSeconds: 1 };
    expect(await usages[0]!.takeRequest(key)).toEqual({ ...rate, left: 1 });
    expect(await usages[0]!.takeRequest(key)).toEqual({ ...rate, left: 0 });
    await expect(usages[0]!.takeRequest(key)).rejects.toMatchObject({ code: 'quota-exceeded', retryAfterSeconds: 1 });
    expect(await usages[0]!.takeRequest(keyWith({}))).toBeNull();
  });
});

describe('links a day', () => {
  it('are counted over all processes until midnight, and given back when a submission fails', async () => {
    const { usages } = fleet(2);
    const key = keyWith({ linksPerDay: 100 });
    await usages[0]!.enter(key, 60);
    const { rates, undo } = await usages[1]!.enter(key, 40);
    expect(rates).toMatchObject([{ name: 'links', quota: 100, windowSeconds: 86_400, left: 0 }]);
    await expect(usages[0]!.enter(key, 1)).rejects.toMatchObject({ code: 'quota-exceeded' });
    await undo();
    await usages[0]!.enter(key, 40);
    vi.setSystemTime(Math.ceil(Date.now() / 86_400_000) * 86_400_000);
    await usages[0]!.enter(key, 100);
  });
});

describe('waiting jobs', () => {
  it('are those of the open batches of the key', async () => {
    const { usages, queued } = fleet(2);
    const key = keyWith({ waitingJobs: 100 });
    const first = await usages[0]!.enter(key, 90);
    expect(first.ahead).toBe(0);
    queued.set('a', 90);
    await first.became('a' as BatchId);
    await expect(usages[1]!.enter(key, 11)).rejects.toMatchObject({ code: 'quota-exceeded', retryAfterSeconds: 60 });
    const second = await usages[1]!.enter(key, 10);
    expect(second.ahead).toBe(90);
    queued.set('b', 10).set('a', null);
    await second.became('b' as BatchId);
    expect(await usages[0]!.enter(key, 90)).toMatchObject({ ahead: 10, rates: [{ name: 'waiting', quota: 100, left: 90 }] });
  });
});
