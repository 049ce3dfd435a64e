/**
 * Limit of `GET /book-info`: bare Fastify routes that send the same bytes, one after a Redis GET of the number asked for, one out of memory.
 * Arguments: Redis URL, prefix of the keys, number of the book in memory.
 */
import Fastify from 'fastify';
import { Redis } from 'ioredis';

const [url = '', prefix = '', kept = ''] = process.argv.slice(2);
const redis = new Redis(url);
const body = await redis.getBuffer(prefix + kept);
const app = Fastify();
app.get('/redis', async (request, reply) => {
  const { id } = request.query as { id: string };
  return reply.header('content-type', 'application/json; charset=utf-8').send(await redis.getBuffer(prefix + id));
});
app.get('/memory', async (_request, reply) => reply.header('content-type', 'application/json; charset=utf-8').send(body));
process.stdout.write(`${JSON.stringify({ address: await app.listen({ port: 0, host: '127.0.0.1' }) })}\n`);
process.once('SIGTERM', () => {
  redis.disconnect();
  void app.close();
});
