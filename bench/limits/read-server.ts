/** Limit of `GET /book-info`: a bare Fastify route with one Redis GET of the same bytes, and one that has them in memory. Arguments: Redis URL, key. */
import Fastify from 'fastify';
import { Redis } from 'ioredis';

const [url = '', key = ''] = process.argv.slice(2);
const redis = new Redis(url);
const kept = (await redis.getBuffer(key)) ?? Buffer.alloc(0);
const app = Fastify();
app.get('/redis', async (_request, reply) =>
  reply.header('content-type', 'application/json; charset=utf-8').send(await redis.getBuffer(key)),
);
app.get('/memory', (_request, reply) => reply.header('content-type', 'application/json; charset=utf-8').send(kept));
process.stdout.write(`${JSON.stringify({ address: await app.listen({ port: 0, host: '127.0.0.1' }) })}\n`);
process.once('SIGTERM', () => {
  redis.disconnect();
  void app.close();
});
