/** `quire migrate --from <store> --to <store>`: arguments, progress, summary. The work is in migrate/. */
import { parseArgs } from 'node:util';
import { ConfigError } from '../config/config.ts';
import { QuireError } from '../errors.ts';
import { migrate, MigrationRefused, type MigrationProgress, type MigrationReport } from '../migrate/migrate.ts';
import type { Store } from '../storage/store.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { BadStoreName, nameStore, type Environment, type NamedStore } from './named-store.ts';
import { createProgressBar, type ProgressOutput } from './progress-bar.ts';

const USAGE = `quire migrate --from <store> --to <store> [--merge] [--force]

Moves books, batches and waiting jobs of a stopped Quire into another store. The source stays as it is. After an interruption, run the same command
again: it continues. More: docs/migrate.md

  <store>   embedded:<directory>, redis://…, redis-sentinel://…, redis-cluster://…, postgres://…,
            or the name of a setting that has it: REDIS_URL, DATABASE_URL, DATA_DIR
  --merge   the target may have records already; the newer ones stay
  --force   start even when a Quire seems to run on one of the stores

Settings: QUEUE_PREFIX (both stores), BATCH_TTL.
`;

export interface MigrateCommand {
  /** What follows `migrate`. */
  args: readonly string[];
  env: Environment;
  output: { write(text: string): unknown };
  errors: ProgressOutput;
  /** Ends the migration after the current page. */
  signal: AbortSignal;
}

/** Wrong arguments. The message is for the operator. */
class BadArguments extends Error {}

function readArguments(args: readonly string[]): { from: string; to: string; merge: boolean; force: boolean; help: boolean } {
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        from: { type: 'string', default: '' },
        to: { type: 'string', default: '' },
        merge: flag,
        force: flag,
        help: { ...flag, short: 'h' },
      },
    });
    return values;
  } catch (error) {
    throw new BadArguments((error as Error).message, { cause: error });
  }
}

function named(option: string, given: string, env: Environment): NamedStore {
  if (given === '') throw new BadArguments(`${option} is missing: name a store.`);
  try {
    return nameStore(given, env);
  } catch (error) {
    if (error instanceof BadStoreName) throw new BadArguments(`${option} must be ${error.message}.`, { cause: error });
    throw error;
  }
}

function summary({ counts, complete, resumed }: MigrationReport, from: Store, to: Store): string {
  const rows = counts.map(
    ({ subject, inSource, inTarget }) =>
      [subject, inSource.toLocaleString('en'), inTarget.toLocaleString('en'), inSource === inTarget ? 'ok' : 'MISSING'] as const,
  );
  const table = [['', 'in the source', 'in the target', ''] as const, ...rows].map(([subject, source, target, verdict]) =>
    `${subject.padEnd(14)}${source.padStart(15)}${target.padStart(15)}  ${verdict}`.trimEnd(),
  );
  const outcome = complete
    ? `Moved${resumed ? ', continuing an earlier run' : ''}: ${from.description} -> ${to.description}. Start Quire on the target now; the source was left as it was.`
    : 'NOT COMPLETE: the target lacks some records. Run the same command again; when that does not help, the source was left as it was.';
  return `${[...table, outcome].join('\n')}\n`;
}

/** Stops the opened stores, the last first. Ignores failures, because the outcome is known by then. */
async function stopAll(stores: Store[]): Promise<void> {
  for (const store of stores.toReversed()) await store.stop().catch(() => undefined);
}

/** Runs the command. Resolves to the exit code, and writes failures to `errors`. */
export async function runMigrate({ args, env, output, errors, signal }: MigrateCommand): Promise<number> {
  const bar = createProgressBar(errors);
  const opened: Store[] = [];
  let begun = false;
  const onProgress = (progress: MigrationProgress): void => {
    begun = true;
    bar.show(progress);
  };
  const onError = (error: Error): void => {
    bar.clear();
    errors.write(`${error.message}; trying again\n`);
  };
  try {
    const { from: source, to: target, help, merge, force } = readArguments(args);
    if (help) {
      output.write(USAGE);
      return 0;
    }
    const [sourceName, targetName] = [named('--from', source, env), named('--to', target, env)];
    const [from, to] = [sourceName.open(onError), targetName.open(onError)];
    if (from.description !== to.description && !(await sourceName.exists()))
      throw new MigrationRefused(`There is no Quire to move from: ${from.description}.`);
    opened.push(from, to);
    const report = await migrate({ from, to, merge, force, signal, onProgress, onError });
    bar.clear();
    output.write(summary(report, from, to));
    return report.complete ? 0 : 1;
  } catch (error) {
    bar.clear();
    if (signal.aborted) errors.write('Interrupted. The same command goes on from here.\n');
    else if (error instanceof BadArguments) errors.write(`${error.message}\n\n${USAGE}`);
    else if (error instanceof QuireError)
      errors.write(
        `${error.message}\n${begun ? 'What was moved so far stays: the same command goes on from here.' : 'This run has moved nothing.'}\n`,
      );
    else
      errors.write(
        `${error instanceof MigrationRefused || error instanceof ConfigError ? error.message : ((error as Error).stack ?? String(error))}\n`,
      );
    if (signal.aborted) return EXIT.failed;
    return error instanceof BadArguments ? EXIT.commandLine : exitCodeOf(error);
  } finally {
    await stopAll(opened);
  }
}
