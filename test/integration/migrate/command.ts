/** `quire migrate` as a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
/** A folder without a file `.env`. */
const CWD = fileURLToPath(new URL('.', import.meta.url));
const DEADLINE_MS = 60_000;

export interface CommandEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
  /** Lines of the error output. */
  errors: string[];
}

/** Runs it to its end. `onLine` is told of each line of the error output and may end the process. */
export async function runMigration(
  args: string[],
  env: Record<string, string>,
  onLine: (line: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<CommandEnd> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), MAIN, 'migrate', ...args], {
    cwd: CWD,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const errors: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    errors.push(line);
    onLine(line, (signal) => child.kill(signal));
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, output, errors };
}
