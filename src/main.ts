#!/usr/bin/env node
/** The process edge: arguments, environment, signals, exit codes. Nothing else reads the environment or exits. */
import { existsSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { EXIT, exitCodeOf } from './cli/exit-code.ts';
import { readConfig, ROLES, SETTINGS, type Config } from './config/config.ts';
import { nearMisses } from './config/near-misses.ts';
import { QuireError, StartError } from './errors.ts';
import { createService } from './service.ts';
import { bannerOf } from './service/banner.ts';
import { createLog } from './service/log.ts';
import { flushTraces, isTracing } from './tracing.ts';
import { createSystemdNotice } from './service/systemd.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

const USAGE = `quire ${version}

  quire [all]     HTTP API and worker in one process (the default)
  quire api       the HTTP API alone; needs REDIS_URL or DATABASE_URL
  quire worker    a worker alone; needs REDIS_URL or DATABASE_URL
  quire keys      makes, lists and revokes keys of the API: quire keys --help
  quire migrate   moves a stopped Quire into another store: quire migrate --help

Settings come from the environment, or from a file .env in this folder:
${Object.values(SETTINGS)
  .map(({ env, fallback, meaning }) => `  ${env.padEnd(18)} ${meaning}${fallback === '' ? '' : ` [${fallback}]`}`)
  .join('\n')}

Exit codes: 0 stopped as asked, 2 wrong arguments, 5 the store is away, 78 a setting is wrong, 1 anything else
`;

/** Long enough for a load balancer that asks `/readyz` every second or two. The wait ends sooner without requests. */
const LINGER_MS = 5_000;

function refuse(message: string, code: number): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

function configure(role: string | undefined): Config {
  loadSettings();
  try {
    return readConfig(process.env, role);
  } catch (error) {
    return refuse((error as Error).message, exitCodeOf(error));
  }
}

/** Loads the file `.env` of this folder. Settings of the environment take precedence. */
function loadSettings(): void {
  try {
    if (existsSync('.env')) process.loadEnvFile('.env');
  } catch (error) {
    refuse(`The file .env cannot be read: ${(error as Error).message}`, EXIT.setting);
  }
}

/**
 * How many percent the old generation of V8 may grow before the next full marking. V8's own choice under steady reads is a tenth, which
 * means more than one marking a second. The embedded database needs memory beside the heap, so the heap grows less there.
 * docs/performance.md has figures.
 */
function setHeapGrowth({ redisUrl, databaseUrl }: Config): void {
  setFlagsFromString(`--heap-growing-percent=${redisUrl === null && databaseUrl === null ? 50 : 200}`);
}

async function moveStores(args: string[]): Promise<void> {
  loadSettings();
  const interruption = new AbortController();
  const end = (): void => {
    if (interruption.signal.aborted) process.exit(1);
    interruption.abort(new Error('interrupted'));
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end);
  // Loaded only here, because a service does not need it.
  const { runMigrate } = await import('./cli/migrate.ts');
  process.exit(await runMigrate({ args, env: process.env, output: process.stdout, errors: process.stderr, signal: interruption.signal }));
}

async function manageKeys(args: string[]): Promise<void> {
  loadSettings();
  const { runKeys } = await import('./cli/keys.ts');
  process.exit(await runKeys({ args, env: process.env, output: process.stdout, errors: process.stderr }));
}

async function main(args: string[]): Promise<void> {
  if (args[0] === 'keys') return manageKeys(args.slice(1));
  if (args[0] === 'migrate') return moveStores(args.slice(1));
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(USAGE);
    return;
  }
  if (args.includes('--version')) {
    process.stdout.write(`${version}\n`);
    return;
  }
  const [role] = args;
  if (args.length > 1 || (role !== undefined && !ROLES.some((known) => known === role)))
    refuse(
      `quire takes one argument, a role (${ROLES.join(', ')}), but got: ${args.join(' ')}. quire --help tells more.`,
      EXIT.commandLine,
    );

  const config = configure(role);
  setHeapGrowth(config);
  const isTerminal = process.stdout.isTTY;
  const log = createLog({ level: config.logLevel, role: config.role, isTerminal });
  for (const warning of nearMisses(process.env)) log.warn(warning);
  if (isTracing()) log.info('traces: an SDK of OpenTelemetry is loaded');
  else if (process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] && process.env['OTEL_SDK_DISABLED'] !== 'true')
    log.warn('OTEL_EXPORTER_OTLP_ENDPOINT is set, but no SDK of OpenTelemetry is loaded, so Quire sends no traces: see docs/tracing.md');
  const service = createService(config, { log, version, lingerMs: LINGER_MS });
  const { NOTIFY_SOCKET: socket, PATH: path } = process.env;
  const tellSystemd = createSystemdNotice({ socket, path, onFault: (message) => log.warn(message) });

  let signalled = false;
  const end = (signal: string): void => {
    // A second signal ends the process at once.
    if (signalled) process.exit(1);
    signalled = true;
    log.info(`${signal}: draining for at most ${config.drainSeconds} s, then ending; a second signal ends at once`);
    void tellSystemd('STOPPING=1', 'draining');
    service.stop().then(
      async () => {
        await flushTraces();
        log.info('stopped');
        process.exit(0);
      },
      (error: unknown) => {
        log.fatal({ err: error }, 'the shutdown failed');
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end(signal));
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'));

  try {
    await service.start();
    log.info(`quire ${version} is ready (role ${config.role})`);
    void tellSystemd('READY=1', service.address ?? `role ${config.role}`);
    if (isTerminal) process.stdout.write(bannerOf(config, { version, address: service.address, store: service.store.description }));
  } catch (error) {
    if (signalled) return;
    await service.stop();
    const isSentence = error instanceof QuireError || error instanceof StartError;
    refuse(isSentence ? error.message : ((error as Error).stack ?? String(error)), exitCodeOf(error));
  }
}

await main(process.argv.slice(2));
