/**
 * Moves everything that one store holds into another, both of stopped services. The source stays as it is.
 *
 * Two passes. The first copies, kind by kind, and notes how far it came, so that a run that was interrupted is continued by the next. The second looks
 * at every record of the source again, compares it with the target's, and writes what is missing or differs; so it does not matter what happened to
 * either store between two runs. Only what the second pass found counts as moved.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Store } from '../storage/store.ts';
import { TRANSFER_KINDS, type TransferKind } from '../storage/transfer.ts';
import { patiently } from './patience.ts';
import { createProgressNotes, type Noted } from './progress.ts';
import { createQueueMover, type QueuedPage, type QueueMover } from './queues.ts';
import { createBringers, namePages, type BringPage } from './records.ts';

/** The migration cannot begin, or not go on; the message says why and what to do. */
export class MigrationRefused extends Error {
  override readonly name = 'MigrationRefused';
}

/** What a step works on. */
export type Subject = TransferKind | 'waiting jobs' | 'webhook calls';

/** Told after each page. */
export interface MigrationProgress {
  step: 'copy' | 'enqueue' | 'check';
  subject: Subject;
  done: number;
  /** About how many there are; may turn out to be too few. */
  total: number;
}

export interface MovedCount {
  subject: Subject;
  /** In the source, by the time of the check. */
  inSource: number;
  /** Of them, those that the target holds as well. */
  inTarget: number;
}

export interface MigrationReport {
  resumed: boolean;
  counts: MovedCount[];
  /** Every count of the source is that of the target. */
  complete: boolean;
}

export interface MigrationOptions {
  /** They are started here, and stopped by whoever built them. */
  from: Store;
  to: Store;
  /** Allows a target that holds something already. */
  merge: boolean;
  /** Begins even when another process seems to use one of the stores. */
  force: boolean;
  /** Ends the migration after the page under way. */
  signal: AbortSignal;
  onProgress(progress: MigrationProgress): void;
  /** Told of connection errors that heal by themselves. */
  onError(error: Error): void;
}

/** A process that was just killed may still be connected for a moment. */
const QUIET_WITHIN_MS = 3_000;
const LOOK_AGAIN_MS = 100;
const STOP_FIRST = 'stop every api and worker of it first. When you know better, --force skips this check.';
const STARTED_MEANWHILE = 'it was started during the migration. Stop it, and run the same command again.';

/** How many others use a store, once those that are just leaving have left. */
async function othersOn(store: Store): Promise<number> {
  const deadlineMs = Date.now() + QUIET_WITHIN_MS;
  for (;;) {
    const others = await store.transfer.others();
    if (others === 0 || Date.now() > deadlineMs) return others;
    await wait(LOOK_AGAIN_MS);
  }
}

async function refuseUsed(role: 'source' | 'target', store: Store, advice: string): Promise<void> {
  const others = await othersOn(store);
  if (others > 0) {
    throw new MigrationRefused(
      `A Quire is running on the ${role} (${store.description}; ${others} other ${others === 1 ? 'connection' : 'connections'}): ${advice}`,
    );
  }
}

/** Checks that this may begin, and returns the notes to go on from. */
async function prepare(options: MigrationOptions): Promise<{ noted: Noted; resumed: boolean; totals: Record<TransferKind, number> }> {
  const { from, to, merge, force } = options;
  const same = new MigrationRefused(`Source and target are the same store (${from.description}).`);
  if (from.description === to.description) throw same;
  // The target is not touched, nor made, before it is known that there is something to move.
  await from.start();
  if (!force) await refuseUsed('source', from, STOP_FIRST);
  const totals = await from.transfer.totals();
  if (Object.values(totals).every((n) => n === 0)) {
    throw new MigrationRefused(`The source is empty (${from.description}): is it the right one? QUEUE_PREFIX names its prefix or schema.`);
  }
  await to.start();
  const notes = createProgressNotes(to);
  if (await notes.isSameStore(from)) throw same;
  if (!force) await refuseUsed('target', to, STOP_FIRST);

  const noted = await notes.read();
  if (noted && noted.endedAtMs === null && noted.from === from.description) return { noted, resumed: true, totals };
  if (!merge) {
    if (noted && noted.endedAtMs === null) {
      throw new MigrationRefused(
        `A migration into this target from ${noted.from} was interrupted: run that one again first, or give --merge to bring both together.`,
      );
    }
    if (noted?.endedAtMs && noted.from === from.description) {
      throw new MigrationRefused(
        `This migration was finished at ${new Date(noted.endedAtMs).toISOString()}. To bring over what the source got since, give --merge.`,
      );
    }
    const { books, batches, jobs } = await to.transfer.totals();
    if (books + batches + jobs > 0) {
      throw new MigrationRefused(
        `The target is not empty (${to.description}: ${books} books, ${batches} batches, ${jobs} jobs): name an empty one, or give --merge to keep what is newer of both.`,
      );
    }
  }
  return { noted: { from: from.description, startedAtMs: Date.now(), endedAtMs: null, steps: {} }, resumed: false, totals };
}

