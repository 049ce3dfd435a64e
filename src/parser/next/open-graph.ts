/** The Open Graph layer: what both layouts tell social networks. The poorest layer, since its texts are cut and its links name other editions. */
import { cover, put, withoutSeries, type Findings } from '../findings.ts';
import { metaContent } from '../markup/page-bytes.ts';
import { line } from '../markup/text.ts';

/**
 * A title, unless it was cut, and a cover. Never an id: `og:url` names another edition on 8 % of pages. Never a description:
 * it is cut ("…") on 97 of 100 pages, and on those without one it praises Goodreads.
 */
export function readOpenGraph(page: Buffer): Findings {
  const findings: Findings = {};
  const title = line(metaContent(page, 'og:title'));
  put(findings, 'title', title === null || /(?:…|\.\.\.)$/.test(title) ? null : withoutSeries(title));
  put(findings, 'coverUrl', cover(metaContent(page, 'og:image')));
  return findings;
}
