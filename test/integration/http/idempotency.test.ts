import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { claim } from '../../../src/http/idempotency.ts';
import { embeddedStore, postgresStore, type MadeStore } from '../../support/stores.ts';

// Redis expires by its own clock, which a test cannot turn.
describe.each([embeddedStore, postgresStore])('an Idempotency-Key, on the $name store', (kind) => {
  let made: MadeStore;
  beforeAll(async () => {
    made = await kind.make();
  });
  afterAll(() => made.cleanup());
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  let tests = 0;
  /** A request with a key of this test's own. */
  const own = () => ({ store: made.store.documents, asked: { key: `k${(tests += 1)}`, caller: 'c', request: 'r', waitMs: 0 } });
  const answer = { status: 202, location: '/batches/1', body: JSON.stringify({ text: 'é'.repeat(1000) }) };

  it('gives its answer again for a day', async () => {
    const { store, asked } = own();
    const first = await claim(store, asked);
    if (first.kind === 'first') await first.lease.keep(answer);
    expect(await claim(store, asked)).toEqual({ kind: 'again', answer });
    vi.setSystemTime(Date.now() + 86_399_000);
    expect(await claim(store, asked)).toEqual({ kind: 'again', answer });
    vi.setSystemTime(Date.now() + 2000);
    expect(await claim(store, asked)).toMatchObject({ kind: 'first' });
  });

  it('is held by the first request, but not for long when its process dies', async () => {
    const { store, asked } = own();
    await claim(store, asked);
    await expect(claim(store, asked)).rejects.toMatchObject({ code: 'idempotency-conflict', retryAfterSeconds: 1 });
    await expect(claim(store, { ...asked, request: 'other' })).rejects.toMatchObject({ code: 'idempotency-mismatch' });
    vi.setSystemTime(Date.now() + 20_000);
    expect(await claim(store, asked)).toMatchObject({ kind: 'first' });
  });

  it('is held as long as the wait that was granted', async () => {
    const { store, asked } = own();
    await claim(store, { ...asked, waitMs: 30_000 });
    vi.setSystemTime(Date.now() + 31_000);
    await expect(claim(store, asked)).rejects.toMatchObject({ code: 'idempotency-conflict' });
  });

  it('belongs to its caller', async () => {
    const { store, asked } = own();
    await claim(store, asked);
    expect(await claim(store, { ...asked, caller: 'another', request: 'other' })).toMatchObject({ kind: 'first' });
  });

  it('does not let a late answer overwrite that of who took over', async () => {
    const { store, asked } = own();
    const late = await claim(store, asked);
    vi.setSystemTime(Date.now() + 20_000);
    const second = await claim(store, asked);
    if (second.kind === 'first') await second.lease.keep(answer);
    if (late.kind === 'first') {
      await late.lease.keep({ ...answer, status: 200 });
      await late.lease.release();
    }
    expect(await claim(store, asked)).toEqual({ kind: 'again', answer });
  });
});
