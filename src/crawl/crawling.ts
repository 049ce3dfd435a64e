/** Makes and closes the parts of crawling together. The api role uses the state of the source, workers use all parts. */
import type { Config } from '../config/config.ts';
import type { Meters } from '../metrics/metrics.ts';
import type { Store } from '../storage/store.ts';
import { createCrawler, type Crawler } from './crawl.ts';
import { createPageFetcher } from './fetch/fetch-page.ts';
import { createLedger, type Ledger } from './ledger.ts';
import type { Log } from '../domain/log.ts';
import { createRateUse, measureCrawler, measureFetcher, measureLedger } from './measured.ts';
import { createRobots } from './robots.ts';
import { createSource, type ModeListener, type Source } from './source/source.ts';
import { pausedWhy, userAgent } from './fetch/user-agent.ts';

export interface Crawling {
  crawler: Crawler;
  source: Source;
  ledger: Ledger;
  /** The share of the rate that this process used in the last minute; `null` without a limit. */
  rateUsed(): number | null;
  close(): Promise<void>;
}

export interface CrawlingOptions {
  store: Pick<Store, 'documents' | 'signals' | 'tallies'>;
  config: Pick<
    Config,
    | 'goodreadsOrigin'
    | 'httpsProxy'
    | 'noProxy'
    | 'crawlRate'
    | 'crawlConcurrency'
    | 'crawlTimeoutMs'
    | 'crawlContact'
    | 'blockProbeMs'
    | 'quietHours'
  >;
  version: string;
  log: Log;
  /** As in `SourceOptions`. */
  onModeChange?: ModeListener;
  meters: Pick<Meters, 'fetchSeconds' | 'parseSeconds' | 'sourceRequests' | 'sourceBytes'>;
  now?: () => number;
  random?: () => number;
}

/** Makes the parts. Nothing is requested before the first crawl. Throws when `QUIET_HOURS` is not valid. */
export function createCrawling(options: CrawlingOptions): Crawling {
  const { store, config, version, log, meters, onModeChange, now = Date.now, random = Math.random } = options;
  const { documents, signals, tallies } = store;
  const origin = config.goodreadsOrigin;
  const agent = userAgent(version, config.crawlContact);
  const { crawlTimeoutMs: timeoutMs, crawlConcurrency: connections, httpsProxy, noProxy } = config;
  const fetcher = createPageFetcher({ origin, userAgent: agent, timeoutMs, connections, proxy: { httpsProxy, noProxy } });
  const rateUse = createRateUse();
  const ledger = measureLedger(createLedger({ tallies, log, now }), meters, rateUse.count);
  const robots = createRobots({
    documents,
    fetcher,
    ledger,
    origin,
    userAgent: agent,
    log,
    closed: () => source.current().closed !== null,
    now,
  });
  const source = createSource({
    documents,
    signals,
    settings: {
      origin,
      ratePerSecond: config.crawlRate,
      blockProbeMs: config.blockProbeMs,
      timeoutMs,
      quietHours: config.quietHours,
      paused: pausedWhy(config),
    },
    log,
    ...(onModeChange === undefined ? {} : { onModeChange }),
    ledger,
    robots,
    now,
    random,
  });
  const measured = measureFetcher(fetcher, meters);
  const crawler = measureCrawler(createCrawler({ fetcher: measured, source, robots, ledger, log, now }), meters);
  return {
    crawler,
    source,
    ledger,
    rateUsed: () => rateUse.share(source.current().rate),
    async close() {
      await source.close();
      await fetcher.close();
      await robots.close();
      await ledger.close();
    },
  };
}
