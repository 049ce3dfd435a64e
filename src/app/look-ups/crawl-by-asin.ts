/**
 * The book of an ASIN. One question to Goodreads' search box proposes a book, and the page of that book decides: it counts only when it names
 * the ASIN. Nothing else is tried.
 */
import type { CrawlResult, Crawler } from '../../crawl/crawl.ts';
import { bookReference, crawlPath, type Asin } from '../../domain/identity.ts';
import type { Suggestion } from '../../parser/listing/listing.ts';
import { readPage, type PageReading } from '../../parser/read-page.ts';
import type { Answers } from './answers.ts';
import { askForSuggestions } from './ask-goodreads.ts';
import { findQuestion, idOfQuestion } from './question.ts';

export interface CrawlByAsinDeps {
  crawler: Crawler;
  answers: Answers;
}

export interface AsinTask {
  asin: Asin;
  /** Asks again, also when an answer is kept. */
  anew: boolean;
  signal: AbortSignal;
}

/** The reading of a page (of the question when it gave no suggestions), or why no book has the ASIN: a sentence. */
export type AsinResult = CrawlResult<PageReading> | { notNamed: string };

/** Asks and crawls: two requests at most. Rejects as {@link Crawler.crawl} does. */
export async function crawlByAsin({ crawler, answers }: CrawlByAsinDeps, { asin, anew, signal }: AsinTask): Promise<AsinResult> {
  const question = findQuestion(asin);
  const id = idOfQuestion(question);
  const kept = anew ? null : await answers.read(id);
  let rows: Suggestion[];
  if (kept?.kind === 'suggestions') rows = kept.rows;
  else {
    const { reading, ...rest } = await askForSuggestions(crawler, question, signal);
    if (reading.kind !== 'suggestions') return { ...rest, reading };
    rows = reading.rows;
    await answers.keep(id, { kind: 'suggestions', askedAtMs: rest.askedAtMs, rows });
  }
  const [first] = rows;
  if (first === undefined) return { notNamed: `Goodreads' search box proposes no book for the ASIN ${asin}.` };
  const reference = bookReference(first.bookId);
  const result = await crawler.crawl(
    { path: crawlPath(reference), classify: (answer): PageReading => readPage(answer, reference) },
    { signal },
  );
  if (result.reading.kind !== 'book' || result.reading.book.asin === asin) return result;
  return { notNamed: `Goodreads' search box proposes book ${first.bookId} for the ASIN ${asin}, and its page does not name that ASIN.` };
}
