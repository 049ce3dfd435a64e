/** Reads every key of a Redis store, and holds its indexes against what they list: see `storage/redis/scripts.ts` for the keys. */
import { Redis } from 'ioredis';
import { HEADER_BYTES } from '../../../src/storage/redis/scripts.ts';
import { emptyContents, QUEUES, type Contents } from './contents.ts';
import { readQueue } from './redis-queue.ts';
import { readSearch } from './redis-search.ts';

const AT_ONCE = 500;
/** Pages are kept for a week: their names stay until newer ones push them out. */
const PAGE_MS = 7 * 86_400_000;
const INDEXES = new Set([
  'books',
  'docs',
  'docs-ending',
  'open',
  'batches-open',
  'batches-ended',
  'unannounced',
  'solo',
  'failed',
  'finished',
  'pages',
  'search',
  'search-entries',
]);

/** The keys of a store by name without prefix, and the questions asked about many of them at once. */
export interface Keys {
  redis: Redis;
  prefix: string;
  names: ReadonlySet<string>;
  /** Runs one command for each name, in order. */
  each<T>(names: readonly string[], ask: (key: string) => Promise<T>): Promise<T[]>;
  /** Those names that begin so, without it. */
  startingWith(start: string, form: RegExp): string[];
}

async function openKeys(redis: Redis, prefix: string): Promise<Keys> {
  const names = new Set<string>();
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 1_000);
    for (const key of keys) names.add(key.slice(prefix.length));
    cursor = next;
  } while (cursor !== '0');
  return {
    redis,
    prefix,
    names,
    async each(of, ask) {
      const answers = [];
      for (let from = 0; from < of.length; from += AT_ONCE) {
        answers.push(...(await Promise.all(of.slice(from, from + AT_ONCE).map((name) => ask(prefix + name)))));
      }
      return answers;
    },
    startingWith: (start, form) =>
      [...names].flatMap((name) => (name.startsWith(start) && form.test(name.slice(start.length)) ? [name.slice(start.length)] : [])),
  };
}

async function readNames(keys: Keys, contents: Contents): Promise<Set<string>> {
  const listed = new Set(await keys.redis.zrange(`${keys.prefix}books`, 0, '-1'));
  const names = [...keys.names].filter((name) => /^(book|isbn|asin)-/.test(name));
  const values = await keys.each(names, (key) => keys.redis.getBuffer(key));
  const ends = await keys.each(names, (key) => keys.redis.pexpiretime(key));
  names.forEach((name, at) => {
    const value = values[at];
    const kind = value?.toString('latin1', 0, 1);
    if (!value || !kind) return;
    if ((ends[at] ?? -1) < 0) contents.remarks.push(`key ${name} never ends`);
    const leadsTo = kind === 'A' ? value.toString('latin1', 1) : null;
    const number = (from: number, to: number): number => Number(value.toString('latin1', from, to));
    const copy =
      kind === 'Q'
        ? {
            fetchedAtMs: number(1, 14),
            freshUntilMs: number(14, 27),
            etag: value.toString('latin1', 30, 46),
            body: value.toString('utf8', HEADER_BYTES),
          }
        : null;
    if (!['Q', 'A', 'M'].includes(kind)) contents.remarks.push(`key ${name} holds neither a copy nor an alias nor a "missing"`);
    if (copy && !listed.delete(name.slice(5))) contents.remarks.push(`key ${name} holds a copy that is not in the list of books`);
    contents.names.push({ name, leadsTo, copy });
  });
  for (const id of listed) contents.remarks.push(`the list of books has ${id}, of which there is no copy`);
  await readSearch(keys, contents);
  const lists = await readAliasLists(keys, contents);
  return new Set([...names, ...lists]);
}

