import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FetchFault, type FetchFaultKind } from '../../src/crawl/fetch/fetch-fault.ts';
import { createPageFetcher, type PageFetcher, type PageFetcherOptions } from '../../src/crawl/fetch/fetch-page.ts';

/** Makes fetchers and servers for tests of the fetcher, and stops them all. */
export interface FetchingBench {
  fetcher(origin: string, more?: Partial<PageFetcherOptions>): PageFetcher;
  serve(listener: RequestListener): Promise<{ origin: string; server: Server }>;
  stopAll(): Promise<void>;
}

/** A bench without anything on it. Call `stopAll` after each test. */
export function createFetchingBench(): FetchingBench {
  const stops: (() => Promise<unknown>)[] = [];
  return {
    fetcher(origin, more = {}) {
      const made = createPageFetcher({ origin, userAgent: 'Quire/test (+https://example.org)', timeoutMs: 5000, connections: 4, ...more });
      stops.push(async () => made.close());
      return made;
    },
    async serve(listener) {
      const server = createServer(listener).listen(0, '127.0.0.1');
      await once(server, 'listening');
      stops.push(async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      });
      return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
    },
    async stopAll() {
      for (const stop of stops.splice(0)) await stop();
    },
  };
}

/** The kind of fault that a fetch ends with. Throws when it ends otherwise. */
export async function faultKind(page: Promise<unknown>): Promise<FetchFaultKind> {
  try {
    await page;
  } catch (error) {
    if (error instanceof FetchFault && error.code === 'crawl-failed') return error.kind;
    throw error;
  }
  throw new Error('the fetch succeeded');
}
