/** What happens to a store before it becomes a fixture: the story that `make-upgrade-fixtures.ts` plays on each kind of store. */
import type { Control, Goodreads } from './goodreads-stand-in.ts';
import { loadPages } from './goodreads-pages.ts';
import type { QuireProcess } from './quire-process.ts';
import type { Receiver } from '../test/integration/webhooks/receiver.ts';
import { UPGRADE_SETTINGS, type UpgradeExpected } from '../test/support/upgrade-fixtures.ts';
import type { Json } from '../test/support/upgrade-reading.ts';
import { waitUntil } from '../test/support/wait-until.ts';

/** The processes of one store, which are started again and again with other settings. */
export interface Stage {
  site: Goodreads;
  receiver: Receiver;
  /** The process that answers HTTP. */
  api(): QuireProcess;
  /** Stops the worker if one runs, and starts one with these settings. */
  work(settings: Record<string, string>): Promise<void>;
}

const book = (id: string): string => `https://www.goodreads.com/book/show/${id}`;
const isbn = (number: string): string => `https://www.goodreads.com/book/isbn/${number}`;

const GONE = '404404';
const GONE_ON_SECOND_LOOK = '404406';
/** This book comes by its ISBN, and is merged into {@link MERGED_INTO} later. */
const MERGED = { id: '7200001', isbn: '9787234560005' };
const MERGED_INTO = '7100004';
/** A book that was only ever known as merged into another. */
const MERGED_EARLY = '1000000050';
const CUT_OFF = ['1000000102', '1000000103', '1000000106'];
const TRUNCATED = '1000000101';
const DISALLOWED = '1000000104';
const UPLOADED = '1000000105';
const DELAYED = ['1000000201', '1000000202', '1000000203'];
const LOOKED_AT_ONCE = '1000000204';
const BLOCKED = ['1000000301', '1000000302', '1000000303', '1000000304'];
const SECRETS = ['first', 'second', 'third', 'fourth', 'fifth'].map(
  (word) => `whsec_${Buffer.from(`the ${word} secret of the upgrade tests`).toString('base64')}`,
);
/** Each of these waits is over soon enough for the tests, and long enough for the story. */
const RECEIVER_BUSY_SECONDS = '600';
const TIMEOUT_MS = 60_000;

const until = (what: string, probe: () => Promise<boolean | undefined>): Promise<unknown> =>
  waitUntil(what, probe, { timeoutMs: TIMEOUT_MS, everyMs: 100 });

const all = (ids: readonly string[], mode: NonNullable<Control['mode']>): NonNullable<Control['modes']> =>
  Object.fromEntries(ids.map((id) => [id, mode]));