/** The lists of names that lead to a book. A name that leads elsewhere by now goes with the next parse of the book. */
async function readAliasLists(keys: Keys, contents: Contents): Promise<string[]> {
  const ids = keys.startingWith('aliases:', /^\d+$/);
  const lists = ids.map((id) => `aliases:${id}`);
  const members = await keys.each(lists, (key) => keys.redis.smembers(key));
  const ends = await keys.each(lists, (key) => keys.redis.pexpiretime(key));
  lists.forEach((list, at) => {
    if (ends[at] === -1) contents.remarks.push(`key ${list} never ends`);
  });
  const listed = new Map(ids.map((id, at) => [id, new Set(members[at])]));
  for (const { name, leadsTo } of contents.names)
    if (leadsTo !== null && !listed.get(leadsTo)?.has(name))
      contents.remarks.push(`${name} leads to book ${leadsTo}, and is not in the list of its names`);
  return lists;
}

/** The items that live jobs say they settle, by job: held against what the batches say. */
type Waiters = Map<string, Set<string>>;

async function readJobs(keys: Keys, contents: Contents, claimed: Waiters): Promise<Set<string>> {
  const { redis, prefix } = keys;
  const remark = (text: string): number => contents.remarks.push(text);
  const jobIds = keys.startingWith('job:', /^/);
  const hashes = await keys.each(
    jobIds.map((jobId) => `job:${jobId}`),
    (key) => redis.hgetall(key),
  );
  const [failed, solo, finished] = await Promise.all([
    redis.zrange(`${prefix}failed`, 0, '-1'),
    redis.zrange(`${prefix}solo`, 0, '-1'),
    redis.lrange(`${prefix}finished`, 0, -1),
  ]);
  const [inFailed, inSolo, inFinished] = [new Set(failed), new Set(solo), new Set(finished)];
  const letters: Record<string, string> = { live: 'l', parsed: 'p', 'not-found': 'n', failed: 'f', cancelled: 'x' };
  for (const [at, jobId] of jobIds.entries()) {
    const hash = hashes[at] ?? {};
    const [word = '', run = ''] = [hash['s'], hash['r']];
    const state = letters[word] ?? '?';
    if (state === '?' || run === '') remark(`job ${jobId} has the state ${JSON.stringify(word)} and the run ${JSON.stringify(run)}`);
    const entry = `${jobId}.${run}`;
    // Only what stands in one of these two is ever forgotten.
    if (state === 'f' ? !inFailed.delete(entry) : state !== 'l' && !inFinished.has(entry))
      remark(`job ${entry} is ${word}, and in no list from which it would be forgotten`);
    if ((hash['solo'] !== undefined) !== inSolo.delete(jobId)) remark(`job ${jobId} and the list of jobs wanted by themselves disagree`);
    if (state !== 'l' && hash['w']) remark(`job ${jobId} is ${word} and still has waiters`);
    contents.jobs.push({
      jobId,
      run,
      state,
      solo: hash['solo'] !== undefined,
      createdAtMs: Number(hash['c']),
      settledAtMs: hash['t'] ? Number(hash['t']) : null,
      bookId: hash['b'] ?? null,
    });
    claimed.set(jobId, new Set((hash['w'] ?? '').split(' ').filter(Boolean)));
  }
  for (const entry of inFailed) remark(`the list of failed jobs has ${entry}, of which there is no failed record`);
  for (const jobId of inSolo) remark(`the list of jobs wanted by themselves has ${jobId}, which is not`);
  // A job that was submitted again leaves its old run in the list until it comes to its end: the list is capped. Its record is there, under another run.
  const recorded = new Set(jobIds);
  for (const entry of inFinished) {
    const jobId = entry.slice(0, entry.lastIndexOf('.'));
    if (!recorded.has(jobId)) remark(`the list of finished jobs has ${entry}, of which there is no record`);
  }
  if (finished.length !== inFinished.size) remark('the list of finished jobs has a run twice');
  return new Set(jobIds.map((jobId) => `job:${jobId}`));
}

