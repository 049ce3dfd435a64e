/** Gauges that are set when somebody looks: of the source and of the store's state, and those of the whole fleet. */
import type { CollectionQueue } from '../app/collections/collection-queue.ts';
import type { Jobs } from '../app/jobs/job-view.ts';
import type { LookUps } from '../app/look-ups/look-ups.ts';
import type { ParserWatch } from '../app/parser-watch.ts';
import type { Crawling } from '../crawl/crawling.ts';
import { SOURCE_STATES } from '../crawl/source/source-state.ts';
import type { Meters } from '../metrics/metrics.ts';
import type { ReadCache } from '../storage/read-cache.ts';
import type { Store } from '../storage/store.ts';

/** What every process shows: the source as it knows it. */
export function sourceFigures(meters: Meters, { source, rateUsed }: Pick<Crawling, 'source' | 'rateUsed'>): () => void {
  return () => {
    const { mode, rate } = source.current();
    for (const state of SOURCE_STATES) meters.sourceState.of(state).set(state === mode ? 1 : 0);
    meters.sourceRate.of().set(rate ?? Number.POSITIVE_INFINITY);
    const used = rateUsed();
    if (used === null) meters.rateUsed.clear();
    else meters.rateUsed.of().set(used);
  };
}

/** Whether the store answers, for a process that shows nothing else of it. */
export function storeFigure(meters: Meters, store: Pick<Store, 'ping'>): () => Promise<void> {
  return () =>
    store.ping().then(
      () => meters.storeUp.of().set(1),
      () => meters.storeUp.of().set(0),
    );
}

export interface FleetOptions {
  meters: Meters;
  store: Pick<Store, 'books'>;
  jobs: Pick<Jobs, 'backlog'>;
  collections: Pick<CollectionQueue, 'counts'>;
  watch: Pick<ParserWatch, 'health'>;
  ledger: Pick<Crawling['ledger'], 'requestsToday'>;
}

/** What an api process shows: the values of the whole fleet. While the store is away they have no value, and `quire_store_up` is 0. */
export function fleetFigures({ meters, store, jobs, collections, watch, ledger }: FleetOptions): () => Promise<void> {
  const ofStore = [
    meters.jobs,
    meters.waitingJobs,
    meters.oldestWaiting,
    meters.books,
    meters.collections,
    meters.listingPages,
    meters.listingUnrecognised,
    meters.pagesUnrecognised,
    meters.drifting,
    meters.requestsToday,
  ];
  return async () => {
    try {
      const [backlog, books, counts, health, requests] = await Promise.all([
        jobs.backlog(),
        store.books.count(),
        collections.counts(),
        watch.health(),
        ledger.requestsToday(),
      ]);
      const { waiting, blocked, active, delayed, byPriority, oldestSeconds } = backlog;
      for (const [state, n] of Object.entries({ waiting, blocked, active, delayed })) meters.jobs.of(state).set(n);
      for (const [priority, n] of Object.entries(byPriority)) meters.waitingJobs.of(priority).set(n);
      meters.oldestWaiting.of().set(oldestSeconds ?? 0);
      meters.books.of().set(books);
      for (const [state, n] of Object.entries(counts)) meters.collections.of(state).set(n);
      for (const { family, pages, unrecognised } of health.families) {
        meters.listingPages.of(family).set(pages.recent);
        meters.listingUnrecognised.of(family).set(unrecognised.recent ?? 0);
      }
      meters.pagesUnrecognised.of().set(health.unrecognised.recent ?? 0);
      meters.drifting.of().set(health.state === 'drifting' ? 1 : 0);
      meters.requestsToday.of().set(requests);
      meters.storeUp.of().set(1);
    } catch {
      for (const gauge of ofStore) gauge.clear();
      meters.storeUp.of().set(0);
    }
  };
}

/** Passes the counts of look-ups on. */
export function lookUpFigures({ lookUps }: Pick<Meters, 'lookUps'>, { counts }: Pick<LookUps, 'counts'>): () => void {
  const passed = new Map<string, number>();
  return () => {
    for (const [name, n] of counts()) {
      const [kind = '', result = ''] = name.split(' ');
      lookUps.of(kind, result).add(n - (passed.get(name) ?? 0));
      passed.set(name, n);
    }
  };
}

/** Shows the cache of books in memory. */
export function cacheFigures(meters: Meters, cache: Pick<ReadCache, 'figures'>): () => void {
  let passed = { hits: 0, misses: 0 };
  return () => {
    const { hits, misses, bytes, books } = cache.figures();
    meters.cacheReads.of('hit').add(hits - passed.hits);
    meters.cacheReads.of('miss').add(misses - passed.misses);
    passed = { hits, misses };
    meters.cacheBytes.of().set(bytes);
    meters.cacheBooks.of().set(books);
  };
}
