import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../src/app/wait.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const waiting = (signal: AbortSignal, looks: () => void) =>
  waitFor(
    () => {
      looks();
      return Promise.resolve(false);
    },
    { timeoutMs: 500, signal, subscribe: () => () => undefined },
  );

describe('a wait', () => {
  it('ends at its deadline, even after a garbage collection', async () => {
    const { signal } = new AbortController();
    let looks = 0;
    const ended = waiting(signal, () => {
      looks += 1;
      collect();
      // Without a deadline it would go on looking for ever.
      if (looks > 10) throw new Error('the deadline is over');
    });
    expect(await ended).toBe(false);
    expect(looks).toBeGreaterThan(0);
  });

  it('ends at once when its signal fires', async () => {
    const controller = new AbortController();
    let looks = 0;
    const ended = waiting(controller.signal, () => (looks += 1));
    controller.abort();
    expect(await ended).toBe(false);
    expect(looks).toBeLessThanOrEqual(2);
  });
});
