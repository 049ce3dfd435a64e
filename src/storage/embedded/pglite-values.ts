/** Values on their way into PGlite and out of it. */
import type { PGlite } from '@electric-sql/pglite';

const BYTEA = 17;

/** A column of an answer. */
export interface Field {
  name: string;
  dataTypeID: number;
}

/** Reads and writes values by the types that the database has. */
export function createValues(db: PGlite) {
  const parse = ({ dataTypeID }: Field, value: string | null | undefined): unknown => {
    if (value === null || value === undefined) return null;
    const parser = db.parsers[dataTypeID] as ((text: string) => unknown) | undefined;
    return parser ? parser(value) : value;
  };
  const rowOf = (fields: readonly Field[], values: readonly (string | null)[]): Record<string, unknown> => {
    const row: Record<string, unknown> = {};
    for (const [at, field] of fields.entries()) row[field.name] = parse(field, values[at]);
    return row;
  };

  const encode = (value: unknown, type: number | undefined): string | null => {
    if (value === null || value === undefined) return null;
    if (typeof value === 'string') return value;
    if (type === BYTEA && value instanceof Uint8Array)
      return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
    const serializer = type === undefined ? undefined : db.serializers[type];
    if (serializer) return serializer(value);
    return typeof value === 'object' ? JSON.stringify(value) : `${value as number}`;
  };

  return { rowOf, encode };
}
