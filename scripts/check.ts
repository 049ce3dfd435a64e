/**
 * `npm run check`: every gate of the project, two at a time, all of them even when one fails. Each line of output begins with the name of its
 * gate. The closing line adds the tests and the gates up. `.ci/run` is `npm ci` and this.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = '../shared/pages';

interface Gate {
  name: string;
  command: string[];
  minutes: number;
  /** Why it cannot be run here, when it cannot. */
  skip?: string;
}

/** The longest come first. What mostly waits, for locks and for processes, is taken beside what keeps the processor busy. */
const GATES: Gate[] = [
  { name: 'end-to-end', command: ['test', '--', '--all', '--project', 'e2e'], minutes: 40 },
  { name: 'tests', command: ['test', '--', '--all', '--project', '!e2e'], minutes: 40 },
  { name: 'faults', command: ['run', 'test:faults'], minutes: 20 },
  { name: 'types', command: ['run', 'typecheck'], minutes: 10 },
  { name: 'lint', command: ['run', 'lint'], minutes: 10 },
  { name: 'format', command: ['run', 'format:check'], minutes: 2 },
  { name: 'import rules', command: ['run', 'deps'], minutes: 3 },
  { name: 'dead code', command: ['run', 'knip'], minutes: 3 },
  { name: 'openapi.yaml in step', command: ['run', 'openapi:check'], minutes: 3 },
  {
    name: 'accuracy',
    command: ['run', 'accuracy', '--', pages, '--min', '0.995'],
    minutes: 5,
    ...(existsSync(join(root, pages)) ? {} : { skip: `${pages} is not here` }),
  },
];

/** Gates that run at a time. */
const SIDE_BY_SIDE = 2;

const CLOSING_LINE = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;

interface Outcome {
  ok: boolean;
  /** The command's own closing line, kept out of the output: there is to be one such line, and it is ours. */
  counted?: { passed: number; failed: number; skipped: number };
  /** The lines in which it named what failed, to be said again at the end. */
  failures: string[];
}

/** Process groups of the gates that run now: a script that hangs is ended with all that it started. */
const groups = new Set<number>();

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const pid of groups) endGroup(pid);
    process.stdout.write(`ended by ${signal}\n0 passed, 1 failed\n`);
    process.exit(1);
  });
}

/** Runs one npm script; its output is passed on as it comes, line by line. One that takes too long is ended and has failed. */
async function run({ name, command, minutes }: Gate): Promise<Outcome> {
  const say = (line: string): void => void process.stdout.write(`[${name}] ${line}\n`);
  const child = spawn('npm', command, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const pid = child.pid;
  if (pid !== undefined) groups.add(pid);
  const timer = setTimeout(() => {
    say(`ended after ${minutes} minutes`);
    if (pid !== undefined) endGroup(pid);
  }, minutes * 60_000);
  let counted: Outcome['counted'];
  const failures: string[] = [];
  createInterface({ input: child.stderr }).on('line', say);
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('failed: ')) failures.push(line);
    const [, passed, failed, skipped] = CLOSING_LINE.exec(line) ?? [];
    if (passed === undefined) say(line);
    else counted = { passed: Number(passed), failed: Number(failed), skipped: Number(skipped ?? 0) };
  });
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  if (pid !== undefined) groups.delete(pid);
  return { ok: code === 0, failures, ...(counted === undefined ? {} : { counted }) };
}

const total = { passed: 0, failed: 0, skipped: 0 };
const lines = new Map<Gate, string[]>();

async function pass(gate: Gate): Promise<void> {
  process.stdout.write(`=== ${gate.name}: npm ${gate.command.join(' ')}\n`);
  if (gate.skip !== undefined) {
    total.skipped += 1;
    lines.set(gate, [`skipped  ${gate.name}: ${gate.skip}`]);
    return;
  }
  const started = Date.now();
  const { ok, counted, failures } = await run(gate);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  total.passed += (counted?.passed ?? 0) + (ok ? 1 : 0);
  total.failed += (counted?.failed ?? 0) + (ok ? 0 : 1);
  total.skipped += counted?.skipped ?? 0;
  const detail = counted === undefined ? '' : `, tests: ${counted.passed} good, ${counted.failed} bad, ${counted.skipped} left out`;
  const line = `${ok ? 'ok      ' : 'FAILED  '} ${gate.name} (${seconds} s${detail})`;
  process.stdout.write(`${line}\n`);
  lines.set(gate, [line, ...failures.map((failure) => `         ${failure}`)]);
}

const waiting = [...GATES];
async function passAll(): Promise<void> {
  for (let gate = waiting.shift(); gate !== undefined; gate = waiting.shift()) await pass(gate);
}
await Promise.all(Array.from({ length: SIDE_BY_SIDE }, passAll));
const said = GATES.flatMap((gate) => lines.get(gate) ?? []);
process.stdout.write(`\n${said.join('\n')}\n\nTests and gates together:\n`);
process.stdout.write(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}\n`);
process.exitCode = total.failed > 0 ? 1 : 0;
