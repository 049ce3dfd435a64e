/** Callers behind a load balancer: they go on submitting while the apis come and go. */
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request, type Dispatcher } from 'undici';
import type { QuireProcess } from '../../scripts/quire-process.ts';
import type { SubmitAnswer } from '../../src/app/batches/batch-view.ts';

const CALLERS = 4;
/** Between two requests of one caller. Whoever looks at every job afterwards asks for all of them. */
const PAUSE_MS = 120;
/** Links of each batch. */
export const LINKS = 2;

/** An api as a load balancer sees it: traffic goes to it while its last probe was good. */
export interface Backend {
  quire: QuireProcess;
  ready: boolean;
}

/** Probes every backend as often as a load balancer might, over connections of its own. */
export function watch(backends: () => readonly Backend[]): () => Promise<void> {
  const over = new AbortController();
  const probing = (async () => {
    while (!over.signal.aborted) {
      await Promise.all(
        backends().map(async (backend) => {
          const probe = await fetch(`${backend.quire.address}/readyz`, {
            headers: { connection: 'close' },
            signal: AbortSignal.timeout(2_000),
          }).catch(() => null);
          backend.ready = probe?.status === 200;
        }),
      );
      await pause(50);
    }
  })();
  return async () => {
    over.abort();
    await probing;
  };
}

/** A connection that was refused carried nothing: the caller may try elsewhere. Anything else that breaks is a request of unknown fate. */
const wasRefused = (error: unknown): boolean => (error as { code?: string }).code === 'ECONNREFUSED';

export interface Load {
  /** Ids of the batches that were answered with 202. */
  accepted: string[];
  /** Connections that were refused before a byte of a request was sent. */
  refused: number;
  /** What else went wrong: there should be nothing. */
  broken: unknown[];
  stop(): Promise<void>;
}

/** Callers who submit one batch after the other to any api that says it is ready, on connections that they keep. */
export function startLoad(backends: () => readonly Backend[]): Load {
  const dispatcher = new Agent({ keepAliveTimeout: 60_000, connections: CALLERS, bodyTimeout: 20_000, headersTimeout: 20_000 });
  const load: Load = { accepted: [], refused: 0, broken: [], stop: async () => undefined };
  const over = new AbortController();
  let turn = 0;
  let nextBook = 1_200_000_000;
  const submit = async (): Promise<void> => {
    const ready = backends().filter((backend) => backend.ready);
    const backend = ready[(turn += 1) % ready.length];
    if (!backend) return;
    const links = Array.from({ length: LINKS }, () => `https://www.goodreads.com/book/show/${(nextBook += 1)}`);
    const options: { dispatcher: Dispatcher; method: 'POST'; headers: Record<string, string>; body: string } = {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(links),
    };
    try {
      const { statusCode, body } = await request(`${backend.quire.address}/parse-links`, options);
      const answer = (await body.json()) as SubmitAnswer;
      if (statusCode === 202) load.accepted.push(answer.batchId);
      else load.broken.push({ statusCode, answer });
    } catch (error) {
      if (wasRefused(error)) load.refused += 1;
      else load.broken.push(error);
    }
  };
  const callers = Array.from({ length: CALLERS }, async () => {
    while (!over.signal.aborted) {
      await submit();
      await pause(PAUSE_MS);
    }
  });
  load.stop = async () => {
    if (over.signal.aborted) return;
    over.abort();
    await Promise.all(callers);
    await dispatcher.close();
  };
  return load;
}
