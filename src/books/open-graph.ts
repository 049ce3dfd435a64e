/** The Open Graph layer: what both layouts tell social networks. The poorest layer, since its texts are cut and its links name other editions. */
import { withoutSeries } from './json-ld.ts';
import { cover, put, type Findings } from './findings.ts';
import { metaContent } from './page-bytes.ts';
import { line } from './text.ts';

/** A title, a cover, and the description where it was short enough not to be cut. Never an id: `og:url` names another edition on 8 % of pages. */
export function readOpenGraph(page: Buffer): Findings {
  const findings: Findings = {};
  const title = line(metaContent(page, 'og:title'));
  put(findings, 'title', title === null ? null : withoutSeries(title));
  put(findings, 'coverUrl', cover(metaContent(page, 'og:image')));
  const description = line(metaContent(page, 'og:description'));
  put(findings, 'description', description === null || /(?:…|\.\.\.)$/.test(description) ? null : description);
  return findings;
}
