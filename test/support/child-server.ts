import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import { waitUntil } from './wait-until.ts';

/** A server process that a test started and must stop. */
export interface ChildServer {
  pid: number;
  /** Asks it to shut down, waits for its end, and removes its directory when that was made here. */
  stop: () => Promise<void>;
  /** Ends it with SIGKILL and waits for its end. The directory stays until `stop()` or the end of the test process. */
  kill9: () => Promise<void>;
}

/** What to start, and how to tell that it is up. */
export interface ChildServerOptions {
  command: string;
  args: string[];
  dir: string;
  /** Whether the directory goes when the server is stopped. */
  removeDir: boolean;
  user?: { uid: number; gid: number };
  stopSignal: NodeJS.Signals;
  isReady: (pid: number) => Promise<boolean>;
  readyTimeoutMs?: number;
}

/** Makes an empty directory of its own for a server. */
export async function makeServerDir(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `quire-${name}-`));
}

/** Starts a server, waits until it answers, and makes sure that it does not outlive this process. Rejects with its output when it ends before that. */
export async function startChildServer(options: ChildServerOptions): Promise<ChildServer> {
  const { command, args, dir, removeDir, user, stopSignal, isReady, readyTimeoutMs = 30_000 } = options;
  const child = spawn(command, args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], ...user });
  const output: string[] = [];
  const keep = (chunk: Buffer): void => {
    output.push(chunk.toString());
    if (output.length > 200) output.shift();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  await once(child, 'spawn');
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${command} has no process id`);

  const ended = endOf(child);
  const guard = startGuard(pid, removeDir ? dir : undefined);
  // Neither the server nor its guard may keep a test process alive that has nothing else to do.
  child.unref();
  (child.stdout as Socket).unref();
  (child.stderr as Socket).unref();

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.ref();
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(timer);
    }
  };
  const server: ChildServer = {
    pid,
    kill9: async () => end('SIGKILL'),
    stop: async () => {
      await end(stopSignal);
      guard.kill('SIGKILL');
      if (removeDir) await rm(dir, { recursive: true, force: true });
    },
  };
  try {
    await waitUntil(
      `${command} to answer`,
      async () => {
        // An end before the first answer is final, so it is reported as an answer and not probed again.
        if (child.exitCode !== null || child.signalCode !== null) return 'ended';
        return (await isReady(pid)) ? 'ready' : undefined;
      },
      { timeoutMs: readyTimeoutMs },
    ).then((state) => {
      if (state === 'ended') throw new Error(`${command} ended before it answered (code ${child.exitCode ?? child.signalCode})`);
    });
  } catch (error) {
    await server.stop();
    throw new Error(`${(error as Error).message}\n${output.join('').trim()}`, { cause: error });
  }
  return server;
}

/** Resolves once the process has ended and its output has been read to the end. */
async function endOf(child: ChildProcess): Promise<void> {
  await new Promise((resolve) => child.once('close', resolve));
}

/**
 * A shell that sleeps on a pipe from this process. The pipe closes when this process ends, however it ends, and then
 * the shell ends the server. An `exit` listener would not run after SIGKILL, which is how a hung test is ended.
 */
function startGuard(pid: number, dir: string | undefined): ChildProcess {
  const script = 'cat >/dev/null; kill -9 "$1" 2>/dev/null; [ -z "$2" ] || rm -rf "$2"';
  const guard = spawn('sh', ['-c', script, 'quire-guard', String(pid), dir ?? ''], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Out of the terminal's process group, so that Ctrl-C ends the tests first and the guard then cleans up.
    detached: true,
  });
  guard.unref();
  (guard.stdin as Socket).unref();
  guard.stdin.on('error', () => {});
  return guard;
}