/** Runs a migration to its end. Throws {@link MigrationRefused} when it may not begin, the signal's reason when it is aborted. */
export async function migrate(options: MigrationOptions): Promise<MigrationReport> {
  const { from, to, force, signal, onProgress, onError } = options;
  const { noted, resumed, totals } = await prepare(options);
  const notes = createProgressNotes(to);
  const bringers = createBringers(from, to);
  const note = (step: string, entry: string | true): Promise<void> => {
    noted.steps[step] = entry;
    return patiently(signal, () => notes.write(noted));
  };
  await notes.write(noted);

  const copy = async (kind: TransferKind): Promise<void> => {
    const before = noted.steps[kind];
    if (before === true) return;
    let done = 0;
    for await (const { names, cursor } of namePages(from, kind, before ?? null, signal)) {
      signal.throwIfAborted();
      done += (await patiently(signal, () => bringers[kind](names, 'copy'))).seen;
      onProgress({ step: 'copy', subject: kind, done, total: totals[kind] });
      if (cursor !== null) await note(kind, cursor);
    }
    if (kind === 'jobs') await patiently(signal, () => to.transfer.orderSettled());
    await note(kind, true);
  };

  const enqueue = async (queues: QueueMover): Promise<void> => {
    const before = noted.steps['queue'];
    if (before === true) return;
    const total = await queues.waiting();
    let done = 0;
    for await (const { enqueued, cursor } of queues.inOrder(before ?? null)) {
      signal.throwIfAborted();
      done += enqueued;
      onProgress({ step: 'enqueue', subject: 'waiting jobs', done, total });
      await note('queue', cursor ?? true);
    }
  };

  const check = async (kind: TransferKind): Promise<MovedCount> => {
    const count: MovedCount = { subject: kind, inSource: 0, inTarget: 0 };
    let repaired = 0;
    for await (const { names } of namePages(from, kind, null, signal)) {
      signal.throwIfAborted();
      const { seen, missing, written } = await patiently(signal, () => checkPage(bringers[kind], names));
      count.inSource += seen;
      count.inTarget += seen - missing;
      repaired += written;
      onProgress({ step: 'check', subject: kind, done: count.inSource, total: totals[kind] });
    }
    if (kind === 'jobs' && repaired > 0) await patiently(signal, () => to.transfer.orderSettled());
    return count;
  };

  const checkQueue = async (subject: Subject, total: number, pages: AsyncGenerator<QueuedPage>): Promise<MovedCount> => {
    const count: MovedCount = { subject, inSource: 0, inTarget: 0 };
    for await (const { seen, missing } of pages) {
      signal.throwIfAborted();
      count.inSource += seen;
      count.inTarget += seen - missing;
      onProgress({ step: 'check', subject, done: count.inSource, total });
    }
    return count;
  };

  const queues = createQueueMover({ from, to, signal, onError });
  try {
    for (const kind of TRANSFER_KINDS) await copy(kind);
    await enqueue(queues);
    const counts: MovedCount[] = [];
    for (const kind of TRANSFER_KINDS) counts.push(await check(kind));
    counts.push(
      await checkQueue('waiting jobs', await queues.waiting(), queues.leftOver()),
      await checkQueue('webhook calls', 0, queues.deliveries()),
    );
    if (!force) {
      await refuseUsed('source', from, STARTED_MEANWHILE);
      await refuseUsed('target', to, STARTED_MEANWHILE);
    }
    const complete = counts.every(({ inSource, inTarget }) => inSource === inTarget);
    if (complete) await notes.write({ ...noted, endedAtMs: Date.now() });
    return { resumed, counts, complete };
  } finally {
    await queues.close();
  }
}

/** A page that was not whole is brought once more: what is written then is what the target cannot hold. */
async function checkPage(bring: BringPage, names: readonly string[]): Promise<{ seen: number; missing: number; written: number }> {
  const first = await bring(names, 'check');
  if (first.written === 0) return { seen: first.seen, missing: 0, written: 0 };
  const second = await bring(names, 'check');
  return { seen: second.seen, missing: second.written, written: first.written };
}
