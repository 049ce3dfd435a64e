/** Quire as a process of its own, for whatever has to start, watch and end one from outside: end-to-end tests, fault runs, benchmarks, the demo. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BUILT = fileURLToPath(new URL('../dist/main.js', import.meta.url));
/** Options of Node that `npm start` runs Quire with. */
const NODE_OPTIONS = ['--max-semi-space-size=32', '--no-allocation-site-pretenuring'];
const SOURCE = fileURLToPath(new URL('../src/main.ts', import.meta.url));

export interface QuireOptions {
  role?: 'all' | 'api' | 'worker';
  /** The settings. Nothing of this process's environment but `PATH` and `HOME` is handed on; `PORT` is 0 (a free one) unless it says otherwise. */
  env?: Record<string, string>;
  /** Where it runs: a file `.env` there is read. Default: `scripts/`, which has none. */
  cwd?: string;
  /** Options of Node itself, such as `--cpu-prof`. */
  nodeArgs?: string[];
  /** Runs `src/main.ts` as it is, which takes a second longer to start, instead of the build in `dist/`. */
  fromSource?: boolean;
  /** The `main.js` of another version of Quire. */
  program?: string;
  /** Longest wait until it is ready, or, when it is to be refused, until it has ended. 90 s unless told. */
  timeoutMs?: number;
}

export interface QuireEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What it wrote to the error output. */
  errors: string;
}

export interface LogLine {
  /** As pino counts: 30 is `info`, 40 `warn`, 50 `error`. */
  level: number;
  msg: string;
  [field: string]: unknown;
}

/** A line of the log. Version 0.1.0 wrote levels as numbers, later ones write their names. */
function lineOf(text: string): LogLine {
  const line = JSON.parse(text) as LogLine & { level: number | string };
  return { ...line, level: typeof line.level === 'string' ? (pino.levels.values[line.level] ?? 0) : line.level };
}

export interface QuireProcess {
  readonly pid: number;
  /** Where its API listens; empty for role `worker`. */
  readonly address: string;
  /** What it has logged so far; at most the latest 2,000 lines. */
  readonly log: readonly LogLine[];
  /** Resolves when it has ended, however that came. */
  readonly ended: Promise<QuireEnd>;
  /** Sends SIGTERM and resolves when it has ended; SIGKILL follows after `timeoutMs` (30 s). */
  stop(timeoutMs?: number): Promise<QuireEnd>;
  /** Ends it at once, as a crash would. */
  kill9(): Promise<QuireEnd>;
}

const KEPT_LINES = 2_000;
/** On a machine that is very busy with other things a new embedded store has taken half a minute. */
const READY_WITHIN_MS = 90_000;

interface Started {
  child: ChildProcessByStdio<null, Readable, Readable>;
  log: LogLine[];
  ended: Promise<QuireEnd>;
  onLine(listener: (line: LogLine) => void): void;
}

function begin({
  role,
  env = {},
  cwd = fileURLToPath(new URL('.', import.meta.url)),
  nodeArgs = [],
  fromSource = false,
  program: built = BUILT,
}: QuireOptions): Started {
  const { PATH = '', HOME = '' } = process.env;
  const program = fromSource ? ['--import', import.meta.resolve('tsx'), SOURCE] : [built];
  const child = spawn(process.execPath, [...NODE_OPTIONS, ...nodeArgs, ...program, ...(role ? [role] : [])], {
    cwd,
    env: { PATH, HOME, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const endGuard = guard(child.pid ?? 0);
  const log: LogLine[] = [];
  const listeners: ((line: LogLine) => void)[] = [];
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-20_000)));
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = text.startsWith('{') ? lineOf(text) : { level: 30, msg: text };
    log.push(line);
    if (log.length > KEPT_LINES) log.shift();
    for (const listener of listeners) listener(line);
  });
  const ended = once(child, 'close').then(([code, signal]) => {
    endGuard();
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, errors };
  });
  return { child, log, ended, onLine: (listener) => listeners.push(listener) };
}

/** Ends the process when this one ends, however that comes: the pipe to a sleeping shell closes then. */
function guard(pid: number): () => void {
  const shell = spawn('sh', ['-c', 'cat >/dev/null; kill -9 "$1" 2>/dev/null', 'quire-guard', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.unref();
  (shell.stdin as Socket).unref();
  shell.stdin.on('error', () => undefined);
  return () => shell.kill('SIGKILL');
}

/** Starts Quire and resolves when it is ready. Rejects with what it said when it ends before, or is not ready in time. */
export async function startQuire(options: QuireOptions = {}): Promise<QuireProcess> {
  const { timeoutMs = READY_WITHIN_MS } = options;
  const { child, log, ended, onLine } = begin(options);
  let address = '';
  const stop = async (signal: NodeJS.Signals, graceMs: number): Promise<QuireEnd> => {
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    try {
      return await ended;
    } finally {
      clearTimeout(timer);
    }
  };

  let timer: NodeJS.Timeout | undefined;
  const outcome = await Promise.race([
    new Promise<'ready'>((resolve) => {
      onLine(({ msg }) => {
        address = /^api: (http:\/\/\S+)/.exec(msg)?.[1] ?? address;
        if (/^quire \S+ is ready/.test(msg)) resolve('ready');
      });
    }),
    ended,
    new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), timeoutMs);
    }),
  ]);
  clearTimeout(timer);
  if (outcome !== 'ready') {
    const { code, signal, errors } = await stop('SIGKILL', 1_000);
    const how = outcome === 'late' ? `was not ready after ${timeoutMs} ms` : `ended (${code ?? signal}) before it was ready`;
    throw new Error(`quire ${how}\n${log.map((line) => line.msg).join('\n')}\n${errors}`);
  }
  return {
    pid: child.pid ?? 0,
    address,
    log,
    ended,
    stop: (graceMs = 30_000) => stop('SIGTERM', graceMs),
    kill9: () => stop('SIGKILL', 1_000),
  };
}

/** Runs Quire to its end: for starts that must be refused. Ends it after `timeoutMs`, and then `signal` tells. */
export async function runQuire(options: QuireOptions = {}): Promise<QuireEnd & { log: readonly LogLine[] }> {
  const { child, log, ended } = begin(options);
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? READY_WITHIN_MS);
  try {
    return { ...(await ended), log };
  } finally {
    clearTimeout(timer);
  }
}

/** Starts the stand-in for Goodreads as a process of its own, so that it shares no event loop with what is measured. */
export async function startGoodreadsProcess(
  options: { pages?: string; servings?: boolean } = {},
): Promise<{ origin: string; pid: number; stop(): Promise<void> }> {
  const script = fileURLToPath(new URL('goodreads-stand-in.ts', import.meta.url));
  const args = [
    '--import',
    import.meta.resolve('tsx'),
    script,
    ...(options.pages === undefined ? [] : ['--pages', options.pages]),
    ...(options.servings ? ['--servings'] : []),
  ];
  // It ends when its input closes: with this process, at the latest.
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const first = createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  const line = (await Promise.race([first, ended])) as IteratorResult<string>;
  if (typeof line.value !== 'string') throw new Error('the stand-in for Goodreads did not start');
  const { origin } = JSON.parse(line.value) as { origin: string };
  return {
    origin,
    pid: child.pid ?? 0,
    async stop() {
      child.stdin.end();
      child.kill('SIGTERM');
      await ended;
    },
  };
}
