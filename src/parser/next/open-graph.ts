/**
 * The Open Graph layer: what both layouts send to social networks. It is the poorest layer: its texts are cut, and its links name other
 * editions.
 */
import { cover, put, withoutSeries, type Findings } from '../findings.ts';
import { metaContent } from '../markup/page-bytes.ts';
import { line } from '../markup/text.ts';

/**
 * Reads a title, unless it was cut, and a cover. It reads no id, because `og:url` names another edition on 8 % of pages. It reads no
 * description, because that is cut ("…") on 97 of 100 pages; without one, the page advertises Goodreads there.
 */
export function readOpenGraph(page: Buffer): Findings {
  const findings: Findings = {};
  const title = line(metaContent(page, 'og:title'));
  put(findings, 'title', title === null || /(?:…|\.\.\.)$/.test(title) ? null : withoutSeries(title));
  put(findings, 'coverUrl', cover(metaContent(page, 'og:image')));
  return findings;
}
