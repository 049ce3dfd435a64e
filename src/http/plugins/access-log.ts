/** One line for each request: ACCESS_LOG. */
import type { FastifyInstance } from 'fastify';

/** Characters of a path that are logged. */
const MOST_PATH = 200;

/** Logs every request when its answer is sent. The query stays out, because callers may put secrets there. */
export function installAccessLog(app: FastifyInstance): void {
  app.addHook('onResponse', (request, reply, done) => {
    const [path = ''] = request.url.split('?', 1);
    request.log.info(
      {
        reqId: request.id,
        method: request.method,
        path: path.slice(0, MOST_PATH),
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        from: request.ip,
      },
      'a request was answered',
    );
    done();
  });
}
