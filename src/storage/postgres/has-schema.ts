/** Looking whether a database holds Quire's tables, without making them. */
import { Client } from 'pg';
import { QuireError } from '../../errors.ts';
import { refusalOf } from './server/refusal.ts';

const DEADLINE_MS = 5_000;

/** Whether the schema is there. Throws `QuireError('store-unavailable')` when the server does not answer. */
export async function hasSchema(url: string, schema: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: DEADLINE_MS, query_timeout: DEADLINE_MS });
  // The answer, or the failure of the call, is what counts.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (
      (await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [`${schema}.migration`])).rows[0]?.there ??
      false
    );
  } catch (error) {
    const { host, pathname } = new URL(url);
    throw new QuireError('store-unavailable', refusalOf(error, host + pathname, 'the address'), { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}
