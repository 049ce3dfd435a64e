/** A fleet on a PostgreSQL server. */
import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { startPostgres } from '../../support/postgres-server.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { heldStill, type Fleet, type FleetOptions } from '../fleet.ts';
import { readPostgres } from '../leftovers.ts';
import { startServedFleet } from './servers.ts';

/** A server that was killed leaves processes behind, which end as soon as they notice; until then none starts in its place. */
const START_AGAIN_MS = 30_000;

const childrenOf = async (pid: number): Promise<number[]> =>
  (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean).map(Number);

/** Two apis and two workers on a PostgreSQL of their own. */
export async function startPostgresFleet(options: FleetOptions): Promise<Fleet> {
  const first = await startPostgres();
  const { dir, port, url } = first;
  const startAgain = async () =>
    waitUntil('PostgreSQL to start again', () => startPostgres({ dir, port }), { timeoutMs: START_AGAIN_MS, everyMs: 200 });
  // The first one would take its directory along when it is stopped.
  await first.kill9();
  let server = await startAgain();
  return startServedFleet(
    {
      name: 'postgres',
      store: 'PostgreSQL',
      port,
      env: (at) => ({ DATABASE_URL: url.replace(`:${port}/`, `:${at}/`) }),
      faults: [
        {
          name: 'kill -9 of the PostgreSQL server',
          async run() {
            await server.kill9();
            server = await startAgain();
          },
        },
        {
          name: 'kill -9 of a process of the PostgreSQL server, which ends all the others',
          async run() {
            const client = new Client({ connectionString: url });
            client.on('error', () => undefined);
            await client.connect();
            const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
            process.kill(rows[0]?.pid ?? 0, 'SIGKILL');
            await client.end().catch(() => undefined);
          },
        },
        {
          name: 'restart of the PostgreSQL server',
          async run() {
            await server.stop();
            server = await startAgain();
          },
        },
        {
          name: 'every connection to PostgreSQL cut',
          async run() {
            const client = new Client({ connectionString: url });
            await client.connect();
            await client.query(
              `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`,
            );
            await client.end();
          },
        },
        heldStill('the PostgreSQL server', async () => [server.pid, ...(await childrenOf(server.pid))], options.pauseMs),
      ],
      read: (prefix) => readPostgres(url, prefix),
      async stop() {
        await server.stop();
        await first.stop();
      },
    },
    options,
  );
}