async function readBatches(keys: Keys, contents: Contents, claimed: Waiters): Promise<Set<string>> {
  const { redis, prefix } = keys;
  const remark = (text: string): number => contents.remarks.push(text);
  const ids = new Set(keys.startingWith('batch:', /^/).map((name) => name.split(':')[0] ?? ''));
  const [open, unannounced] = await Promise.all([redis.zrange(`${prefix}open`, 0, '-1'), redis.zrange(`${prefix}unannounced`, 0, '-1')]);
  const inOpen = new Set(open);
  const listed = new Set<string>();
  for (const state of ['open', 'ended'])
    for (const batchId of await redis.zrange(`${prefix}batches-${state}`, 0, '-1')) listed.add(`${state} ${batchId}`);
  const seen = new Set<string>();
  const finishedIds = new Set<string>();
  for (const batchId of ids) {
    const key = `${prefix}batch:${batchId}`;
    const parts = ['', ':items', ':states', ':log'];
    const [hash, lines, states, log, ...ends] = await Promise.all([
      redis.hgetall(key),
      redis.lrange(`${key}:items`, 0, -1),
      redis.get(`${key}:states`),
      redis.llen(`${key}:log`),
      ...parts.map((part) => redis.pexpiretime(key + part)),
    ]);
    for (const part of parts) if (keys.names.has(`batch:${batchId}${part}`)) seen.add(`batch:${batchId}${part}`);
    if (!hash['total']) {
      remark(`batch ${batchId} has parts, and is none`);
      continue;
    }
    const finished = hash['finished'] !== undefined;
    if (finished) finishedIds.add(batchId);
    ends.forEach((end, at) => {
      // -2: no such part, as for a batch without a log.
      if (end !== -2 && end > 0 !== finished) remark(`batch:${batchId}${parts[at]} ${finished ? 'never ends' : 'ends before its batch'}`);
    });
    if (inOpen.delete(batchId) === finished)
      remark(`batch ${batchId} ${finished ? 'has ended and is listed as open' : 'is open and not listed'}`);
    if (!listed.delete(`${finished ? 'ended' : 'open'} ${batchId}`)) remark(`batch ${batchId} is not in the list of batches`);
    const letters = states ?? '';
    if (letters.length !== lines.length) remark(`batch ${batchId} has ${lines.length} items and ${letters.length} states`);
    const settledLater = letters.replaceAll(/[^pfx]/g, '').length;
    if (log < settledLater || log > letters.length)
      remark(`batch ${batchId} has ${log} entries in its log, ${settledLater} items were settled later`);
    contents.batches.push({ batchId, total: Number(hash['total']), queued: Number(hash['q']), finished });
    lines.forEach((line, index) => {
      const jobId = (JSON.parse(line) as [string])[0] || null;
      const state = letters[index] ?? '?';
      contents.items.push({ batchId, index, jobId, state });
      if (state === 'q' && jobId !== null && !claimed.get(jobId)?.delete(`${batchId}.${index}`))
        remark(`item ${batchId}.${index} waits for ${jobId}, which does not know it`);
    });
  }
  for (const [jobId, waiters] of claimed)
    for (const waiter of waiters) remark(`job ${jobId} has the waiter ${waiter}, which does not wait`);
  for (const batchId of inOpen) remark(`the list of open batches has ${batchId}, which there is not`);
  for (const entry of listed) remark(`the list of batches has ${entry}, which there is not`);
  for (const batchId of unannounced)
    if (!finishedIds.has(batchId)) remark(`the list of batches to announce has ${batchId}, which has not ended or is gone`);
  return seen;
}

