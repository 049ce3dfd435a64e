import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createIdempotencyKeys } from '../../../src/http/requests/idempotency.ts';
import { inThisRun } from '../../support/sizes.ts';
import { embeddedStore, postgresStore, type MadeStore } from '../../support/stores.ts';

// Redis expires by its own clock, which a test cannot turn.
describe.each(inThisRun([embeddedStore, postgresStore]))('an Idempotency-Key, on the $name store', (kind) => {
  let made: MadeStore;
  beforeAll(async () => {
    made = await kind.make();
  });
  afterAll(() => made.cleanup());
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  let tests = 0;
  /** A request with a key of this test's own. */
  const own = () => ({
    keys: createIdempotencyKeys(made.store.documents),
    asked: { key: `k${(tests += 1)}`, caller: 'c', request: 'r', waitMs: 0 },
  });
  const answer = { status: 202, location: '/batches/1', body: JSON.stringify({ text: 'é'.repeat(1000) }) };

  it('gives its answer again for a day', async () => {
    const { keys, asked } = own();
    const first = await keys.claim(asked);
    if (first.kind === 'first') await first.lease.keep(answer);
    expect(await keys.claim(asked)).toEqual({ kind: 'again', answer });
    vi.setSystemTime(Date.now() + 86_399_000);
    expect(await keys.claim(asked)).toEqual({ kind: 'again', answer });
    vi.setSystemTime(Date.now() + 2000);
    expect(await keys.claim(asked)).toMatchObject({ kind: 'first' });
  });

  it('belongs to the first request, but not for long when its process dies', async () => {
    const { keys, asked } = own();
    await keys.claim(asked);
    await expect(keys.claim(asked)).rejects.toMatchObject({ code: 'idempotency-conflict', retryAfterSeconds: 1 });
    await expect(keys.claim({ ...asked, request: 'other' })).rejects.toMatchObject({ code: 'idempotency-mismatch' });
    vi.setSystemTime(Date.now() + 20_000);
    expect(await keys.claim(asked)).toMatchObject({ kind: 'first' });
  });

  it('belongs to the first request as long as the wait that was granted', async () => {
    const { keys, asked } = own();
    await keys.claim({ ...asked, waitMs: 30_000 });
    vi.setSystemTime(Date.now() + 31_000);
    await expect(keys.claim(asked)).rejects.toMatchObject({ code: 'idempotency-conflict' });
  });

  it('belongs to its caller', async () => {
    const { keys, asked } = own();
    await keys.claim(asked);
    expect(await keys.claim({ ...asked, caller: 'another', request: 'other' })).toMatchObject({ kind: 'first' });
  });

  it('does not let a late answer overwrite that of the request that took over', async () => {
    const { keys, asked } = own();
    const late = await keys.claim(asked);
    vi.setSystemTime(Date.now() + 20_000);
    const second = await keys.claim(asked);
    if (second.kind === 'first') await second.lease.keep(answer);
    if (late.kind === 'first') {
      await late.lease.keep({ ...answer, status: 200 });
      await late.lease.release();
    }
    expect(await keys.claim(asked)).toEqual({ kind: 'again', answer });
  });

  it('is forgotten when too many came after it, but not while its request is handled', async () => {
    const alone = await kind.make();
    onTestFinished(() => alone.cleanup());
    const keys = createIdempotencyKeys(alone.store.documents, { most: 3, countEvery: 1 });
    const ask = (key: string) => keys.claim({ key, caller: 'trimmed', request: 'r', waitMs: 30_000 });
    const held = await ask('held');
    for (const key of ['first', 'second', 'third']) {
      vi.setSystemTime(Date.now() + 1000);
      const claimed = await ask(key);
      if (claimed.kind === 'first') await claimed.lease.keep(answer);
    }
    await expect(ask('held')).rejects.toMatchObject({ code: 'idempotency-conflict' });
    expect(await ask('third')).toEqual({ kind: 'again', answer });
    expect(await ask('first')).toMatchObject({ kind: 'first' });
    if (held.kind === 'first') await held.lease.keep(answer);
    expect(await ask('held')).toEqual({ kind: 'again', answer });
  });
});
