/** What PGlite does without our graft. A test that fails means that the library has mended the fault: the graft can go. */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { embeddedDirectory } from '../../support/stores.ts';
import { waitUntil } from '../../support/wait-until.ts';

const PANICKING = new URL('panicking-pglite.ts', import.meta.url);

/** Hundredths of a second that a process has kept a processor busy: field 14 of its stat. */
const busy = (pid: number): number => Number(readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ')[13]);

it('a database that panicked never comes back from the next statement', async () => {
  const directory = await embeddedDirectory();
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const child = fork(PANICKING, [join(directory, 'postgres-18')], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout?.on('data', (piece: Buffer) => (said += piece.toString()));
  await waitUntil('the panic', () => said.includes('rejected'), { timeoutMs: 60_000 });
  const pid = child.pid ?? 0;
  const before = busy(pid);
  await waitUntil('the next statement', () => said.includes('back') || busy(pid) - before > 100, { timeoutMs: 60_000 });
  expect(said, 'remove the graft pglite-panic').not.toContain('back');
});
