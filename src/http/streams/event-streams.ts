/** Open streams of batch events. All streams of a process share one subscription to the store's signals, and their timers. */
import type { ServerResponse } from 'node:http';
import type { BatchId } from '../../domain/batch.ts';
import { QuireError } from '../../errors.ts';
import type { Store } from '../../storage/store.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { createBatchChannel, type BatchChannel } from './batch-channel.ts';

/** A comment this often keeps proxies from taking the stream for dead. */
const HEARTBEAT_MS = 15_000;
/** Signals may be lost; this often every channel looks for itself. */
const LOOK_MS = 5000;
/** A reader who takes nothing for so long is dropped. After a reconnect with `Last-Event-ID` nothing is missing. */
const STUCK_MS = 30_000;
/** Between two `batch` events while items go by. */
const PROGRESS_MS = 1000;
/** Streams that are open at once in one process. */
const MAX_STREAMS = 1_000;

export interface EventStreams {
  /** Throws `overloaded` while no more streams are served. Ask right before `serve`, with nothing awaited in between. */
  checkRoom(): void;
  /** Serves a batch's events from `afterSeq` on. Resolves when the stream has ended, whoever ended it. */
  serve(raw: ServerResponse, batchId: BatchId, afterSeq: number): Promise<void>;
  /** Ends all streams. */
  close(): void;
}

export interface EventStreamsOptions {
  deps: Pick<HttpDependencies, 'store' | 'batches' | 'log'>;
  openStreams: { inc(): void; dec(): void };
  /** A reader who takes nothing for so long, in milliseconds, is dropped. Default {@link STUCK_MS}. */
  stuckMs?: number;
}

interface Stream {
  raw: ServerResponse;
  closed: boolean;
}

/** Resolves `true` when the reader has taken what was written, `false` when the reader is gone or took nothing for `stuckMs`. */
async function drained({ raw }: Stream, stuckMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (ok: boolean) => (): void => {
      clearTimeout(timer);
      raw.off('drain', onDrain).off('close', onClose);
      resolve(ok);
    };
    const onDrain = finish(true);
    const onClose = finish(false);
    const timer = setTimeout(finish(false), stuckMs);
    raw.on('drain', onDrain).on('close', onClose);
  });
}

/** Writes, and waits until the reader has taken it. A reader who takes nothing is dropped. */
async function write(stream: Stream, text: string, stuckMs: number): Promise<void> {
  if (stream.closed || stream.raw.write(text)) return;
  if (!(await drained(stream, stuckMs))) {
    stream.closed = true;
    stream.raw.destroy();
  }
}

/** Sends a reader what a channel has, from `afterSeq` on, until the batch has ended or the stream is closed. */
async function pump(stream: Stream, channel: BatchChannel, afterSeq: number, stuckMs: number): Promise<void> {
  const send = (text: string): Promise<void> => write(stream, text, stuckMs);
  let seq = afterSeq;
  let told = { seq, atMs: performance.now() };
  const isDue = (): boolean => performance.now() - told.atMs >= PROGRESS_MS;
  const tell = async (): Promise<void> => {
    told = { seq, atMs: performance.now() };
    await send(await channel.batchEvent(seq, false));
  };
  // Browsers reconnect after this; spread, so that they do not do it all at once.
  await send(`retry: ${1000 + Math.floor(Math.random() * 2000)}\n${await channel.batchEvent(seq, false)}`);
  for (let wasOver = false; !stream.closed;) {
    // Taken before looking, so that news that come while looking are not slept through.
    const changed = channel.changed();
    const chunk = await channel.next(seq);
    if (chunk) {
      seq = chunk.seq;
      await send(chunk.text);
      if (isDue()) await tell();
    } else if (wasOver) {
      return send(await channel.batchEvent(seq, true));
    } else {
      // After a burst of items the counts are told once more.
      if (seq !== told.seq && isDue()) await tell();
      wasOver = await channel.isOver();
      // Wakes at the latest with the next look of all channels, also when the reader has gone.
      if (!wasOver && !stream.closed) await changed;
    }
  }
}

/** The channels that somebody reads. Readers of one batch share a channel. */
function createChannels(open: (batchId: BatchId, afterSeq: number) => BatchChannel) {
  const channels = new Map<BatchId, { channel: BatchChannel; readers: number }>();
  return {
    join(batchId: BatchId, afterSeq: number): BatchChannel {
      const joined = channels.get(batchId) ?? { channel: open(batchId, afterSeq), readers: 0 };
      joined.readers += 1;
      channels.set(batchId, joined);
      return joined.channel;
    },
    leave(batchId: BatchId): void {
      const joined = channels.get(batchId);
      if (!joined) return;
      joined.readers -= 1;
      if (joined.readers > 0) return;
      joined.channel.close();
      channels.delete(batchId);
    },
    signal: (batchId: BatchId): void => channels.get(batchId)?.channel.signal(),
    signalAll(): void {
      for (const { channel } of channels.values()) channel.signal();
    },
  };
}

/** Listens for signals and keeps streams alive while anybody reads. The function returned ends it. */
function watch(store: Pick<Store, 'signals'>, channels: ReturnType<typeof createChannels>, streams: ReadonlySet<Stream>): () => void {
  const unsubscribe = store.signals.subscribe((signal) => {
    if (signal.kind === 'batch') channels.signal(signal.batchId);
  });
  const look = setInterval(channels.signalAll, LOOK_MS);
  const beat = setInterval(() => {
    for (const { raw } of streams) if (!raw.writableNeedDrain) raw.write(':\n\n');
  }, HEARTBEAT_MS);
  return () => {
    clearInterval(look);
    clearInterval(beat);
    unsubscribe();
  };
}

export function createEventStreams({ deps, openStreams, stuckMs = STUCK_MS }: EventStreamsOptions): EventStreams {
  const { store, batches, log } = deps;
  const channels = createChannels((batchId, afterSeq) => createBatchChannel(store.batches, batches, batchId, afterSeq));
  const streams = new Set<Stream>();
  let ending: (() => void) | null = null;
  let closed = false;

  return {
    checkRoom() {
      if (streams.size >= MAX_STREAMS)
        throw new QuireError('overloaded', `${MAX_STREAMS} event streams are open. GET /batches/{batchId} tells how the batch stands.`, {
          retryAfterSeconds: 5,
        });
    },
    async serve(raw, batchId, afterSeq) {
      const stream: Stream = { raw, closed: closed || raw.destroyed };
      raw.once('close', () => (stream.closed = true));
      raw.on('error', () => (stream.closed = true));
      ending ??= watch(store, channels, streams);
      streams.add(stream);
      openStreams.inc();
      const channel = channels.join(batchId, afterSeq);
      try {
        await pump(stream, channel, afterSeq, stuckMs);
      } catch (error) {
        // The headers are sent, so the stream can only end: the reader comes back and continues after the last event.
        log.warn({ err: error, batchId }, 'a stream of events was cut off');
      } finally {
        channels.leave(batchId);
        streams.delete(stream);
        openStreams.dec();
        if (streams.size === 0) {
          ending?.();
          ending = null;
        }
        raw.end();
      }
    },
    close() {
      closed = true;
      for (const stream of streams) {
        stream.closed = true;
        stream.raw.end();
      }
      channels.signalAll();
    },
  };
}
