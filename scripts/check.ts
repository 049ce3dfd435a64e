/**
 * `npm run check`: every gate of the project, one line each, all of them even when one fails. The closing line adds the
 * tests and the gates up. `.ci/run` is `npm ci` and this.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { NOT_CHECKED } from './audit.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = '../shared/pages';

interface Gate {
  name: string;
  command: string[];
  minutes: number;
  /** The tests' deadlines want the machine for themselves. Two of the other gates run at a time. */
  alone?: true;
  /** Why it cannot be run here, when it cannot. */
  skip?: string;
}

const GATES: Gate[] = [
  { name: 'tests', command: ['test'], minutes: 40, alone: true },
  { name: 'slow tests', command: ['run', 'test:slow'], minutes: 40, alone: true },
  { name: 'faults', command: ['run', 'test:faults'], minutes: 20, alone: true },
  { name: 'types', command: ['run', 'typecheck'], minutes: 3 },
  { name: 'lint', command: ['run', 'lint'], minutes: 3 },
  { name: 'format', command: ['run', 'format:check'], minutes: 2 },
  { name: 'import rules', command: ['run', 'deps'], minutes: 3 },
  { name: 'dead code', command: ['run', 'knip'], minutes: 3 },
  { name: 'openapi.yaml in step', command: ['run', 'openapi:check'], minutes: 3 },
  { name: 'openapi.yaml is sound', command: ['run', 'openapi:lint'], minutes: 3 },
  { name: 'known faults of packages', command: ['run', '--silent', 'audit'], minutes: 2 },
  { name: 'list of parts', command: ['run', '--silent', 'sbom', '--', '--check'], minutes: 2 },
  {
    name: 'accuracy',
    command: ['run', 'accuracy', '--', pages, '--min', '0.995'],
    minutes: 5,
    ...(existsSync(join(root, pages)) ? {} : { skip: `${pages} is not here` }),
  },
];

const CLOSING_LINE = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;

interface Outcome {
  ok: boolean;
  /** Why it could not look, when it could not: its last line. */
  away?: string;
  /** The command's own closing line, kept out of the output: there is to be one such line, and it is ours. */
  counted?: { passed: number; failed: number; skipped: number };
  /** The lines in which it named what failed, to be said again at the end. */
  failures: string[];
}

type Write = (text: string) => void;

/** Runs one npm script; `write` gets its output as it comes. One that takes too long is ended and has failed. */
async function run({ command, minutes }: Gate, write: Write): Promise<Outcome> {
  // A process group of its own, so that a script that hangs is ended with all that it started.
  const child = spawn('npm', command, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  child.stderr.on('data', (text: Buffer) => write(text.toString()));
  const killGroup = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  const timer = setTimeout(() => {
    write(`ended after ${minutes} minutes\n`);
    killGroup();
  }, minutes * 60_000);
  process.once('SIGINT', killGroup).once('SIGTERM', killGroup);
  let counted: Outcome['counted'];
  const failures: string[] = [];
  let last = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    last = line;
    if (line.startsWith('failed: ')) failures.push(line);
    const [, passed, failed, skipped] = CLOSING_LINE.exec(line) ?? [];
    if (passed === undefined) write(`${line}\n`);
    else counted = { passed: Number(passed), failed: Number(failed), skipped: Number(skipped ?? 0) };
  });
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  process.off('SIGINT', killGroup).off('SIGTERM', killGroup);
  if (code === NOT_CHECKED) return { ok: false, away: last, failures };
  return { ok: code === 0, failures, ...(counted === undefined ? {} : { counted }) };
}

const total = { passed: 0, failed: 0, skipped: 0 };
/** What is said of each gate at the end. */
const said = new Map<Gate, string[]>();

async function pass(gate: Gate, write: Write): Promise<void> {
  const { name, command, skip } = gate;
  write(`\n=== ${name}: npm ${command.join(' ')}\n`);
  const started = Date.now();
  const { ok, away, counted, failures } = skip === undefined ? await run(gate, write) : { ok: false, away: skip, failures: [] };
  if (away === undefined) {
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    total.passed += (counted?.passed ?? 0) + (ok ? 1 : 0);
    total.failed += (counted?.failed ?? 0) + (ok ? 0 : 1);
    total.skipped += counted?.skipped ?? 0;
    const detail = counted === undefined ? '' : `, tests: ${counted.passed} good, ${counted.failed} bad, ${counted.skipped} left out`;
    said.set(gate, [`${ok ? 'ok      ' : 'FAILED  '} ${name} (${seconds} s${detail})`, ...failures.map((line) => `         ${line}`)]);
  } else {
    total.skipped += 1;
    said.set(gate, [`skipped  ${name}: ${away}`]);
  }
  write(`${said.get(gate)?.[0]}\n`);
}

for (const gate of GATES) if (gate.alone) await pass(gate, (text) => process.stdout.write(text));
const left = GATES.filter(({ alone }) => !alone);
/** Passes gates until none is left. What a gate writes is kept together. */
async function passOthers(): Promise<void> {
  for (let gate = left.shift(); gate !== undefined; gate = left.shift()) {
    let written = '';
    await pass(gate, (text) => (written += text));
    process.stdout.write(written);
  }
}
await Promise.all([passOthers(), passOthers()]);
const lines = GATES.flatMap((gate) => said.get(gate) ?? []);
process.stdout.write(`\n${lines.join('\n')}\n\nTests and gates together:\n`);
process.stdout.write(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}\n`);
process.exitCode = total.failed > 0 ? 1 : 0;
