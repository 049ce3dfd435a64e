import { createServer } from 'node:net';

/**
 * Returns a TCP port on loopback that was free a moment ago. Another process can take it before the caller does: see
 * {@link onFreePort}.
 */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') return reject(new Error('the listening socket has no port'));
      server.close((error) => (error ? reject(error) : resolve(address.port)));
    });
  });
}

/** Starts something on a free port, and once more on another when the first was taken in the meantime. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  try {
    return await start(await freePort());
  } catch (error) {
    if (!/in use/i.test(String(error))) throw error;
    return start(await freePort());
  }
}
