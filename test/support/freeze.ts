import { readFile } from 'node:fs/promises';

/** Stops a server and the processes it works through; the network still takes what is sent to them. Returns what lets them go on. */
export async function freeze(pid: number): Promise<() => Promise<void>> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean).map(Number);
  const all = [pid, ...children];
  const tell = (signal: NodeJS.Signals): void => {
    for (const one of all) {
      try {
        process.kill(one, signal);
      } catch {
        // A background process of the server that ended meanwhile.
      }
    }
  };
  tell('SIGSTOP');
  let frozen = true;
  return async () => {
    if (frozen) tell('SIGCONT');
    frozen = false;
  };
}
