/** The parts of crawling that record what they do: requests and their times, and the times of reading pages. */
import type { Meters } from '../metrics/metrics.ts';
import type { Crawler } from './crawl.ts';
import type { PageFetcher } from './fetch/fetch-page.ts';
import type { Ledger } from './ledger.ts';

const seconds = (startedMs: number): number => (performance.now() - startedMs) / 1000;

/** Times each fetch that sent a request. Waits for the gate between two hops do not count. */
export function measureFetcher(fetcher: PageFetcher, { fetchSeconds }: Pick<Meters, 'fetchSeconds'>): PageFetcher {
  return {
    ...fetcher,
    async fetch(path, options = {}) {
      const { beforeHop, onSent } = options;
      let startedMs = performance.now();
      let sent = false;
      try {
        return await fetcher.fetch(path, {
          ...options,
          onSent() {
            sent = true;
            onSent?.();
          },
          ...(beforeHop && {
            async beforeHop(next: string) {
              const pausedMs = performance.now();
              await beforeHop(next);
              startedMs += performance.now() - pausedMs;
            },
          }),
        });
      } finally {
        if (sent) fetchSeconds.of().observe(seconds(startedMs));
      }
    },
  };
}

/** Times the reading of each page. */
export function measureCrawler({ crawl }: Crawler, { parseSeconds }: Pick<Meters, 'parseSeconds'>): Crawler {
  return {
    crawl: (request, options) =>
      crawl(
        {
          ...request,
          classify(answer) {
            const startedMs = performance.now();
            const reading = request.classify(answer);
            parseSeconds.of().observe(seconds(startedMs));
            return reading;
          },
        },
        options,
      ),
  };
}

/** Counts what the ledger records, and passes it on. */
export function measureLedger(ledger: Ledger, meters: Pick<Meters, 'sourceRequests' | 'sourceBytes'>, onSent: (n: number) => void): Ledger {
  return {
    ...ledger,
    record(entry) {
      const { outcome, requests, bytes } = entry;
      // A request that never left is none to Goodreads, and here the sign that it cannot be reached.
      meters.sourceRequests.of(outcome).add(outcome === 'unreachable' ? Math.max(requests, 1) : requests);
      meters.sourceBytes.of().add(bytes);
      onSent(requests);
      ledger.record(entry);
    },
  };
}

const MINUTE = 60;

/** Requests of the last minute, by the second. `rate` is what the source may be asked a second; `null` is unlimited. */
export function createRateUse(clock: () => number = () => performance.now()) {
  const counts = new Float64Array(MINUTE);
  let lastSecond = 0;
  const forward = (): number => {
    const second = Math.floor(clock() / 1000);
    for (let at = Math.max(lastSecond + 1, second - MINUTE + 1); at <= second; at++) counts[at % MINUTE] = 0;
    lastSecond = Math.max(lastSecond, second);
    return second % MINUTE;
  };
  return {
    count(requests: number): void {
      const at = forward();
      counts[at] = (counts[at] ?? 0) + requests;
    },
    /** The share of the rate that was used, 0 to about 1; `null` where there is no limit to use up. */
    share(rate: number | null): number | null {
      forward();
      if (rate === null || rate <= 0) return null;
      return counts.reduce((sum, n) => sum + n, 0) / (MINUTE * rate);
    },
  };
}
