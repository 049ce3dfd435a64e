/** Reading and writing whole records in SQL, for migrations. Lists travel as one JSON argument. */
import { ITEM_STATES, PRIORITIES, stateOfCode } from '../../domain/batch.ts';
import type { BookId, JobId } from '../../domain/identity.ts';
import type { JobOutcome } from '../../domain/job.ts';
import { storableText } from '../../domain/storable-text.ts';
import type { StoreSettings } from '../store.ts';
import {
  MIGRATION_DOCUMENT,
  oldestTallyHour,
  parseTallyName,
  tallyName,
  type KindTransfer,
  type KnownRecord,
  type Transfer,
  type TransferKind,
} from '../transfer.ts';
import { recordOf } from './batches.ts';
import type { SqlClient, SqlValue } from './sql-client.ts';
import * as text from './transfer-statements.ts';

const codeOf = (state: string): string => (state === 'live' ? 'l' : ITEM_STATES[state as JobOutcome]);

/** JSON without the characters that PostgreSQL refuses in it. */
const toJson = (rows: readonly object[]): string =>
  JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'string' ? storableText(value) : value));

/** `settings` tell when a finished batch is past its time, and under which name this store's connections are known. */
export function createTransfer(sql: SqlClient, settings: StoreSettings): Transfer {
  /** A kind whose name is one column. `alive` are the arguments that tell which names are not past their time. */
  const byName = <Moved>(
    kind: Exclude<TransferKind, 'tallies'>,
    alive: (nowMs: number) => SqlValue[],
    read: (names: readonly string[], nowMs: number) => Promise<(readonly [string, Moved])[]>,
    line: (record: Moved) => object,
  ): KindTransfer<Moved> => ({
    async names(cursor, limit, nowMs) {
      const rows = await sql.query<{ name: string }>(text.NAMES[kind], [cursor ?? '', limit, ...alive(nowMs)]);
      return { names: rows.map((row) => row.name), cursor: rows.length < limit ? null : (rows.at(-1)?.name ?? null) };
    },
    read: async (names, nowMs) => new Map(await read(names, nowMs)),
    async write(records) {
      if (records.length > 0) await sql.query(text.WRITE[kind], [toJson(records.map(line))]);
    },
  });

  /** Batches that finished before are past their time. */
  const batchesSince = (nowMs: number): SqlValue[] => [nowMs - settings.batchTtlMs];

  return {
    kinds: {
      books: byName<KnownRecord>(
        'books',
        (nowMs) => [nowMs],
        async (names, nowMs) =>
          (await sql.query<text.KnownRow>(text.READ_BOOKS, [names, nowMs])).map((row) => {
            const record = { name: row.key as JobId, keepUntilMs: row.keep_ms };
            const bookId = String(row.book_id) as BookId;
            if (row.kind === 'a') return [row.key, { ...record, kind: 'alias', bookId }];
            if (row.kind === 'm') return [row.key, { ...record, kind: 'missing', sinceMs: row.at_ms, untilMs: row.until_ms }];
            const book = {
              bookId,
              body: Buffer.from(row.body ?? ''),
              etag: row.etag ?? '',
              fetchedAtMs: row.at_ms,
              freshUntilMs: row.until_ms,
              richness: row.richness,
            };
            return [row.key, { ...record, kind: 'book', book }];
          }),
        (record) => {
          const row = { key: record.name, kind: record.kind[0], keep_ms: record.keepUntilMs, at_ms: 0, until_ms: 0, richness: 0 };
          if (record.kind === 'alias') return { ...row, book_id: record.bookId };
          if (record.kind === 'missing') return { ...row, at_ms: record.sinceMs, until_ms: record.untilMs };
          const { bookId, body, etag, fetchedAtMs, freshUntilMs, richness } = record.book;
          return { ...row, book_id: bookId, at_ms: fetchedAtMs, until_ms: freshUntilMs, richness, etag, body: body.toString('utf8') };
        },
      ),

      batches: byName(
        'batches',
        batchesSince,
        async (names, nowMs) =>
          (await sql.query<text.BatchRow>(text.READ_BATCHES, [names, ...batchesSince(nowMs)])).map((row) => [
            row.batch_id,
            {
              ...recordOf(row),
              sealed: row.sealed,
              announced: row.announced,
              itemCount: row.item_count,
              logLength: row.log_length,
              keepUntilMs: row.finished_at_ms === null ? null : row.finished_at_ms + settings.batchTtlMs,
            },
          ]),
        ({ counts, options, ...batch }) => ({
          batch_id: batch.batchId,
          total: batch.total,
          settled: batch.total - counts.queued,
          not_found: counts['not-found'],
          ...counts,
          log_length: batch.logLength,
          sealed: batch.sealed,
          announced: batch.announced,
          created_at_ms: batch.createdAtMs,
          progressed_at_ms: batch.progressedAtMs,
          finished_at_ms: batch.finishedAtMs,
          cancelled_at_ms: batch.cancelledAtMs,
          options: JSON.stringify(options),
        }),
      ),

      jobs: byName(
        'jobs',
        () => [],
        async (names) =>
          (await sql.query<text.JobRow>(text.READ_JOBS, [names])).map((row) => [
            row.job_id,
            {
              jobId: row.job_id,
              run: row.run,
              state: row.state === 'l' ? 'live' : (stateOfCode(row.state) as JobOutcome),
              priority: PRIORITIES[row.priority] ?? 'normal',
              createdAtMs: row.created_at_ms,
              settledAtMs: row.settled_at_ms,
              attempts: row.attempts,
              waiters: row.state === 'l' ? row.waiting.length : row.waiters,
              error: row.error_code === null ? null : { code: row.error_code, detail: row.error_detail ?? '' },
              bookId: row.book_id === null ? null : (String(row.book_id) as BookId),
              timeline: row.timeline,
              solo: row.state === 'l' && row.solo,
              waiting: row.waiting.toSorted(),
            },
          ]),
        // Who waits for a live job is known by the items.
        ({ jobId, run, state, priority, createdAtMs, settledAtMs, attempts, waiters, error, bookId, timeline, solo }) => ({
          job_id: jobId,
          run,
          state: codeOf(state),
          priority: PRIORITIES.indexOf(priority),
          solo,
          created_at_ms: createdAtMs,
          settled_at_ms: settledAtMs,
          attempts,
          waiters: state === 'live' ? 0 : waiters,
          error_code: error?.code ?? null,
          error_detail: error?.detail ?? null,
          book_id: bookId,
          timeline,
        }),
      ),

      documents: byName(
        'documents',
        (nowMs) => [nowMs, MIGRATION_DOCUMENT],
        async (names, nowMs) =>
          (await sql.query<text.DocumentRow>(text.READ_DOCUMENTS, [names, nowMs])).map((row) => [
            row.key,
            { key: row.key, version: row.version, json: row.json, expireAtMs: row.expire_at_ms },
          ]),
        ({ key, version, json, expireAtMs }) => ({ key, version, json, expire_at_ms: expireAtMs }),
      ),

      tallies: {
        async names(cursor, limit, nowMs) {
          const after = cursor === null ? { series: '', hour: 0 } : parseTallyName(cursor);
          const rows = await sql.query<{ series: string; hour: number }>(text.NAMES.tallies, [
            after.series,
            after.hour,
            limit,
            oldestTallyHour(nowMs),
          ]);
          const names = rows.map(({ series, hour }) => tallyName(series, hour));
          return { names, cursor: names.length < limit ? null : (names.at(-1) ?? null) };
        },
        async read(names, nowMs) {
          const parsed = names.map(parseTallyName);
          const params = [parsed.map(({ series }) => series), parsed.map(({ hour }) => hour), oldestTallyHour(nowMs)];
          const rows = await sql.query<{ series: string; hour: number; counts: Record<string, number> }>(text.READ_TALLIES, params);
          return new Map(rows.map((row) => [tallyName(row.series, row.hour), { ...row, keepUntilMs: null }]));
        },
        async write(records) {
          const rows = records.flatMap(({ series, hour, counts }) =>
            Object.entries(counts).map(([name, n]) => ({ series, hour, name, n })),
          );
          if (rows.length > 0) await sql.query(text.WRITE.tallies, [toJson(rows)]);
        },
      },

      pages: byName(
        'pages',
        (nowMs) => [nowMs],
        async (names, nowMs) =>
          (await sql.query<text.PageRow>(text.READ_PAGES, [names, nowMs])).map((row) => [
            row.job_id,
            {
              jobId: row.job_id,
              bytes: Buffer.from(row.bytes.buffer, row.bytes.byteOffset, row.bytes.byteLength),
              keptAtMs: row.kept_at_ms,
              expireAtMs: row.expire_at_ms,
            },
          ]),
        ({ jobId, bytes, keptAtMs, expireAtMs }) => ({
          job_id: jobId,
          bytes: bytes.toString('base64'),
          kept_at_ms: keptAtMs,
          expire_at_ms: expireAtMs,
        }),
      ),
    },

    async dropBatch(batchId) {
      await sql.query(text.DROP_BATCH, [batchId]);
    },
    async writeItems(batchId, items) {
      const rows = items.map((item) => ({
        index: item.index,
        state: ITEM_STATES[item.state],
        duplicates: item.duplicates,
        book_id: item.bookId,
        job_id: item.jobId,
        input: item.input,
        reason: item.reason,
      }));
      await sql.query(text.WRITE_ITEMS, [batchId, toJson(rows)]);
    },
    async writeLog(batchId, entries) {
      await sql.query(text.WRITE_LOG, [batchId, toJson(entries.map(({ seq, index, atMs }) => ({ seq, index, at_ms: atMs })))]);
    },
    // The settled jobs may be many, so neither may run into the deadline of a request.
    orderSettled: () =>
      sql.transaction(async (run) => {
        for (const step of text.ORDER_SETTLED) await run(step);
      }),
    totals: () =>
      sql.transaction(async (run) => {
        const [row] = await run<Record<TransferKind, number>>(text.TOTALS);
        if (!row) throw new Error('counting returned no row');
        return row;
      }),
    async others() {
      return (await sql.query<{ n: number }>(text.OTHERS, [`quire ${settings.prefix}`]))[0]?.n ?? 0;
    },
  };
}
