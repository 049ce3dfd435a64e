/** What systemd hears of a start and a stop. Node cannot listen on the kind of socket that systemd uses, so Python does. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { findOnPath } from '../support/server-binaries.ts';
import { openScene } from './scene.ts';

const python = findOnPath('python3');
const notify = findOnPath('systemd-notify');
const canHear = python !== undefined && notify !== undefined;
if (!canHear) process.stderr.write('python3 or systemd-notify is not here: the test of sd_notify is SKIPPED.\n');

/** Prints each message as a JSON string, and answers a barrier by closing the descriptor that came with it. */
const LISTENER = `
import json, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print(json.dumps("bound"), flush=True)
while True:
    data, fds, _, _ = socket.recv_fds(s, 4096, 4)
    for fd in fds: os.close(fd)
    print(json.dumps(data.decode()), flush=True)
`;

it.skipIf(!canHear)('hears READY once Quire takes requests, and STOPPING when it is asked to stop', async () => {
  const { start, dir } = await openScene('embedded');
  const socket = join(dir, 'notify');
  const child: ChildProcessByStdio<null, Readable, null> = spawn(python ?? '', ['-c', LISTENER, socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => JSON.parse(((await lines.next()) as IteratorResult<string, string>).value) as string;
  try {
    expect(await next()).toBe('bound');
    const quire = await start({ env: { NOTIFY_SOCKET: socket } });
    expect(await next()).toBe(`READY=1\nSTATUS=${quire.address}`);
    expect(await next()).toBe('BARRIER=1');
    expect(await quire.stop()).toMatchObject({ code: 0 });
    expect(await next()).toBe('STOPPING=1\nSTATUS=draining');
    expect(quire.log.filter(({ level }) => level >= 40).map(({ msg }) => msg)).not.toContainEqual(expect.stringContaining('systemd'));
  } finally {
    child.kill();
    await once(child, 'close');
  }
});
