/** A disk so small that it can be filled within a moment: a tmpfs, which root may mount where the container allows it. */
import { execFile, spawn } from 'node:child_process';
import { open, rm, statfs } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SmallDisk {
  /** Takes all the room that is left, but for so many bytes. */
  fill(spareBytes: number): Promise<void>;
  free(): Promise<void>;
  unmount(): Promise<void>;
}

/** A fresh database takes 50 MiB, its log up to 64 MiB more. */
const MEBIBYTES = 192;
const FILLER = 'filler';

/** Unmounts the disk when this process ends, however that comes: the pipe to a sleeping shell closes then. */
function guard(place: string): () => void {
  const shell = spawn('sh', ['-c', 'cat >/dev/null; umount -l "$1"', 'quire-guard', place], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.unref();
  (shell.stdin as Socket).unref();
  shell.stdin.on('error', () => undefined);
  return () => shell.kill('SIGKILL');
}

/** Mounts one at `place`, an empty directory; `null` where that is not allowed. */
export async function mountSmallDisk(place: string): Promise<SmallDisk | null> {
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${MEBIBYTES}m`, 'quire-faults', place]);
  } catch {
    return null;
  }
  const endGuard = guard(place);
  const filler = join(place, FILLER);
  return {
    async fill(spareBytes) {
      const file = await open(filler, 'a');
      try {
        const { bsize } = await statfs(place);
        const piece = Buffer.alloc(bsize * 64, 1);
        // In ever smaller pieces, down to the last block: the process goes on writing meanwhile.
        for (let bytes = piece.length; bytes >= bsize;) {
          const written = await file.write(piece, 0, bytes).then(
            ({ bytesWritten }) => bytesWritten,
            (error: NodeJS.ErrnoException) => {
              if (error.code !== 'ENOSPC') throw error;
              return 0;
            },
          );
          if (written < bytes) bytes = Math.floor(bytes / 2 / bsize) * bsize;
        }
        await file.truncate(Math.max(0, (await file.stat()).size - spareBytes));
      } finally {
        await file.close();
      }
    },
    free: () => rm(filler, { force: true }),
    async unmount() {
      endGuard();
      // At once, and really gone when the last process that has files there has ended.
      await run('umount', ['-l', place]);
    },
  };
}
