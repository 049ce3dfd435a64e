import { createServer } from 'node:net';
import Fastify from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { StartError } from '../../../src/errors.ts';
import { listenOn } from '../../../src/http/listen.ts';

const refusal = async (error: NodeJS.ErrnoException): Promise<unknown> => {
  // A test that runs as root may open every port, so the system's refusal is played.
  const app = Fastify();
  app.listen = async (): Promise<never> => {
    throw error;
  };
  return listenOn(app, { host: '127.0.0.1', port: 80 }).catch((thrown: unknown) => thrown);
};

it('a port without the right to it is told with the remedy', async () => {
  const thrown = await refusal(Object.assign(new Error('listen EACCES'), { code: 'EACCES' }));
  expect(thrown).toBeInstanceOf(StartError);
  expect((thrown as Error).message).toMatch(/^PORT 80 may not be opened by this user: set PORT to one from 1024 on/);
});

it('what is no refusal of the system stays as it is', async () => {
  const error = new Error('a fault of ours');
  expect(await refusal(error)).toBe(error);
});

it('a port in use is told with the remedy', async () => {
  const owner = createServer();
  onTestFinished(() => void owner.close());
  const port = await new Promise<number>((resolve) => {
    owner.listen(0, '127.0.0.1', () => resolve((owner.address() as { port: number }).port));
  });
  await expect(listenOn(Fastify(), { host: '127.0.0.1', port })).rejects.toThrow(`PORT ${port} is in use on 127.0.0.1: stop`);
});
