/**
 * `/dashboard`: bull-board over BullMQ's queues, read-only. Quire's own records decide what a job is, so the API retries and cancels jobs.
 * The dashboard shows what users sent, so it is open on loopback alone, or behind a key.
 */
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { LedgerPeriod } from '../../crawl/ledger.ts';
import { QuireError } from '../../errors.ts';
import { isLoopbackHost } from '../../domain/loopback.ts';
import { isAskedByLoopbackName } from '../plugins/cross-origin.ts';
import type { DashboardQueue, HttpDependencies, SourceReader } from '../dependencies.ts';
import { escapeHtml, sendPage } from '../answers/html.ts';
import { sendProblem } from '../answers/problem.ts';

const PATH = '/dashboard';

export interface DashboardOptions {
  deps: Pick<HttpDependencies, 'config' | 'keys' | 'queues' | 'workerName' | 'store' | 'source'>;
}

const LEDGER_DAYS = 14;

/** The page loads nothing from elsewhere. Its styles are partly set by its scripts. */
const CSP =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/** The board's page asks Google for its fonts. Without the link the browser takes the fonts it has. */
const FOREIGN_LINK = /\s*<link\b[^>]*\bhref="(?:https?:)?\/\/[^>]*>/g;

/** BullMQ finds workers among the connections of a server. The embedded store has none: its worker is this very process. */
class EmbeddedAdapter extends BullMQAdapter {
  readonly #name: string;

  constructor(queue: DashboardQueue, { name, ...options }: { name: string; readOnlyMode: boolean }) {
    super(queue, options);
    this.#name = name;
  }

  override async getWorkers(): ReturnType<BullMQAdapter['getWorkers']> {
    return [{ id: String(process.pid), name: this.#name, addr: 'this process', age: Math.round(process.uptime()) }];
  }
}

function ledgerTable(title: string, periods: LedgerPeriod[]): string {
  const rows = periods.toReversed().map(({ at, requests, bytes, outcomes }) => {
    const became = Object.entries(outcomes).map(([outcome, n]) => `${n} ${outcome}`);
    return `<tr><td>${escapeHtml(at)}<td>${requests}<td>${(bytes / 1e6).toFixed(1)}<td>${escapeHtml(became.join(', '))}`;
  });
  return `<h2>${title}</h2><table><tr><th>UTC<th>Requests<th>MB received<th>Outcomes${rows.join('') || '<tr><td colspan="4">Nothing was asked.'}</table>`;
}

/** Why a request may not see the dashboard, or `null`. Keys were asked for before this. */
function refusal({ config: { host }, keys }: DashboardOptions['deps'], request: FastifyRequest): string | null {
  if (keys.required()) return null;
  if (!isLoopbackHost(host))
    return `The dashboard is closed: Quire listens on ${host}, where others can reach it, and there are no keys. Set API_KEYS or make a key, and log in with it as password, or set HOST=127.0.0.1.`;
  // Stricter than the rest: the host of PUBLIC_URL does not open it.
  if (!isAskedByLoopbackName(request))
    return 'Without keys the dashboard answers only under the names of this machine: 127.0.0.1, localhost, [::1].';
  return null;
}

/** A page of jobs beyond this is empty in any queue. The stores count no further than some 10^18 jobs. */
const LAST_PAGE = 1_000_000_000;

/** Refuses values that the board would pass on and the store cannot take: NUL, and numbers that are too large. */
function checkNames({ url, query }: FastifyRequest): void {
  if (/%00/.test(url)) throw new QuireError('not-found', 'No queue and no job of the dashboard has such a name.');
  const { page } = query as { page?: unknown };
  if (Number(page) > LAST_PAGE) {
    throw new QuireError('invalid-request', 'There is no such page of jobs.', {
      errors: [{ pointer: '/query/page', detail: `must be at most ${LAST_PAGE}` }],
    });
  }
}

/** What stands before every page of the dashboard. */
function installGuards(app: FastifyInstance, deps: DashboardOptions['deps']): void {
  app.addHook('onRequest', async (request, reply: FastifyReply) => {
    const reason = refusal(deps, request);
    if (reason !== null) return sendProblem(request, reply, 'forbidden', { detail: reason });
    reply.header('content-security-policy', CSP);
    checkNames(request);
    // BullMQ waits for a store that is away; a person should not.
    if (request.url.startsWith(`${PATH}/api/`)) await deps.store.ping();
  });

  app.addHook('onSend', async (_request, reply, payload) =>
    typeof payload === 'string' && String(reply.getHeader('content-type')).startsWith('text/html')
      ? payload.replaceAll(FOREIGN_LINK, '')
      : payload,
  );
}

/** bull-board's own routes. */
function createBoard({ queues, workerName, store }: DashboardOptions['deps']): FastifyAdapter {
  const adapter = new FastifyAdapter();
  createBullBoard({
    queues: queues.map((queue) =>
      store.kind === 'embedded'
        ? new EmbeddedAdapter(queue, { name: workerName, readOnlyMode: true })
        : new BullMQAdapter(queue, { readOnlyMode: true }),
    ),
    // Its own types disagree with each other under exactOptionalPropertyTypes.
    serverAdapter: adapter as unknown as Parameters<typeof createBullBoard>[0]['serverAdapter'],
    options: {
      // The icon and its details are those of Redis alone.
      uiConfig: {
        boardTitle: 'Quire',
        hideRedisDetails: store.kind !== 'redis',
        hideDocsLink: true,
        miscLinks: [{ text: 'How gently we crawl', url: `${PATH}/ledger` }],
      },
    },
  });
  // The app's own handler answers. The board's handler would show the store's words.
  adapter.setErrorHandler((error) => {
    throw error;
  });
  adapter.setBasePath(PATH);
  return adapter;
}

/** The page about the source and its ledger. */
async function ledgerPage(source: SourceReader): Promise<string> {
  const { days, hours } = await source.ledger({ days: LEDGER_DAYS });
  const { state, reason, requestsToday } = await source.view();
  const why = reason ? `: ${escapeHtml(reason.replace(/\.$/, ''))}` : '';
  const now = `<p>Goodreads is <strong>${state}</strong> to us${why}. ${requestsToday} requests today.</p>`;
  const tables = ledgerTable('By day', days) + ledgerTable('By hour', hours.slice(-48));
  const links = `<p><a href="/source/ledger?days=90">As JSON</a> · <a href="${PATH}">Dashboard</a></p>`;
  return `<h1>How gently we crawl</h1>${now}${tables}${links}`;
}

export async function dashboardRoutes(app: FastifyInstance, { deps }: DashboardOptions): Promise<void> {
  installGuards(app, deps);
  await app.register(createBoard(deps).registerPlugin(), { prefix: PATH });
  app.get(`${PATH}/ledger`, { schema: { hide: true } }, async (_request, reply) =>
    sendPage(reply, 'How gently we crawl', await ledgerPage(deps.source)),
  );
}