/** Plays the story. At its end a worker still runs, and the source is blocked. */
export async function playUpgradeStory({
  site,
  receiver,
  api,
  work,
}: Stage): Promise<Omit<UpgradeExpected, 'version' | 'madeAt' | 'reading'>> {
  const send = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Json> => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const type: Record<string, string> = text === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await fetch(api().address + path, {
      method,
      headers: { ...type, ...headers },
      ...(text === undefined ? {} : { body: text }),
    });
    const told = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}: ${told}`);
    return (told === '' ? {} : JSON.parse(told)) as Json;
  };
  const submit = async (urls: string[], more: Json = {}): Promise<string> =>
    (await send('POST', '/parse-links', { urls, ...more }))['batchId'] as string;
  const ended = async (batchId: string): Promise<string> => {
    await until('a batch to end', async () => (await send('GET', `/batches/${batchId}`))['state'] !== 'running');
    return batchId;
  };
  const jobsAre = async (ids: string[], fits: (job: Json) => boolean): Promise<void> => {
    for (const id of ids) await until(`job ${id} to get there`, async () => fits(await send('GET', `/jobs/book-${id}`)));
  };
  const event =
    (name: string) =>
    (job: Json): boolean =>
      (job['timeline'] as Json[]).some((entry) => entry['event'] === name);
  const webhook = async (path: string, events: string[], secret: string | undefined): Promise<string> =>
    (await send('POST', '/webhooks', { url: receiver.url.replace('/hook', path), events, secret }))['id'] as string;

  // The first worker: books are parsed, one is not found, two come by their ISBN, and one attempt is all that a job has.
  await work({ CRAWL_ATTEMPTS: '1', NOT_FOUND_RECHECK: '1ms', DRAIN_SECONDS: '0' });
  const ended1 = await ended(
    await submit([
      ...['7100001', '7100002', '7200002', '1000000001', GONE].map(book),
      isbn('9787123450066'),
      isbn(MERGED.isbn),
      `${book('7100001')}?from_search=true`,
      'nonsense',
    ]),
  );
  // The receiver takes calls of `/all`, and wants no more at `/gone`.
  receiver.otherwise = (response, { path }) => void response.writeHead(path === '/gone' ? 410 : 204).end();
  const everything = await webhook('/all', ['*'], SECRETS[0]);
  const disabled = await webhook('/gone', ['book.*'], SECRETS[1]);
  // A worker learns of a new webhook within a second.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await site.control({ mode: 'offsite', ids: [MERGED.id], location: `/book/show/${MERGED_INTO}` });
  const ended2 = await ended(await submit([book(MERGED.id)], { maxAge: 0 }));
  await site.control({ mode: 'offsite', ids: [MERGED_EARLY], location: '/book/show/7200003' });
  const ended3 = await ended(await submit([book(MERGED_EARLY), book('7100001')]));
  await until('calls to be answered', async () => {
    const lists = await Promise.all([everything, disabled].map((id) => send('GET', `/webhooks/${id}/deliveries`)));
    const states = lists.map(({ deliveries }) => (deliveries as Json[]).map(({ state }) => state));
    return (states[0]?.length ?? 0) >= 4 && states.flat().every((state) => state !== 'pending') && states[1]?.includes('failed');
  });

  // The large batch: some of its jobs fail at once, and the others hang until the worker stops.
  await site.control({
    modes: { [TRUNCATED]: 'truncated', ...all(CUT_OFF, 'reset'), ...all([...DELAYED, LOOKED_AT_ONCE, ...BLOCKED], 'hang') },
  });
  const large = await submit(
    [
      ...['1000000002', '7100001', GONE, TRUNCATED, DISALLOWED, ...CUT_OFF, ...DELAYED, LOOKED_AT_ONCE, ...BLOCKED].map(book),
      'http://example.org/no-book',
    ],
    { webhook: { url: receiver.url.replace('/hook', '/own'), secret: SECRETS[2] } },
  );
  await jobsAre([TRUNCATED, DISALLOWED, ...CUT_OFF], ({ state }) => state === 'failed');

  // The second worker: jobs have more attempts, so those that fail now wait for the next one. A "not found" waits for its second look.
  await site.control({ modes: { ...all(DELAYED, 'reset'), [LOOKED_AT_ONCE]: 'missing', ...all(BLOCKED, 'hang') } });
  await work({ CRAWL_BACKOFF: '10m', NOT_FOUND_RECHECK: '10m', DRAIN_SECONDS: '0' });
  const looked = await submit([book(GONE_ON_SECOND_LOOK)]);
  await jobsAre([...DELAYED, LOOKED_AT_ONCE, GONE_ON_SECOND_LOOK], ({ state }) => state === 'delayed');

  // The third worker: Goodreads sends a challenge, and everything else waits.
  await site.control({ mode: 'challenge' });
  await work({ BLOCK_PROBE: '4m', DRAIN_SECONDS: '0' });
  await until('the source to be blocked', async () => (await send('GET', '/source'))['state'] === 'blocked');
  await jobsAre(BLOCKED, ({ state }) => state === 'blocked');
  await until('a job to have seen the challenge', async () => {
    const jobs = await Promise.all(BLOCKED.map((id) => send('GET', `/jobs/book-${id}`)));
    return jobs.some(event('blocked'));
  });

  // From here on the receiver is busy.
  receiver.otherwise = (response) => void response.writeHead(503, { 'retry-after': RECEIVER_BUSY_SECONDS }).end();
  const rotated = await webhook('/batches', ['batch.*'], SECRETS[3]);
  await send('POST', `/webhooks/${rotated}/rotate`, { secret: SECRETS[4] });
  const bulk = await submit(['1000000401', '1000000402'].map(book), { priority: 'bulk' });
  const urgent = await submit([BLOCKED[0] ?? '', '1000000403'].map(book), {
    priority: 'interactive',
    webhook: { url: receiver.url.replace('/hook', '/default') },
  });
  const cancelled = await submit(['1000000404', '1000000401'].map(book));
  await send('DELETE', `/batches/${cancelled}`);
  const idempotent = { key: 'upgrade-1', body: JSON.stringify([book('1000000405')]) };
  const keyed = await send('POST', '/parse-links', idempotent.body, { 'idempotency-key': idempotent.key });
  await send('GET', '/book-info?id=1000000406&submit=true');
  await send('POST', '/books/7100002/refresh');
  await send('POST', `/jobs/book-${CUT_OFF[1]}/retry`);
  await send('PUT', `/books/${UPLOADED}/page`, loadPages().page(UPLOADED)?.toString('utf8'), { 'content-type': 'text/html' });
  await until('each pending delivery to have been tried once', async () => {
    const lists = await Promise.all([everything, rotated].map((id) => send('GET', `/webhooks/${id}/deliveries`)));
    const pending = lists.map(({ deliveries }) => (deliveries as Json[]).filter(({ state }) => state === 'pending'));
    return (
      pending[0]?.length === 2 && pending[1]?.length === 1 && pending.flat().every(({ attempts }) => (attempts as Json[]).length === 1)
    );
  });

  const parsed = [...DELAYED, LOOKED_AT_ONCE, ...BLOCKED, CUT_OFF[1] ?? '', '7100002'];
  parsed.push('1000000401', '1000000402', '1000000403', '1000000405', '1000000406');
  const stored = ['7100001', '7200002', '1000000001', '1000000002', MERGED_EARLY];
  const isbnOfMerged = `/book-info?isbn=${MERGED.isbn}`;
  return {
    secrets: {
      [everything]: [SECRETS[0] ?? ''],
      [disabled]: [SECRETS[1] ?? ''],
      [rotated]: [SECRETS[4] ?? '', SECRETS[3] ?? ''],
      [large]: [SECRETS[2] ?? ''],
      [urgent]: [UPGRADE_SETTINGS.WEBHOOK_SECRET],
    },
    live: { parsed, notFound: [GONE_ON_SECOND_LOOK] },
    batches: { open: [large, looked, bulk, urgent, keyed['batchId'] as string], ended: [ended1, ended2, ended3], cancelled: [cancelled] },
    idempotent,
    isbnOfMerged,
    mergedInto: MERGED_INTO,
    known: {
      batchIds: [ended1, ended2, ended3, large, looked, bulk, urgent, cancelled, keyed['batchId'] as string],
      jobIds: [
        ...[...parsed, ...stored, GONE, GONE_ON_SECOND_LOOK, TRUNCATED, DISALLOWED, CUT_OFF[0], CUT_OFF[2], MERGED.id, '1000000404'].map(
          (id) => `book-${id}`,
        ),
        'isbn-9787123450066',
        `isbn-${MERGED.isbn}`,
      ],
      names: [
        ...['7100001', MERGED.id, MERGED_EARLY, MERGED_INTO, UPLOADED, GONE, TRUNCATED, '1000000301', '1000000404', '12345'].map(
          (id) => `/book-info?id=${id}`,
        ),
        '/book-info?isbn=9787123450066',
        '/book-info?isbn=712345006X',
        isbnOfMerged,
        `/book-info?url=${encodeURIComponent(`${book('7100001')}-some-slug?from_search=true`)}`,
      ],
    },
  };
}
