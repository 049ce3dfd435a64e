/** Puts the layers of a page together: for each field the best layer that carries it, and a note of which one that was. */
import type { Contributor, Layer, Layout, ParsedBook } from '../domain/book.ts';
import type { Field, Findings } from './findings.ts';

/** A layer and what it found, best first. */
export type LayerFindings = readonly [layer: Layer, findings: Findings];

/**
 * The layers that come first for a field in spite of the general order. Measured on the corpus: the heading equals the
 * data's title on every page, while JSON-LD and Open Graph add the series (and other brackets) on 39 % of them.
 */
const PREFERRED: Partial<Record<Field, Layer[]>> = { title: ['next-data', 'legacy', 'test-id'] };

/** `og:image` of the old layout is a cut-out of the cover for social networks (another address on all 85 pages), or Goodreads' own logo. */
const NEVER: Partial<Record<Layout, Partial<Record<Field, Layer>>>> = { legacy: { coverUrl: 'open-graph' } };

/**
 * One book out of the layers' findings. `null` when no layer carries a title or none carries an author: that is no book.
 * Fields that no layer carries are `null` or `[]`, and are not named in `sources`.
 */
export function mergeLayers(id: string, layout: Layout, layers: readonly LayerFindings[]): ParsedBook | null {
  const sources: Record<string, Layer> = {};
  const pick = <Name extends Field>(name: Name): Findings[Name] | undefined => {
    const preferred = PREFERRED[name] ?? [];
    const ordered = preferred.length === 0 ? layers : [...layers].sort((a, b) => rank(preferred, a[0]) - rank(preferred, b[0]));
    for (const [layer, findings] of ordered) {
      if (findings[name] === undefined || NEVER[layout]?.[name] === layer) continue;
      sources[name] = layer;
      return findings[name];
    }
    return undefined;
  };
  const title = pick('title');
  const authors = withRoles(pick('authors'), layers);
  const author = authors?.[0]?.name;
  if (title === undefined || authors === undefined || author === undefined) return null;
  const book: Omit<ParsedBook, 'sources'> = {
    title,
    author,
    rating: pick('rating') ?? null,
    description: pick('description') ?? null,
    id,
    url: pick('url') ?? `https://www.goodreads.com/book/show/${id}`,
    workId: pick('workId') ?? null,
    originalTitle: pick('originalTitle') ?? null,
    authors,
    series: pick('series') ?? [],
    ratingsCount: pick('ratingsCount') ?? null,
    reviewsCount: pick('reviewsCount') ?? null,
    ratingsDistribution: pick('ratingsDistribution') ?? [],
    format: pick('format') ?? null,
    pages: pick('pages') ?? null,
    publisher: pick('publisher') ?? null,
    publishedDate: pick('publishedDate') ?? null,
    originalPublishedYear: pick('originalPublishedYear') ?? null,
    language: pick('language') ?? null,
    isbn10: pick('isbn10') ?? null,
    isbn13: pick('isbn13') ?? null,
    asin: pick('asin') ?? null,
    genres: pick('genres') ?? [],
    coverUrl: pick('coverUrl') ?? null,
    awards: pick('awards') ?? [],
    layout,
  };
  if (sources['authors'] !== undefined) sources['author'] = sources['authors'];
  return { ...book, sources };
}

function rank(preferred: Layer[], layer: Layer): number {
  const at = preferred.indexOf(layer);
  return at < 0 ? preferred.length : at;
}

/** JSON-LD names all contributors and no roles; the rendered page shows the roles of the first few. Together they say most. */
function withRoles(authors: Contributor[] | undefined, layers: readonly LayerFindings[]): Contributor[] | undefined {
  const shown = layers.find(([layer]) => layer === 'test-id')?.[1].authors;
  if (authors === undefined || shown === undefined || shown === authors) return authors;
  return authors.map((author) => {
    if (author.role !== null) return author;
    const same = shown.find((one) => one.name === author.name && one.url === author.url);
    return same === undefined ? author : { ...author, role: same.role };
  });
}
