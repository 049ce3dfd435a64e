import { describe, expect, it } from 'vitest';
import type { QuireError } from '../../../src/errors.ts';
import { createBacklogLimit } from '../../../src/jobs/backlog-limit.ts';

/** A limit of 10 over a queue that only the test fills. */
function createScene(maxWaitingJobs = 10) {
  const scene = { waiting: 0, looks: 0, away: false };
  const check = createBacklogLimit({
    gauge: async () => {
      scene.looks += 1;
      if (scene.away) throw new Error('away');
      return scene.waiting;
    },
    maxWaitingJobs,
  });
  /** `taken`, or the refusal's code, once what the check has asked for is known. */
  const takes = async (): Promise<string> => {
    const once = (): string => {
      try {
        check();
        return 'taken';
      } catch (error) {
        const { code, retryAfterSeconds, message } = error as QuireError;
        return `${code}, ${retryAfterSeconds} s, ${message.split(',')[0]}`;
      }
    };
    once();
    await new Promise((resolve) => setImmediate(resolve));
    return once();
  };
  return { scene, takes };
}

describe('a full backlog', () => {
  it('is refused from the limit on, and taken again below it', async () => {
    const { scene, takes } = createScene();
    for (const [waiting, taken] of [
      [9, 'taken'],
      [10, 'rate-limited, 60 s, 10 jobs wait already'],
      [11, 'rate-limited, 60 s, 11 jobs wait already'],
      [9, 'taken'],
    ] as const) {
      scene.waiting = waiting;
      expect([waiting, await takes()]).toEqual([waiting, taken]);
    }
  });

  it('is not known of while the store is away, and there is none without a limit', async () => {
    const { scene, takes } = createScene();
    Object.assign(scene, { waiting: 99, away: true });
    expect(await takes()).toBe('taken');
    const free = createScene(0);
    free.scene.waiting = 1_000_000;
    expect([await free.takes(), free.scene.looks]).toEqual(['taken', 0]);
  });
});
