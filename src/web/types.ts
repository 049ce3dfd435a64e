/** Answers of the API, as far as the page reads them. */
export interface BookCard {
  id: string;
  title: string;
  authors: string[];
  series: { title: string; position: string | null }[];
  rating: number | null;
  ratingsCount: number | null;
  format: string | null;
  pages: number | null;
  year: number | null;
  language: string | null;
  coverUrl: string | null;
  fetchedAt: string;
}

export interface Collection {
  title: string | null;
  claimed: number | null;
  found: number;
  taken: number;
  pages: number;
  cutOff: string | null;
}

export interface Item {
  index: number;
  input: string;
  kind: string | null;
  family: string | null;
  collection: Collection | null;
  state: string;
  jobId: string | null;
  bookId: string | null;
  url: string | null;
  reason: string | null;
  duplicates: number;
  via: number | null;
  book?: BookCard | null;
  /** Whether the page is kept on which the job failed. */
  pageKept?: boolean;
}

export interface Batch {
  batchId: string;
  state: 'running' | 'completed' | 'cancelled';
  total: number;
  counts: Record<string, number>;
  priority: string;
  createdAt: string;
  finishedAt: string | null;
  open: boolean;
  found: string[];
  etaSeconds: number | null;
}

export interface Source {
  state: string;
  since: string | null;
  reason: string | null;
  nextProbeAt: string | null;
  retryAfterUntil: string | null;
  rate: number | null;
  fullRate: number | null;
  requestsToday: number;
  robots: {
    fetchedAt: string | null;
    present: boolean;
    allowsBooks: boolean;
    rule: string | null;
    crawlDelaySeconds: number | null;
  } | null;
  quietHours: { hours: string; until: string | null } | null;
}

export interface Stats {
  backlog: { waiting: number; active: number; delayed: number; failed: number };
  books: number;
}

export interface DryEntry {
  input: string;
  kind: string | null;
  family?: string;
  books: number | null;
  stored: number;
  fresh: number;
  pages: number | null;
  seconds: number | null;
  source?: string;
  reason?: string;
  duplicates?: number;
}

export interface DryRun {
  entries: DryEntry[];
  totals: { entries: number; books: number; stored: number; fresh: number; pages: number; seconds: number | null; unknown: number };
}

export interface Found {
  items: { bookId: string; title: string; author: string | null; stored: boolean }[];
  reason: string | null;
}

export interface Uploaded {
  entries: { name: string; outcome: string; bookId?: string; books?: number; reason?: string }[];
  ignored: number;
  batchId?: string;
}

/** The states after which nothing more happens to an item. */
const SETTLED = ['parsed', 'not-found', 'failed', 'cancelled', 'cached', 'invalid', 'expanded', 'disallowed', 'skipped', 'expired'];

export const settledOf = ({ counts }: Pick<Batch, 'counts'>): number => SETTLED.reduce((sum, state) => sum + (counts[state] ?? 0), 0);

export interface Book extends Omit<BookCard, 'authors' | 'year'> {
  author: string;
  authors: { name: string; role: string | null }[];
  description: string | null;
  url: string;
  ratingsDistribution: number[];
  publishedDate: string | null;
  originalPublishedYear: number | null;
  sources: Record<string, string>;
}

interface Period {
  at: string;
  requests: number;
  outcomes: Record<string, number>;
}

export interface Ledger {
  hours: Period[];
  days: Period[];
}

export interface WaitingJob {
  jobId: string;
  url: string;
  waiters: number;
  createdAt: string;
}

export interface FailedJob {
  jobId: string;
  url: string;
  attempts: number;
  settledAt: string | null;
  lastError: { code: string; detail: string } | null;
}

export interface Webhook {
  id: string;
  url: string;
  events: string[];
  state: string;
  disabledReason: string | null;
  createdAt: string;
}

export interface Delivery {
  type: string;
  state: string;
  createdAt: string;
  attempts: { status: number | null; error: string | null }[];
  note: string | null;
}

export interface Session {
  keysRequired: boolean;
  via: 'none' | 'key' | 'session';
  name: string | null;
}
