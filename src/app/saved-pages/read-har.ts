/** The pages in a HAR file: http://www.softwareishard.com/blog/har-12-spec/. A browser's network panel saves one. */
import { QuireError } from '../../errors.ts';
import { archiveTooLarge, ArchiveBudget, isHtmlType, MAX_PAGE_BYTES, pageTooLarge, type SavedEntry } from './saved-page.ts';

const NO_HAR = 'The JSON is no HAR file: a HAR file has log.entries.';

/** Yields the pages of a HAR file in its order. Cookies, headers and tokens are not looked at. Throws `invalid-request` for other JSON. */
export function* readHar(bytes: Buffer): Generator<SavedEntry> {
  const budget = new ArchiveBudget();
  for (const entry of entriesOf(bytes)) {
    const found = readEntry(entry);
    const name = found.kind === 'ignored' ? '' : found.name;
    if (!budget.takesEntry() || (found.kind === 'page' && !budget.takesBytes(found.body.length))) return yield archiveTooLarge(name);
    yield found;
  }
}

function entriesOf(bytes: Buffer): unknown[] {
  let har: unknown;
  try {
    har = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw refuse('The file begins like JSON, but it is not valid JSON: save the HAR file again.');
  }
  const entries = member(member(har, 'log'), 'entries');
  if (!Array.isArray(entries)) throw refuse(NO_HAR);
  return entries;
}

const refuse = (detail: string): QuireError => new QuireError('invalid-request', detail, { errors: [{ pointer: '', detail }] });

/** A member of what should be an object. */
const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function readEntry(entry: unknown): SavedEntry {
  const response = member(entry, 'response');
  const content = member(response, 'content');
  if (!isHtmlType(textOf(member(content, 'mimeType')))) return { kind: 'ignored' };
  const url = textOf(member(member(entry, 'request'), 'url'));
  const status = Number(member(response, 'status'));
  // A redirect has no page of its own.
  if (status >= 300 && status < 400) return { kind: 'ignored' };
  const text = textOf(member(content, 'text'));
  if (text === '') return { kind: 'refused', name: url, reason: 'The HAR file has no content for this page: save it "with content".' };
  const isBase64 = member(content, 'encoding') === 'base64';
  if (text.length > (isBase64 ? Math.ceil(MAX_PAGE_BYTES / 3) * 4 : MAX_PAGE_BYTES)) return pageTooLarge(url);
  const body = Buffer.from(text, isBase64 ? 'base64' : 'utf8');
  if (body.length > MAX_PAGE_BYTES) return pageTooLarge(url);
  const savedAtMs = Date.parse(textOf(member(entry, 'startedDateTime')));
  return { kind: 'page', name: url, url, status, savedAtMs: Number.isNaN(savedAtMs) ? null : savedAtMs, body };
}
