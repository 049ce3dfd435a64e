/** What a person at a terminal sees when Quire is ready: where it is, and one command that works. */
import type { Config } from '../config/config.ts';
import { pausedWhy } from '../crawl/fetch/user-agent.ts';

export interface BannerFacts {
  version: string;
  /** `null` for a worker. */
  address: string | null;
  /** One line about the store. */
  store: string;
}

/** The lines of the banner, with a blank line before and after them. */
export function bannerOf(config: Config, { version, address, store }: BannerFacts): string {
  const rate = config.crawlRate === 0 ? 'without a rate limit' : `${config.crawlRate} pages a second`;
  const facts: [string, string][] = [['Store', store]];
  if (address !== null) facts.unshift(['Address', `${address}  (/docs explains the API, /dashboard shows the queue)`]);
  const source =
    pausedWhy(config) === null ? `${config.goodreadsOrigin}, ${rate}, ${config.crawlConcurrency} at once` : 'paused: set CRAWL_CONTACT';
  if (config.role !== 'api') facts.push(['Source', source]);
  if (address !== null) facts.push(['Try', tryIt(address, config.apiKeys.length > 0)]);
  const lines = facts.map(([name, value]) => `  ${name.padEnd(8)} ${value}`);
  return `\nQuire ${version}\n${lines.join('\n')}\n\n`;
}

/** A command that submits a book. A key stays out of it: the screen may be shared. */
const tryIt = (address: string, isKeyed: boolean): string =>
  `curl ${address}/parse-links -H 'content-type: text/plain'${isKeyed ? " -H 'authorization: Bearer YOUR-KEY'" : ''} -d https://www.goodreads.com/book/show/2767052`;
