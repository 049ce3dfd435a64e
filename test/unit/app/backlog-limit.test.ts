import { describe, expect, it } from 'vitest';
import type { QuireError } from '../../../src/errors.ts';
import { createBacklogLimit } from '../../../src/app/backlog-limit.ts';

/** A limit over a queue that only the test fills, and a clock that only the test moves. */
function createScene(maxWaitingJobs = 10) {
  const scene = { waiting: 0, counts: 0, nowMs: 0, away: false };
  const enter = createBacklogLimit({
    queue: {
      async countWaiting() {
        scene.counts += 1;
        const { waiting } = scene;
        await Promise.resolve();
        if (scene.away) throw new Error('away');
        return waiting;
      },
    },
    maxWaitingJobs,
    clock: () => scene.nowMs,
  });
  /** `taken`, or the refusal's code and words. A request that is taken puts its jobs into the queue. */
  const submit = async (jobs: number, queued = jobs): Promise<string> => {
    try {
      const leave = await enter(jobs);
      await Promise.resolve();
      scene.waiting += queued;
      leave(queued);
      return 'taken';
    } catch (error) {
      const { code, retryAfterSeconds, message } = error as QuireError;
      return `${code}, ${retryAfterSeconds} s, ${message.split(' (')[0]}`;
    }
  };
  return { scene, enter, submit };
}

const FULL = (waiting: number, jobs: number): string =>
  `rate-limited, 60 s, ${waiting} jobs wait, this request may bring ${jobs} more, and no more than 10 are taken`;

describe('the limit of waiting jobs', () => {
  it('accepts only jobs that fit beside the waiting ones', async () => {
    const { scene, submit } = createScene();
    scene.waiting = 7;
    expect(await submit(4)).toBe(FULL(7, 4));
    expect(await submit(3)).toBe('taken');
    expect(await submit(1)).toBe(FULL(10, 1));
  });

  it('counts again for the first request after a pause', async () => {
    const { scene, submit } = createScene();
    expect(await submit(10)).toBe('taken');
    expect(await submit(1)).toBe(FULL(10, 1));
    scene.nowMs += 60_000;
    scene.waiting = 0;
    expect(await submit(10)).toBe('taken');
  });

  it('never refuses a request by an older count', async () => {
    const { scene, submit } = createScene();
    expect(await submit(10)).toBe('taken');
    scene.nowMs += 5;
    scene.waiting = 0;
    expect(await submit(10)).toBe('taken');
  });

  it('accepts parallel requests only as far as they fit together', async () => {
    const { scene, submit } = createScene();
    const answers = await Promise.all(Array.from({ length: 6 }, () => submit(4)));
    expect(answers.filter((answer) => answer === 'taken')).toHaveLength(2);
    expect(scene.waiting).toBe(8);
  });

  it('counts the jobs that a request really queued', async () => {
    const { submit } = createScene();
    expect(await submit(10, 1)).toBe('taken');
    expect(await submit(9)).toBe('taken');
  });

  it('counts once a second while everything fits', async () => {
    const { scene, submit } = createScene(1_000);
    for (let at = 0; at < 100; at++) {
      scene.nowMs += 49;
      await submit(1);
    }
    expect(scene.counts).toBe(5);
  });

  it('says that a list longer than the limit must be split', async () => {
    const { scene, submit } = createScene();
    expect(await submit(11)).toMatch(/^body-too-large, .*The list names 11 books, and no more than 10 jobs may wait/);
    expect(scene.counts).toBe(0);
  });

  it('rejects when the queue cannot be counted, and counts again at the next request', async () => {
    const { scene, enter, submit } = createScene();
    scene.away = true;
    await expect(enter(1)).rejects.toThrow('away');
    scene.away = false;
    expect(await submit(10)).toBe('taken');
  });

  it('counts nothing without a limit', async () => {
    const { scene, submit } = createScene(0);
    scene.waiting = 1_000_000;
    expect([await submit(5_000), scene.counts]).toEqual(['taken', 0]);
  });
});
