/**
 * The lock on an embedded data directory: a file that names its owner. PGlite checks nothing, and two processes in one directory
 * would destroy it.
 *
 * An owner on this machine is known by pid and start time, so that its lock falls the moment it dies. Another process that got the same
 * pid (1 or 7 in a container) is not taken for the owner. An owner on another machine (a shared volume) is known by its heartbeat.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { QuireError } from '../../errors.ts';

const HEARTBEAT_MS = 5_000;
/** An owner on another machine counts as dead after this long without a heartbeat. */
const DEAD_AFTER_MS = 20_000;
/** A takeover lasts microseconds. One that lasts this long belongs to a process that died during it, and no longer blocks the others. */
const TAKEOVER_DEAD_AFTER_MS = 10_000;
const MOST_TRIES = 20;

interface Owner {
  pid: number;
  host: string;
  /** Clock ticks since boot at which the process started; `null` where the system does not say. */
  startedAt: string | null;
  /** Distinguishes two locks of one process. */
  token: string;
}

export interface DirectoryLock {
  /** Gives the directory back. Idempotent. */
  release(): void;
}

/** State letter and start time of a process: fields 3 and 22 of /proc/<pid>/stat (the name in field 2 may contain spaces). */
function processFacts(pid: number): { state: string; startedAt: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startedAt: fields[19] ?? '' };
  } catch {
    return null;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It exists, but belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isAlive(owner: Owner, beatAtMs: number): boolean {
  if (owner.host !== hostname()) return Date.now() - beatAtMs < DEAD_AFTER_MS;
  if (!isRunning(owner.pid)) return false;
  const facts = processFacts(owner.pid);
  if (facts === null || owner.startedAt === null) return owner.pid !== process.pid || ownedHere.has(owner.token);
  // A killed process that nobody has waited for yet still shows up, as a zombie.
  return facts.startedAt === owner.startedAt && !'ZX'.includes(facts.state);
}

/** Locks of this process, by token. */
const ownedHere = new Set<string>();

function read(path: string): { owner: Owner | null; text: string; beatAtMs: number } | null {
  try {
    const text = readFileSync(path, 'utf8');
    const beatAtMs = statSync(path).mtimeMs;
    try {
      const { pid, host, startedAt, token } = JSON.parse(text) as Owner;
      return { owner: Number.isInteger(pid) && pid > 0 ? { pid, host, startedAt, token } : null, text, beatAtMs };
    } catch {
      return { owner: null, text, beatAtMs };
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Creates `path` with `text` in one step; `false` when it exists. */
function createWhole(path: string, text: string): boolean {
  const draft = `${path}.${process.pid}.${randomUUID()}`;
  writeFileSync(draft, text, { flag: 'wx' });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Removes the lock of a dead owner, unless another process took it over meanwhile. One process at a time looks again, and then removes.
 */
function removeDead(path: string, deadText: string): void {
  const guard = `${path}.takeover`;
  if (!createWhole(guard, String(process.pid))) {
    const other = read(guard);
    if (other && Date.now() - other.beatAtMs > TAKEOVER_DEAD_AFTER_MS) rmSync(guard, { force: true });
    return;
  }
  try {
    if (read(path)?.text === deadText) unlinkSync(path);
  } finally {
    rmSync(guard, { force: true });
  }
}

const refusal = (directory: string, owner: Owner): QuireError =>
  new QuireError(
    'store-unavailable',
    owner.pid === process.pid && ownedHere.has(owner.token)
      ? `The data directory ${directory} is already open in this process (pid ${owner.pid}).`
      : `The data directory ${directory} is in use by process ${owner.pid}${owner.host === hostname() ? '' : ` on ${owner.host}`}: stop that process, or set DATA_DIR to another directory.`,
  );

/**
 * Takes the directory for this process. Throws `QuireError('store-unavailable')` naming the owner when another process, or this one,
 * has it. `onLost` is called when another process took the lock in spite of our heartbeat (this process was stopped for long, or
 * the file was removed). This process must not write any more.
 */
export function lockDirectory(directory: string, onLost: () => void): DirectoryLock {
  const path = join(directory, 'lock');
  const me: Owner = { pid: process.pid, host: hostname(), startedAt: processFacts(process.pid)?.startedAt ?? null, token: randomUUID() };
  const text = JSON.stringify(me);

  let owner: Owner | null = null;
  for (let tries = 0; ; tries++) {
    if (createWhole(path, text)) break;
    const found = read(path);
    if (found === null) continue;
    owner = found.owner ?? owner;
    if (found.owner && isAlive(found.owner, found.beatAtMs)) throw refusal(directory, found.owner);
    if (tries >= MOST_TRIES) throw refusal(directory, owner ?? { ...me, pid: 0 });
    removeDead(path, found.text);
  }
  ownedHere.add(me.token);

  const heartbeat = setInterval(() => {
    try {
      if (read(path)?.text === text) {
        utimesSync(path, new Date(), new Date());
        return;
      }
    } catch {
      // A disk that does not answer just now says nothing about who owns the lock.
      return;
    }
    release();
    onLost();
  }, HEARTBEAT_MS);
  heartbeat.unref();

  const release = (): void => {
    if (!ownedHere.delete(me.token)) return;
    clearInterval(heartbeat);
    try {
      if (read(path)?.text === text) unlinkSync(path);
    } catch {
      // The next process sees that this one is gone.
    }
  };
  return { release };
}
