/**
 * What a PostgreSQL server does in the background and PGlite, being one process, does not: vacuuming what changed much, and
 * checkpoints, without which the log of writes grows for ever and a start after a crash has all of it to read.
 */
import type { Session } from './session.ts';

const EVERY_MS = 5_000;
/** Which tables need a vacuum is asked in every fourth round. */
const VACUUM_ROUNDS = 4;
/** As a server's own rule, per table: so many dead rows, plus a share of all. */
const DEAD_ROWS = 2_000;
const DEAD_SHARE = 0.1;
const CHECKPOINT_BYTES = 32 * 1024 * 1024;

/** Tables of ours and BullMQ's that need a vacuum, the neediest first. */
const NEEDY = `
  SELECT format('%I.%I', schemaname, relname) AS name FROM pg_stat_user_tables
  WHERE n_dead_tup > ${DEAD_ROWS} + ${DEAD_SHARE} * n_live_tup OR n_mod_since_analyze > ${DEAD_ROWS} + ${DEAD_SHARE} * n_live_tup
  ORDER BY n_dead_tup DESC`;
const WRITTEN = `SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8 AS bytes`;

export interface Upkeep {
  /** One round now: for tests and measurements. */
  round(): Promise<void>;
  stop(): Promise<void>;
}

/** Looks every 5 s at what there is to do. One table at a time: in between, other statements get their turn. */
export function createUpkeep(session: Session, onError: (error: Error) => void): Upkeep {
  let checkpointAt: number | null = null;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  let rounds = 0;

  const work = async (): Promise<void> => {
    const written = Number((await session.run(WRITTEN, [])).rows[0]?.['bytes'] ?? 0);
    checkpointAt ??= written;
    const needy = rounds++ % VACUUM_ROUNDS === 0 ? (await session.run(NEEDY, [])).rows : [];
    for (const { name } of needy) {
      if (stopped) return;
      await session.script(`VACUUM (ANALYZE) ${String(name)}`);
    }
    if (!stopped && written - checkpointAt > CHECKPOINT_BYTES) {
      checkpointAt = written;
      await session.script('CHECKPOINT');
    }
  };
  const round = (): Promise<void> =>
    (running = running.then(work).catch((error: unknown) => {
      if (!stopped) onError(error as Error);
    }));
  const timer = setInterval(() => void round(), EVERY_MS);
  timer.unref();

  return {
    round,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
