/** What the HTTP part needs from the rest of Quire. */
import type { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger } from 'fastify';
import type { Audit } from '../app/access/audit.ts';
import type { Keys } from '../app/access/keys.ts';
import type { Sessions } from '../app/access/sessions.ts';
import type { Usage } from '../app/access/usage.ts';
import type { ForgetBook } from '../app/forget-book.ts';
import type { ParserWatch } from '../app/parser-watch.ts';
import type { Batches } from '../app/batches/batch-view.ts';
import type { Config } from '../config/config.ts';
import type { LedgerView } from '../crawl/ledger.ts';
import type { EndedToday } from '../app/ended-jobs.ts';
import type { SourceNow } from '../crawl/source/source-now.ts';
import type { SourceView } from '../crawl/source/source-view.ts';
import type { Webhooks } from '../webhooks/webhook-view.ts';
import type { UploadPages } from '../app/saved-pages/upload-pages.ts';
import type { Uploads } from '../app/upload-page.ts';
import type { DryRun } from '../app/dry-run/dry-run.ts';
import type { LookUps } from '../app/look-ups/look-ups.ts';
import type { Jobs } from '../app/jobs/job-view.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Store } from '../storage/store.ts';

/** The app in a file of routes: the schema of a route gives its handler the types. */
export type TypedApp = Parameters<FastifyPluginAsyncTypebox>[0];

/** The source: `view()` is the answer of `GET /source`, `ledger()` the answer of `GET /source/ledger`. */
export interface SourceReader {
  view(): Promise<SourceView>;
  /** At most a second old, and costs nothing. */
  current(): Pick<SourceNow, 'mode' | 'nextProbeAtMs'>;
  ledger(query: { days: number }): Promise<LedgerView>;
}

/** Whether this process can do its work, and what each check said: `ok` or a sentence. */
export interface Readiness {
  ready: boolean;
  checks: Record<string, string>;
}

/** A queue of BullMQ, as bull-board takes it. */
export type DashboardQueue = ConstructorParameters<typeof BullMQAdapter>[0];

export interface HttpDependencies {
  config: Pick<Config, 'accessLog' | 'host' | 'publicUrl' | 'trustProxy'>;
  keys: Keys;
  sessions: Sessions;
  /** What keys use. */
  usage: Usage;
  /** What admins did. */
  audit: Audit;
  /** Quire's version, as `/openapi.yaml` and `/livez` tell it. */
  version: string;
  /** Fastify needs a logger with `child()` and levels; the HTTP part itself uses no more of it than `Log`. */
  log: FastifyBaseLogger;
  store: Pick<Store, 'kind' | 'books' | 'batches' | 'documents' | 'search' | 'signals' | 'pages' | 'ping'>;
  batches: Batches;
  jobs: Jobs;
  /** Asks Goodreads small questions, by way of the workers. */
  lookUps: LookUps;
  /** Tells what a submission would bring. */
  dryRun: DryRun;
  /** Jobs that ended since midnight UTC. */
  endedToday: EndedToday;
  metrics: Metrics;
  /** For the dashboard alone: BullMQ's queues, and the name of this process among their workers. */
  queues: readonly DashboardQueue[];
  workerName: string;
  source: SourceReader;
  /** Must answer within 2 s. The process is not ready while the store is away or while it drains. */
  readiness(): Promise<Readiness>;
  /** Takes pages that users saved. */
  uploads: Uploads;
  /** Takes many of them, also in archives. */
  uploadPages: UploadPages;
  webhooks: Webhooks;
  /** Erases what is kept of a book. */
  forgetBook: ForgetBook;
  /** A connection on which no byte moves for so long is closed, in milliseconds. For tests; two minutes when left out. */
  silentMs?: number;
  /** How the parser does lately. */
  parserHealth: ParserWatch['health'];
}
