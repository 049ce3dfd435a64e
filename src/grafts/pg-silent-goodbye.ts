/**
 * Library: pg 8.23.1.
 * Reason: a client that ends waits for the server to close the connection. A server that is gone never does. The graft cuts the connection
 *   after a while, through the socket that the client keeps to itself.
 * Expiry: test/contract/grafts/pg.test.ts, "the end of a client waits for a server that is silent".
 */
import type { Client } from 'pg';

const GOODBYE_MS = 500;

/** Ends a client, in at most half a second. Never rejects. */
export async function endClient(client: Client): Promise<void> {
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } };
  const cut = setTimeout(() => connection?.stream?.destroy(), GOODBYE_MS);
  await client.end().catch(() => undefined);
  clearTimeout(cut);
}
