/**
 * Library: @electric-sql/pglite 0.5.16.
 * Reason: when PostgreSQL panics (no room for its log, a broken file) or WebAssembly traps, PGlite goes on calling into what is left. The
 *   next statement never comes back. The graft replaces functions of the engine, so that the first such exception ends the instance.
 * Expiry: test/contract/grafts/pglite.slow.test.ts, "a database that panicked never comes back from the next statement".
 */
/* oxlint-disable eslint/no-underscore-dangle -- the names of PGlite's engine begin so */
import type { PGlite } from '@electric-sql/pglite';

type Engine = PGlite['Module'];

/** The status of the exception that stands for PostgreSQL's ordinary way out of an error. */
const LONG_JUMP = 100;

/** Gives the files of an ended instance back to the system. */
function closeFiles(engine: Engine): void {
  const { streams } = engine.FS as unknown as { streams: readonly never[] };
  for (const stream of streams) {
    try {
      if (stream) engine.FS.close(stream);
    } catch {
      // Standard input and output are no files.
    }
  }
}

/** Ends the instance at the first exception that is no ordinary error. `onEnd` returns what the call that met it, and the loop, throw. */
export function endAtPanic(engine: Engine, onEnd: (cause: Error) => Error): void {
  const once = engine._PostgresMainLoopOnce;
  engine._PostgresMainLoopOnce = () => {
    try {
      once();
    } catch (error) {
      if ((error as { status?: unknown }).status === LONG_JUMP) throw error;
      const ended = onEnd(error as Error);
      closeFiles(engine);
      // The loop swallows what is thrown here and tries again; only an exception out of its own handler gets through.
      engine._PostgresMainLoopOnce = () => {
        throw Object.assign(new Error('ended'), { status: LONG_JUMP });
      };
      engine._PostgresMainLongJmp = () => {
        throw ended;
      };
      engine._PostgresSendReadyForQueryIfNecessary = () => {};
      engine._pgl_pq_flush = () => {};
      throw error;
    }
  };
}
