/** The answer to a submission that is only tried. */
import type { DryRunAnswer } from '../../app/dry-run/dry-run.ts';
import type { HttpDependencies } from '../dependencies.ts';
import type { ReadSubmission } from '../requests/submission.ts';
import { MAX_ROWS_TOLD } from '../schemas/batch.ts';

export interface DryRunDependencies extends Pick<HttpDependencies, 'dryRun'> {
  /** Fires when the app closes. */
  closing: AbortSignal;
}

/** Tries a submission. Of a long CSV file only the entries are told that need a person's eye. */
export async function answerDryRun(
  { dryRun, closing }: DryRunDependencies,
  { request: { links, maxAgeMs, collections: limits }, digest }: ReadSubmission,
  mode: 'ask' | 'offline',
): Promise<DryRunAnswer> {
  const { entries, totals } = await dryRun({ links, maxAgeMs, mode, ...(limits ? { limits } : {}) }, closing);
  const isLong = digest !== null && links.length > MAX_ROWS_TOLD;
  return { entries: isLong ? entries.filter(({ kind }) => kind === null || kind === 'collection') : entries, totals };
}
