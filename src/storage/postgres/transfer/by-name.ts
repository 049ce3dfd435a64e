/** What all kinds of record need to be moved in SQL: their names page by page, and rows as one JSON argument. */
import { storableText } from '../../../domain/storable-text.ts';
import type { KindTransfer, TransferKind } from '../../transfer.ts';
import type { SqlClient, SqlValue } from '../sql-client.ts';
import * as text from './statements.ts';

/** JSON without the characters that PostgreSQL refuses in it. */
export const toJson = (rows: readonly object[]): string =>
  JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'string' ? storableText(value) : value));

/** A kind whose name is one column. */
interface NamedKind<Moved> {
  kind: Exclude<TransferKind, 'tallies'>;
  /** The arguments that tell which names are not past their time. */
  alive: (nowMs: number) => SqlValue[];
  read: (names: readonly string[], nowMs: number) => Promise<(readonly [string, Moved])[]>;
  /** The row of a record. */
  line: (record: Moved) => object;
}

export const byName = <Moved>(sql: SqlClient, { kind, alive, read, line }: NamedKind<Moved>): KindTransfer<Moved> => ({
  async names(cursor, limit, nowMs) {
    const rows = await sql.query<{ name: string }>(text.NAMES[kind], [cursor ?? '', limit, ...alive(nowMs)]);
    return { names: rows.map((row) => row.name), cursor: rows.length < limit ? null : (rows.at(-1)?.name ?? null) };
  },
  read: async (names, nowMs) => new Map(await read(names, nowMs)),
  async write(records) {
    if (records.length > 0) await sql.query(text.WRITE[kind], [toJson(records.map(line))]);
  },
});
