/**
 * What the view of a batch knows, kept up to date by the batch's event stream. Of a long batch only the items are read that are seen: the
 * stream says which of them have changed.
 */
import { addressIn, ask, session } from '../api.ts';
import { useEffect, useRef, useState } from '../preact.ts';
import type { Batch, Item } from '../types.ts';

/** Items that are read at once. */
const CHUNK = 50;
/** Reads of items, and redraws, are at least so far apart, in milliseconds. */
const PAUSE_MS = 300;
/** Items that are seen and not settled are read again after this: their jobs start and wait without an event. */
const REREAD_MS = 2500;
const RECONNECT_MS = 2000;

export interface BatchModel {
  batch: Batch | null;
  error: unknown;
  /** Whether events come. `null`: none are needed any more. */
  live: boolean | null;
  item(index: number): Item | undefined;
  /** Says which items are seen. */
  see(first: number, last: number): void;
  /** Reads the items again after an action. */
  refresh(): void;
  /** Books settled a minute, over the last seconds; `null` when nothing can be said. */
  perMinute: number | null;
}

interface ItemPage {
  items: Item[];
  cursor: string | null;
}

/** One batch, without the drawing of it. */
class Follower {
  batch: Batch | null = null;
  error: unknown = null;
  live: boolean | null = null;
  readonly items = new Map<number, Item>();
  readonly #stale = new Set<number>();
  readonly #settledAt: [atMs: number, settled: number][] = [];
  readonly #id: string;
  readonly #redraw: () => void;
  #seen: [number, number] = [0, 0];
  #reading = false;
  #timer = 0;
  #rereadTimer = 0;
  #drawTimer = 0;
  #reconnectTimer = 0;
  #laterTimer = 0;
  #events: EventSource | null = null;
  #over = false;

  constructor(id: string, redraw: () => void) {
    this.#id = id;
    this.#redraw = redraw;
  }

  async start(): Promise<void> {
    try {
      this.#take(await ask<Batch>(`/batches/${this.#id}`));
      this.error = null;
    } catch (error) {
      this.error = error;
      this.#drawSoon();
      if (session.get() === 'open' && !this.#over) this.#reconnectLater(this.batch === null ? 2 : 1);
      return;
    }
    this.#rereadTimer = setInterval(() => this.#reread(), REREAD_MS);
    if (this.batch?.state === 'running') this.#connect();
    this.#read();
  }

  close(): void {
    this.#over = true;
    this.#events?.close();
    for (const timer of [this.#timer, this.#drawTimer, this.#reconnectTimer, this.#laterTimer]) clearTimeout(timer);
    clearInterval(this.#rereadTimer);
  }

  see(first: number, last: number): void {
    this.#seen = [first, last];
    this.#read();
  }

  /** Reads again what is known, now and when the action has had time to show. */
  refresh(): void {
    for (const index of this.items.keys()) this.#stale.add(index);
    this.#read();
    clearTimeout(this.#laterTimer);
    this.#laterTimer = setTimeout(() => {
      for (const index of this.items.keys()) this.#stale.add(index);
      this.#read();
    }, REREAD_MS);
  }

  /** From the counts of the last half minute. */
  get perMinute(): number | null {
    const [first] = this.#settledAt;
    const last = this.#settledAt.at(-1);
    if (first === undefined || last === undefined || last[0] - first[0] < 2000 || last[1] === first[1]) return null;
    return Math.round(((last[1] - first[1]) / (last[0] - first[0])) * 60_000);
  }

  #take(batch: Batch): void {
    this.batch = batch;
    const nowMs = Date.now();
    const fetched = (batch.counts['parsed'] ?? 0) + (batch.counts['not-found'] ?? 0) + (batch.counts['failed'] ?? 0);
    this.#settledAt.push([nowMs, fetched]);
    while ((this.#settledAt[0]?.[0] ?? nowMs) < nowMs - 30_000) this.#settledAt.shift();
    this.#drawSoon();
  }

  #connect(): void {
    const events = new EventSource(addressIn(`/batches/${this.#id}/events`));
    this.#events = events;
    events.addEventListener('open', () => this.#setLive(true));
    events.addEventListener('batch', ({ data }: MessageEvent<string>) => {
      this.#take(JSON.parse(data) as Batch);
      if (this.batch?.state === 'running') return;
      events.close();
      this.#setLive(null);
      for (const index of this.items.keys()) this.#stale.add(index);
      this.#read();
    });
    events.addEventListener('item', ({ data }: MessageEvent<string>) => {
      const { index, state } = JSON.parse(data) as Item;
      const known = this.items.get(index);
      if (known === undefined || known.state === state) return;
      this.items.set(index, { ...known, state });
      this.#stale.add(index);
      this.#drawSoon();
      this.#readSoon();
    });
    events.addEventListener('error', () => {
      this.#setLive(false);
      // The browser would connect again only after some failures. Events that come twice change nothing.
      events.close();
      this.#reconnectLater(1);
    });
  }

  #reconnectLater(times: number): void {
    clearTimeout(this.#reconnectTimer);
    clearInterval(this.#rereadTimer);
    this.#reconnectTimer = setTimeout(() => void this.start(), RECONNECT_MS * times);
  }

  #setLive(live: boolean | null): void {
    this.live = live;
    this.#drawSoon();
  }

  #drawSoon(): void {
    this.#drawTimer ||= setTimeout(() => {
      this.#drawTimer = 0;
      this.#redraw();
    }, 50);
  }

  #reread(): void {
    if (document.hidden || this.batch?.state !== 'running') return;
    const [first, last] = this.#seen;
    for (let index = first; index < last; index += 1) {
      const state = this.items.get(index)?.state ?? '';
      if (['queued', 'active', 'delayed', 'blocked', 'expanding'].includes(state)) this.#stale.add(index);
    }
    this.#read();
  }

  #readSoon(): void {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.#read();
    }, PAUSE_MS);
  }

  /** Where the first chunk begins that is seen, and lacks an item or has one that changed; `null` when there is none. */
  #wanted(): number | null {
    const [first, last] = this.#seen;
    const end = Math.min(last, this.batch?.total ?? 0);
    for (let index = first; index < end; index += 1)
      if (!this.items.has(index) || this.#stale.has(index)) return Math.max(0, Math.min(index, this.#seen[0]));
    return null;
  }

  #read(): void {
    if (this.#reading || this.#over) return;
    const from = this.#wanted();
    if (from === null) return;
    this.#reading = true;
    void this.#readFrom(from).finally(() => {
      this.#reading = false;
      this.#readSoon();
    });
  }

  async #readFrom(from: number): Promise<void> {
    for (let index = from; index < from + CHUNK; index += 1) this.#stale.delete(index);
    try {
      const cursor = from === 0 ? '' : `&cursor=${from.toString(36)}`;
      const { items } = await ask<ItemPage>(`/batches/${this.#id}/items?books=true&limit=${CHUNK}${cursor}`);
      for (const item of items) this.items.set(item.index, item);
      this.#drawSoon();
    } catch {
      // The banner tells that the server is away; the next look reads again.
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    }
  }
}

export function useBatch(batchId: string): BatchModel {
  const [, redraw] = useState(0);
  const follower = useRef<Follower | null>(null);
  follower.current ??= new Follower(batchId, () => redraw((n) => n + 1));
  const { current } = follower;
  useEffect(() => {
    void current.start();
    return () => current.close();
  }, [current]);
  return {
    batch: current.batch,
    error: current.error,
    live: current.live,
    item: (index) => current.items.get(index),
    see: (first, last) => current.see(first, last),
    refresh: () => current.refresh(),
    perMinute: current.perMinute,
  };
}
