/** What pg does without our graft. A test that fails means that the library has mended the fault: the graft can go. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { Client } from 'pg';
import { expect, it, onTestFinished, vi } from 'vitest';
import { sharedPostgresUrl } from '../../support/postgres-server.ts';

it('the end of a client waits for a server that is silent', async () => {
  const url = new URL(sharedPostgresUrl());
  const port = Number(url.port);
  const ends: Socket[] = [];
  // The way to the server swallows the goodbye of the client, as a firewall that forgot about the connection does.
  const way = createServer({ allowHalfOpen: true }, (socket) => {
    const target = connect(port, '127.0.0.1');
    socket.on('data', (piece) => void (piece[0] !== 'X'.charCodeAt(0) && target.write(piece)));
    target.on('data', (piece) => void socket.write(piece));
    target.on('error', () => undefined);
    ends.push(socket, target);
  });
  way.listen(0, '127.0.0.1');
  await once(way, 'listening');
  onTestFinished(() => void way.close());
  url.port = String((way.address() as AddressInfo).port);
  const client = new Client({ connectionString: url.href });
  await client.connect();
  const settled = vi.fn<() => void>();
  const goodbye = client.end().then(settled, settled);
  await once(ends[0]!, 'end');
  await new Promise((resolve) => setImmediate(resolve));
  expect(settled, 'remove the graft pg-silent-goodbye').not.toHaveBeenCalled();
  for (const end of ends) end.destroy();
  await goodbye;
});
