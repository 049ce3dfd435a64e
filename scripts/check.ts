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
  /** Why it cannot be run here, when it cannot. */
  skip?: string;
}

const GATES: Gate[] = [
  { name: 'tests', command: ['test'], minutes: 40 },
  { name: 'slow tests', command: ['run', 'test:slow'], minutes: 40 },
  { name: 'faults', command: ['run', 'test:faults'], minutes: 20 },
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

/** Runs one npm script; its output is passed on as it comes. One that takes too long is ended and has failed. */
async function run({ command, minutes }: Gate): Promise<Outcome> {
  // A process group of its own, so that a script that hangs is ended with all that it started.
  const child = spawn('npm', command, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const killGroup = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  const timer = setTimeout(() => {
    process.stdout.write(`ended after ${minutes} minutes\n`);
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
    if (passed === undefined) process.stdout.write(`${line}\n`);
    else counted = { passed: Number(passed), failed: Number(failed), skipped: Number(skipped ?? 0) };
  });
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  process.off('SIGINT', killGroup).off('SIGTERM', killGroup);
  if (code === NOT_CHECKED) return { ok: false, away: last, failures };
  return { ok: code === 0, failures, ...(counted === undefined ? {} : { counted }) };
}

const total = { passed: 0, failed: 0, skipped: 0 };
const lines: string[] = [];
for (const gate of GATES) {
  process.stdout.write(`\n=== ${gate.name}: npm ${gate.command.join(' ')}\n`);
  if (gate.skip !== undefined) {
    total.skipped += 1;
    lines.push(`skipped  ${gate.name}: ${gate.skip}`);
    process.stdout.write(`${lines.at(-1)}\n`);
    continue;
  }
  const started = Date.now();
  // One gate at a time: the tests' deadlines want the machine for themselves.
  const { ok, away, counted, failures } = await run(gate);
  if (away !== undefined) {
    total.skipped += 1;
    lines.push(`skipped  ${gate.name}: ${away}`);
    process.stdout.write(`${lines.at(-1)}\n`);
    continue;
  }
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  total.passed += (counted?.passed ?? 0) + (ok ? 1 : 0);
  total.failed += (counted?.failed ?? 0) + (ok ? 0 : 1);
  total.skipped += counted?.skipped ?? 0;
  const detail = counted === undefined ? '' : `, tests: ${counted.passed} good, ${counted.failed} bad, ${counted.skipped} left out`;
  lines.push(`${ok ? 'ok      ' : 'FAILED  '} ${gate.name} (${seconds} s${detail})`);
  process.stdout.write(`${lines.at(-1)}\n`);
  lines.push(...failures.map((line) => `         ${line}`));
}
process.stdout.write(`\n${lines.join('\n')}\n\nTests and gates together:\n`);
process.stdout.write(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}\n`);
process.exitCode = total.failed > 0 ? 1 : 0;
