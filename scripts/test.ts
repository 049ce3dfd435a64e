/**
 * `npm test`: brings what the tests need, runs vitest with the arguments it was given, and closes with one line that
 * counts what passed and what failed. `npm test -- --project unit` runs one kind of test alone. `npm run test:slow`
 * runs what `npm test` leaves out unless an argument names the file: see test/support/sizes.ts.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, statfs } from 'node:fs/promises';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium, findOnPath, findPostgres, findRedisServer } from '../test/support/server-binaries.ts';
import type { Size } from '../test/support/sizes.ts';
import { countTests, failureLines, slowestLines, type VitestReport } from './test-count.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What tests need from outside of npm: how to tell that it is there, and the Debian package that has it. */
const SERVERS = [
  {
    name: 'redis-server',
    settings: ['TEST_REDIS_URL', 'TEST_REDIS_CLUSTER_URL'],
    found: () => findRedisServer() !== undefined,
    debian: 'redis-server',
  },
  { name: 'the PostgreSQL server', settings: ['TEST_DATABASE_URL'], found: () => findPostgres() !== undefined, debian: 'postgresql' },
  { name: 'python3', settings: ['PYTHON'], found: () => findOnPath('python3') !== undefined, debian: 'python3' },
];

/** For the tests of the page alone. */
const CHROMIUM = { name: 'Chromium', settings: ['TEST_CHROMIUM'], found: () => findChromium() !== undefined, debian: 'chromium' };

/** Whether the tests of the page are among those that the arguments choose. */
const takesPage = (args: readonly string[]): boolean => {
  const projects = args.filter((arg, at) => args[at - 1] === '--project' || arg.startsWith('--project='));
  const files = args.filter((arg) => arg.endsWith('.test.ts'));
  if (files.length > 0) return files.some((file) => /(^|\/)test\/page\//.test(file));
  return projects.length === 0 || projects.some((project) => /(^|=)page$/.test(project));
};

function missingServers(): typeof SERVERS {
  const needed = takesPage(process.argv.slice(2)) ? [...SERVERS, CHROMIUM] : SERVERS;
  return needed.filter((server) => !server.found() && server.settings.some((setting) => !process.env[setting]));
}

/** Installs missing servers from Debian where that is allowed; else stops with a sentence that tells how to bring them. */
function provideServers(): void {
  const missing = missingServers();
  if (missing.length === 0) return;
  const packages = missing.map((server) => server.debian).join(' ');
  const names = missing.map((server) => server.name).join(' and ');
  const settings = missing.flatMap((server) => server.settings).join(' and ');
  const advice = `install it (Debian: apt-get install ${packages}) or name your own in ${settings}`;
  if (process.getuid?.() !== 0 || findOnPath('apt-get') === undefined) fail(`The tests need ${names}: ${advice}.`);

  process.stderr.write(`The tests need ${names}; installing ${packages} with apt-get.\n`);
  const started = Date.now();
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages.split(' ')]]) {
    const done = spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=2', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      timeout: 300_000,
      // RUNLEVEL=1 makes Debian's invoke-rc.d leave the packages' own services stopped: the tests start private ones.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    });
    // A package index that is partly out of reach can still be good enough, so only a failed installation is final.
    if (done.status !== 0 && args[0] === 'install') {
      process.stderr.write(`${done.stdout}${done.stderr}`);
      fail(`apt-get could not install ${packages}: ${advice}.`);
    }
  }
  if (missingServers().length > 0) fail(`apt-get installed ${packages}, yet ${names} is not to be found: ${advice}.`);
  process.stderr.write(`Installed ${packages} in ${Math.round((Date.now() - started) / 1000)} s.\n`);
}

/** Says on the error output why there are no tests to run, and ends as failed. */
function fail(reason: string): never {
  process.stderr.write(`${reason}\n`);
  process.stdout.write('0 passed, 1 failed\n');
  process.exit(1);
}

const SLOW = '--slow';
const SLOWEST = 20;

/** A file that is named is run whole. */
function sizeOf(args: readonly string[]): Size {
  if (args.includes(SLOW)) return 'slow';
  return args.some((arg) => /\.(slow|stores)\b/.test(arg)) ? 'all' : 'quick';
}

/** A file system in memory, and the room it must have. */
const MEMORY = '/dev/shm';
const LEAST_ROOM_BYTES = 8 * 1024 ** 3;

/** Where tests keep their databases: in memory where there is room, since they write hundreds of small directories. */
async function dataFolder(): Promise<string> {
  const room = await statfs(MEMORY).then(
    ({ bavail, bsize }) => Math.min(bavail * bsize, freemem()),
    () => 0,
  );
  return room >= LEAST_ROOM_BYTES ? MEMORY : tmpdir();
}

/** Runs vitest and resolves to its exit code and its report, which is undefined when it wrote none. */
async function runVitest(args: string[]): Promise<{ code: number; report: VitestReport | undefined }> {
  const dir = await mkdtemp(join(await dataFolder(), 'quire-tests-'));
  // PostgreSQL runs under a user of its own where the tests are root's.
  await chmod(dir, 0o755);
  const file = join(dir, 'report.json');
  try {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...args.filter((arg) => arg !== SLOW)], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, QUIRE_TESTS: sizeOf(args), TMPDIR: dir },
    });
    const forward = (signal: NodeJS.Signals): void => {
      child.kill(signal);
    };
    process.on('SIGTERM', forward).on('SIGINT', forward);
    const [code] = (await once(child, 'exit')) as [number | null];
    const text = await readFile(file, 'utf8').catch(() => undefined);
    return { code: code ?? 1, report: text === undefined ? undefined : (JSON.parse(text) as VitestReport) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const args = process.argv.slice(2);
const onlyUnit =
  args
    .join(' ')
    .match(/--project[= ](\S+)/g)
    ?.every((option) => /[= ]unit$/.test(option)) ?? false;
if (!onlyUnit) provideServers();
if (!existsSync(join(root, '../shared/pages'))) {
  process.stderr.write('\n*** ../shared/pages is not here: the tests on real saved pages are SKIPPED. ***\n\n');
}
const { code, report } = await runVitest(args);
const { passed, failed, skipped } = countTests(report, code);
const slowest = slowestLines(report, root, SLOWEST);
if (slowest.length > 1) process.stdout.write(`\nThe slowest tests:\n${slowest.join('\n')}\n\n`);
for (const line of failureLines(report, root)) process.stdout.write(`${line}\n`);
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = failed > 0 ? 1 : 0;