async function readDocuments(keys: Keys, contents: Contents): Promise<Set<string>> {
  const { redis, prefix } = keys;
  const names = keys.startingWith('doc:', /^/);
  const full = names.map((name) => `doc:${name}`);
  const values = await keys.each(full, (key) => redis.hget(key, 'j'));
  const ends = await keys.each(full, (key) => redis.pexpiretime(key));
  const listed = new Set(await redis.zrange(`${prefix}docs`, 0, '-1'));
  const ending = await redis.zrange(`${prefix}docs-ending`, 0, '-1', 'WITHSCORES');
  const endOf = new Map<string, number>();
  for (let at = 0; at < ending.length; at += 2) endOf.set(ending[at] ?? '', Number(ending[at + 1]));
  names.forEach((key, at) => {
    const end = ends[at] ?? -2;
    // It ended between two questions.
    if (end === -2) return void listed.delete(key);
    const expireAtMs = end < 0 ? null : end;
    contents.documents.push({ key, json: values[at] ?? 'null', expireAtMs });
    if (!listed.delete(key)) contents.remarks.push(`document ${key} is not in the list of documents`);
    // When it ends is listed by the clock of the process that wrote it, which may have been wrong: that does not have to agree.
    if (endOf.has(key) !== (expireAtMs !== null))
      contents.remarks.push(
        `document ${key} ${expireAtMs === null ? 'never ends' : 'ends'}, and the list of those that end says otherwise`,
      );
  });
  // The names of those that ended go with the next writes, ten with each.
  for (const key of listed)
    if (!((endOf.get(key) ?? Infinity) <= Date.now())) contents.remarks.push(`the list of documents has ${key}, which there is not`);
  return new Set(full);
}

async function readTalliesAndPages(keys: Keys, contents: Contents): Promise<Set<string>> {
  const { redis, prefix } = keys;
  const tallies = keys.startingWith('tally:', /^.+:\d+$/);
  const pages = keys.startingWith('page:', /^/);
  const seen = new Set<string>([...tallies.map((name) => `tally:${name}`), ...pages.map((name) => `page:${name}`)]);
  for (const name of tallies) {
    const [, series = '', hour = ''] = /^(.+):(\d+)$/.exec(name) ?? [];
    contents.tallies.push({ series, hour: Number(hour) });
    if ((await redis.pexpiretime(`${prefix}tally:${name}`)) < 0) contents.remarks.push(`tally ${name} never ends`);
    if ((await redis.zscore(`${prefix}tally:${series}`, hour)) === null)
      contents.remarks.push(`tally ${name} is not in the list of its series`);
  }
  for (const series of keys.startingWith('tally:', /^[^:]+$/)) {
    // The hours of a series are a set without end, cut to size by each write: as many as are kept.
    seen.add(`tally:${series}`);
    contents.tallies.push(...(await redis.zrange(`${prefix}tally:${series}`, 0, '-1')).map((hour) => ({ series, hour: Number(hour) })));
  }
  const listed = await redis.zrange(`${prefix}pages`, 0, '-1', 'WITHSCORES');
  for (let at = 0; at < listed.length; at += 2) {
    const [jobId = '', keptAtMs] = [listed[at], Number(listed[at + 1])];
    if (!keys.names.has(`page:${jobId}`) && keptAtMs > contents.readAtMs - PAGE_MS)
      contents.remarks.push(`the list of pages has that of ${jobId}, which there is not`);
  }
  const inPages = new Set(listed.filter((_, at) => at % 2 === 0));
  for (const jobId of pages) {
    const expireAtMs = await redis.pexpiretime(`${prefix}page:${jobId}`);
    contents.pages.push({ jobId, expireAtMs: expireAtMs < 0 ? Number.MAX_SAFE_INTEGER : expireAtMs });
    if (expireAtMs < 0) contents.remarks.push(`the page of ${jobId} never ends`);
    if (!inPages.has(jobId)) contents.remarks.push(`the page of ${jobId} is not in the list of pages`);
  }
  return seen;
}

/** Everything under the keys of `prefix`, ours and BullMQ's. A key of an unknown kind is a remark: whoever adds a kind adds it here. */
export async function readRedis(url: string, prefix: string): Promise<Contents> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  try {
    const keys = await openKeys(redis, `{${prefix}}:`);
    const contents = emptyContents(Date.now());
    const claimed: Waiters = new Map();
    const seen = new Set<string>(INDEXES);
    for (const read of [readNames, readJobs, readBatches, readDocuments, readTalliesAndPages])
      for (const name of await read(keys, contents, claimed)) seen.add(name);
    for (const queue of Object.keys(QUEUES)) for (const name of await readQueue(keys, queue, contents)) seen.add(name);
    for (const name of keys.names) if (!seen.has(name)) contents.remarks.push(`key ${name} is of a kind that nobody knows`);
    return contents;
  } finally {
    redis.disconnect();
  }
}
