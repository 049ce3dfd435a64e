/**
 * Library: ioredis 6.0.0.
 * Reason: when a server refuses the database of a connection, ioredis goes on in database 0 and writes there. The graft closes such a
 *   connection and lets the driver open it again, until the server has the database. Commands that are sent meanwhile run into their
 *   time-out.
 * Expiry: test/contract/grafts/ioredis.test.ts, "a connection whose database is refused writes into database 0".
 */
import type { Redis } from 'ioredis';

/** Makes a connection insist on its database, and every connection that is made of it. */
export function insistOnDatabase(client: Redis): void {
  const select: (database: number | string) => Promise<'OK'> = client.select.bind(client);
  client.select = (database: number | string): Promise<'OK'> => {
    const answer = select(database);
    // Attached before the driver's own handler, so that the connection is closed before it counts as ready.
    answer.catch(() => client.disconnect(true));
    return answer;
  };
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (...overrides) => {
    const copy = duplicate(...overrides);
    insistOnDatabase(copy);
    return copy;
  };
}
