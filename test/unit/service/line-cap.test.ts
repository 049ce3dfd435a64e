import { pino, type Logger } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLineCap } from '../../../src/service/line-cap.ts';

const SECOND = 1_000;

describe('lines that repeat', () => {
  let nowMs: number;
  let lines: Record<string, unknown>[];
  let log: Logger;
  beforeEach(() => {
    nowMs = 0;
    lines = [];
    const write = (text: string): void => void lines.push(JSON.parse(text) as Record<string, unknown>);
    log = pino({ level: 'trace', base: null, timestamp: false, hooks: { logMethod: createLineCap(() => nowMs) } }, { write });
  });

  /** A warning each second. */
  function warnFor(seconds: number, msg = 'the store does not answer'): void {
    for (let second = 0; second < seconds; second++, nowMs += SECOND) log.warn({ reqId: `r${second}` }, msg);
  }

  it('are held back for a minute, then for two, and the next line says how many were', () => {
    warnFor(10 * 60);
    expect(lines.map(({ heldBack, seconds }) => ({ heldBack, seconds }))).toEqual([
      { heldBack: undefined, seconds: undefined },
      { heldBack: 59, seconds: 60 },
      { heldBack: 119, seconds: 180 },
      { heldBack: 239, seconds: 420 },
    ]);
  });

  it('come at least once an hour, however long they go on', () => {
    warnFor(24 * 3_600);
    const times = lines.slice(1).map(({ seconds }) => seconds as number);
    expect(Math.max(...times.map((time, at) => time - (times[at - 1] ?? 0)))).toBe(3_600);
  });

  it('start anew when they were not to be heard for a minute', () => {
    warnFor(30);
    nowMs += 61 * SECOND;
    warnFor(1);
    expect(lines).toHaveLength(2);
    expect(lines[1]).not.toHaveProperty('heldBack');
  });

  it('are told apart by their sentence, and nothing else is held back', () => {
    for (let n = 0; n < 5; n++) {
      log.warn({}, 'one');
      log.error({}, 'two');
      log.info({}, 'three');
      log.warn({ jobId: `book-${n}` }, 'a job failed');
    }
    const count = (msg: string): number => lines.filter((line) => line['msg'] === msg).length;
    expect([count('one'), count('two'), count('three'), count('a job failed')]).toEqual([1, 1, 5, 5]);
  });

  it('take no memory without end when their sentences differ', () => {
    for (let n = 0; n < 2_000; n++) log.warn({}, `sentence ${n}`);
    expect(lines).toHaveLength(2_000);
  });
});
