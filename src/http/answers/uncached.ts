/** Answers that are for no cache: some hold secrets, and all change. */
import type { FastifyReply } from 'fastify';

export const sendUncached = (reply: FastifyReply, status: number, body: object): FastifyReply =>
  reply.code(status).header('cache-control', 'no-store').send(body);
