import { describe, expect, it } from 'vitest';
import { sparing } from '../../../src/queue/backlog.ts';

/** A read that takes as long as it is told to, by a clock that only it moves. */
function createRead(leastMs = 0) {
  const state = { nowMs: 1_000, tookMs: 0, reads: 0, fails: false };
  const read = sparing(
    async () => {
      state.reads += 1;
      state.nowMs += state.tookMs;
      await Promise.resolve();
      if (state.fails) throw new Error('away');
      return state.reads;
    },
    { leastMs, clock: () => state.nowMs },
  );
  return { state, read };
}

describe('sparing', () => {
  it('reads each time while a read is quick', async () => {
    const { state, read } = createRead();
    state.tookMs = 5;
    expect([await read(), await read(), await read()]).toStrictEqual([1, 2, 3]);
  });

  it('uses a slow answer for ten times as long as it took', async () => {
    const { state, read } = createRead();
    state.tookMs = 100;
    expect(await read()).toBe(1);
    state.nowMs += 999;
    expect(await read()).toBe(1);
    state.nowMs += 1;
    expect(await read()).toBe(2);
  });

  it('shares one read among concurrent calls', async () => {
    const { state, read } = createRead();
    expect(await Promise.all([read(), read(), read()])).toStrictEqual([1, 1, 1]);
    expect(state.reads).toBe(1);
  });

  it('forgets a failure', async () => {
    const { state, read } = createRead();
    state.tookMs = 100;
    state.fails = true;
    await expect(read()).rejects.toThrow('away');
    state.fails = false;
    expect(await read()).toBe(2);
  });

  it('reads no more often than it may, also after a failure', async () => {
    const { state, read } = createRead(1_000);
    for (const fails of [false, true]) {
      const before = state.reads;
      state.fails = fails;
      for (let n = 0; n < 20; n++) {
        await read().catch(() => undefined);
        state.nowMs += 49;
      }
      expect(state.reads).toBe(before + 1);
      state.nowMs += 20;
    }
    state.fails = false;
    state.tookMs = 200;
    const slow = await read();
    state.nowMs += 1_999;
    expect(await read()).toBe(slow);
  });
});
