/** Holds the search entries of a Redis store against its copies, and the postings against the entries. */
import type { Contents } from './contents.ts';
import type { Keys } from './redis.ts';

/** Bytes of an etag before each entry. */
const ETAG = 16;

export async function readSearch({ redis, prefix }: Keys, contents: Contents): Promise<void> {
  const entries = await redis.hgetall(`${prefix}search-entries`);
  const copies = new Map(contents.names.flatMap(({ name, copy }) => (copy ? [[name.slice(5), copy.etag]] : [])));
  const wanted = new Set<string>();
  for (const [bookId, value] of Object.entries(entries)) {
    const entry = value.slice(ETAG);
    if (!copies.has(bookId)) contents.remarks.push(`the search entry of book ${bookId} has no copy`);
    else if (copies.get(bookId) !== value.slice(0, ETAG)) contents.remarks.push(`the search entry of book ${bookId} is of another copy`);
    const words = entry.slice(entry.indexOf('\n')).split(/\s+/);
    for (const word of ['', ...words]) wanted.add(`${word}\0${entry.slice(0, 2)}${bookId}`);
  }
  const postings = await redis.zrangebylex(`${prefix}search`, '-', '+');
  for (const posting of postings)
    if (!wanted.delete(posting)) contents.remarks.push(`the posting ${posting.replace('\0', ' ')} belongs to no search entry`);
  for (const posting of wanted) contents.remarks.push(`the posting ${posting.replace('\0', ' ')} is missing`);
}
