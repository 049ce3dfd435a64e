/**
 * Asks Goodreads a small question on behalf of a caller who waits. A worker makes the request, as a job of its own queue. The caller waits
 * for the answer for eight seconds at most. The job may go on after that: its answer is kept for the next caller.
 */
import { setMaxListeners } from 'node:events';
import type { Source } from '../../crawl/source/source.ts';
import type { SourceState } from '../../crawl/source/source-state.ts';
import { iso } from '../../domain/time/iso.ts';
import type { Store } from '../../storage/store.ts';
import { waitFor } from '../wait.ts';
import type { Answer, Answers } from './answers.ts';
import { idOfQuestion, type Question } from './question.ts';

/** How long a caller waits for an answer, in milliseconds. */
export const MOST_WAIT_MS = 8_000;
/** Look-ups that may wait in the queue. */
export const MOST_WAITING = 100;

/** What look-ups need from their queue: queue/ implements it on BullMQ. A call that fails rejects with `store-unavailable` within 2 s. */
export interface LookUpQueue {
  /** Queues a question. Does nothing while the same question waits or is asked. */
  add(question: Question): Promise<void>;
  countWaiting(): Promise<number>;
}

/** What came of a question. `reason` is a sentence for the caller. */
export type LookUpResult =
  /** `asked`: Goodreads was asked just now. `cached`: the answer was kept. */
  { state: 'asked' | 'cached'; answer: Exclude<Answer, { kind: 'failed' }> } | { state: 'unknown'; reason: string };

export interface LookUps {
  /**
   * Resolves within eight seconds, and at once when `closing` fires: then the process stops. Rejects with `store-unavailable`. Callers of
   * one process with the same question share one wait.
   */
  ask(question: Question, closing: AbortSignal): Promise<LookUpResult>;
  /** The kept answer to a question, `unknown` for a failure that is kept. `null` when nothing is kept. Nothing is asked. */
  kept(question: Question): Promise<LookUpResult | null>;
  /** How many questions were asked in this process so far, by kind and result, such as `find cached`. */
  counts(): ReadonlyMap<string, number>;
}

export interface LookUpsOptions {
  answers: Answers;
  signals: Store['signals'];
  queue: LookUpQueue;
  source: Pick<Source, 'current' | 'onChange'>;
  /** For tests. */
  timeoutMs?: number;
  now: () => number;
}

/** Makes the asking side. */
export function createLookUps({ answers, signals, queue, source, timeoutMs = MOST_WAIT_MS, now }: LookUpsOptions): LookUps {
  const waits = new Map<string, Promise<LookUpResult>>();
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  let heard: AbortSignal | null = null;
  const counts = new Map<string, number>();

  const kept = async (id: string, state: 'asked' | 'cached'): Promise<LookUpResult | null> => {
    const answer = await answers.read(id);
    if (answer === null) return null;
    return answer.kind === 'failed' ? { state: 'unknown', reason: answer.reason } : { state, answer };
  };

  /** The signal that ends all waits. They share it, because Node warns of a leak beyond ten listeners of one signal. */
  const stopWith = (closing: AbortSignal): AbortSignal => {
    if (closing.aborted) stop.abort();
    else if (heard !== closing) closing.addEventListener('abort', () => stop.abort(), { once: true });
    heard = closing;
    return stop.signal;
  };

  /** Waits until the answer is there, or until the source closes, which may last for hours. */
  const untilAnswered = async (id: string, closing: AbortSignal): Promise<LookUpResult> => {
    let result: LookUpResult | null = null;
    const done = async (): Promise<boolean> => {
      result = (await kept(id, 'asked')) ?? closedResult(source.current(), now());
      return result !== null;
    };
    const subscribe = (poke: () => void): (() => void) => {
      const ends = [signals.subscribe((s) => (s.kind === 'look-up' && s.id === id ? poke() : undefined)), source.onChange(poke)];
      return () => ends.forEach((end) => end());
    };
    await waitFor(done, { timeoutMs, signal: stopWith(closing), subscribe });
    return result ?? { state: 'unknown', reason: unanswered(closing.aborted) };
  };

  const look = async (question: Question, closing: AbortSignal): Promise<LookUpResult> => {
    const id = idOfQuestion(question);
    const known = (await kept(id, 'cached')) ?? closedResult(source.current(), now());
    if (known !== null) return known;
    if ((await queue.countWaiting()) >= MOST_WAITING)
      return { state: 'unknown', reason: `${MOST_WAITING} questions to Goodreads wait already: ask again in a minute.` };
    await queue.add(question);
    return untilAnswered(id, closing);
  };

  return {
    async ask(question, closing) {
      const id = idOfQuestion(question);
      const wait = waits.get(id) ?? look(question, closing).finally(() => waits.delete(id));
      waits.set(id, wait);
      const result = await wait;
      const name = `${question.kind} ${result.state}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      return result;
    },
    kept: (question) => kept(idOfQuestion(question), 'cached'),
    counts: () => counts,
  };
}

const unanswered = (closing: boolean): string =>
  closing
    ? 'This process stops: ask again.'
    : 'Goodreads was not asked in time, or did not answer: the question stays queued, so ask again soon.';

/** The result while the source may not be asked; `null` while it may. */
function closedResult({ closed, reason }: SourceState, nowMs: number): LookUpResult | null {
  if (closed === null || closed.untilMs <= nowMs) return null;
  if (closed.why === 'paused') return { state: 'unknown', reason: `Quire sends no request. ${reason ?? ''}` };
  const because = `(${(reason ?? 'no reason is known').replace(/\.$/, '')})`;
  const why = {
    blocked: `Goodreads turns Quire away ${because}`,
    unreachable: `Goodreads cannot be reached from here ${because}`,
    'quiet-hours': 'Quire does not ask Goodreads in the quiet hours (QUIET_HOURS)',
    'retry-after': 'Goodreads asked to be left alone',
    pace: 'Goodreads may not be asked yet',
  }[closed.why];
  return { state: 'unknown', reason: `${why}: not before ${iso(closed.untilMs)}.` };
}
