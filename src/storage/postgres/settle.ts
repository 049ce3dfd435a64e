/** Settling jobs in SQL, in steps. */
import { ITEM_STATES, type BatchId, type BatchOptions } from '../../domain/batch.ts';
import { storableText } from '../../domain/storable-text.ts';
import type { Settled, Settlement, StoreSettings } from '../store.ts';
import { copyParams } from './books.ts';
import { statement, type SqlClient, type SqlValue } from './sql-client.ts';

const SETTLE_SOME = statement(
  'jobs.settleStep',
  `SELECT ended, stored, live_run, unjudged, conditions, stopped
   FROM @.settle_step($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
);
const TRIM = statement('jobs.trim', 'SELECT @.trim_jobs($1, $2)');

/** What a step towards the end of a job did. */
interface StepRow {
  /** The job was live and is settled now. */
  ended: boolean;
  stored: 'stored' | 'older' | 'poorer' | null;
  /** The run that was live; `null` when none was, or another than was asked for. */
  live_run: string | null;
  /** Batches without a verdict, and their options: the step did nothing. */
  unjudged: BatchId[] | null;
  conditions: string[] | null;
  stopped: BatchId[] | null;
}

/** The answer to a settlement, and the run that its last step met. */
interface SettledRun extends Settled {
  liveRun: string | null;
}

function toJudge({ unjudged, conditions }: StepRow): Settled['toJudge'] {
  return (unjudged ?? []).flatMap((batchId, at) => {
    const { until } = JSON.parse(conditions?.[at] ?? '{}') as Partial<BatchOptions>;
    return until ? [{ batchId, until }] : [];
  });
}

const judgedAs = ({ judged }: Settlement, verdict: boolean): BatchId[] =>
  [...(judged ?? [])].flatMap(([batchId, isMatch]) => (isMatch === verdict ? [batchId] : []));

/** Settles a job in as many steps as it takes. The answer is that of the last step, with what became of the copy. */
export function createSettle(sql: SqlClient, settings: StoreSettings): (settlement: Settlement) => Promise<SettledRun> {
  // Trimming looks through all records that are kept, so it is done once for every tenth of them. A store may keep a tenth more for a
  // while.
  const trimEvery = Math.max(1, Math.floor(Math.min(settings.maxSettledJobs, settings.maxFailedJobs) / 10));
  let settledSinceTrim = 0;

  const settleSome = async (s: Settlement, run: string | null, isFirst: boolean): Promise<StepRow> => {
    const error = s.outcome === 'parsed' ? null : s.error;
    const book = s.outcome === 'parsed' ? s.book : null;
    const copy: SqlValue[] = book && isFirst ? copyParams(book) : [book?.bookId ?? null, null, null, null, null, null];
    const [row] = await sql.query<StepRow>(SETTLE_SOME, [
      s.jobId,
      run,
      s.nowMs,
      ITEM_STATES[s.outcome],
      s.attempts,
      error?.code ?? null,
      error ? storableText(error.detail) : null,
      ...copy,
      s.outcome === 'parsed' ? Math.round(s.keepUntilMs) : 0,
      isFirst && s.outcome === 'not-found' ? Math.round(s.notFoundUntilMs) : null,
      (isFirst && book?.entry) || null,
      judgedAs(s, true),
      judgedAs(s, false),
    ]);
    if (!row) throw new Error('settle_step returned no row');
    return row;
  };

  return async (s) => {
    const first = await settleSome(s, s.run, true);
    let last = first;
    const stopped = first.stopped ?? [];
    // The next steps are for the run that the first one met, and for no other.
    while (!last.ended && last.unjudged === null && last.live_run !== null) {
      last = await settleSome(s, last.live_run, false);
      stopped.push(...(last.stopped ?? []));
    }
    if (last.ended && ++settledSinceTrim >= trimEvery) {
      settledSinceTrim = 0;
      await sql.query(TRIM, [settings.maxSettledJobs, settings.maxFailedJobs]);
    }
    return { settled: last.ended, stored: first.stored, toJudge: toJudge(last), stopped, liveRun: last.live_run };
  };
}
