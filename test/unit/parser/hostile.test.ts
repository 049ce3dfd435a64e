import { describe, expect, it } from 'vitest';
import { expectValid, read } from './reading.ts';

const MIB = 1024 * 1024;
/** Milliseconds of CPU that the hardest page may take. Worst seen: 80 on an idle machine. Work that grows with the square of a page takes minutes. */
const BOUND = 1_000;

const fill = (piece: string, bytes = 8 * MIB): string => piece.repeat(Math.floor(bytes / piece.length));
const LEGACY = '<html class="desktop"><meta property="al:ios:url" content="com.goodreads.https://book/show/42"><h1 id="bookTitle">T</h1>';
const DATA = '<script id="__NEXT_DATA__" type="application/json">';
const STATE = `${DATA}{"props":{"pageProps":{"apolloState":{"ROOT_QUERY":{"getBookByLegacyId({\\"legacyId\\":\\"42\\"})":{"__ref":"Book:x"}},`;

const CASES: Record<string, () => string | Buffer> = {
  '10,000 nested tags': () => LEGACY + '<div id="bookAuthors">' + '<div>'.repeat(10_000),
  'a page of nested tags': () => LEGACY + '<div id="description">' + fill('<span>'),
  'nested tags among the details': () => LEGACY + '<div id="details">' + fill('<div class="row">'),
  'a 7 MiB script': () => `<script>${fill('a', 7 * MIB)}</script>`,
  'titles without end': () => '<html class="desktop">' + fill(' id="bookTitle"'),
  'unbalanced quotes in a tag': () => LEGACY + '<div id="bookAuthors"><a class="' + fill('"x', MIB),
  'unbalanced quotes in many tags': () => LEGACY + '<div id="details">' + fill("<a b='"),
  'equals signs': () => LEGACY + '<div id="details">' + fill('<a ='),
  'less-than signs': () => LEGACY + '<div id="details">' + fill('<'),
  ampersands: () => LEGACY + '<div id="description"><span id="freeText1">' + fill('&amp', MIB / 5) + '</span></div>',
  'white space and breaks': () => LEGACY + '<div id="description"><span id="freeText1">' + fill(' \n<br>', MIB / 5) + '</span></div>',
  'white space in a row': () => LEGACY + `<div id="details"><div class="row">Published ${fill(' ', MIB / 8)}by x</div>`,
  'rows without end': () =>
    LEGACY +
    '<div id="details">' +
    fill('<div class="infoBoxRowTitle">Series</div><div class="infoBoxRowItem"><a href="/series/1">A #1</a></div>'),
  'genres without end': () => LEGACY + fill('<div class="elementList"><a class="bookPageGenreLink" href="/genres/x">x</a></div>'),
  'invalid UTF-8': () =>
    Buffer.concat([
      Buffer.from(`${LEGACY}<div id="bookAuthors"><a class="authorName">`),
      Buffer.alloc(MIB / 10, 0xc3),
      Buffer.from('</a></div>'),
    ]),
  'nothing but 0xff': () => Buffer.alloc(8 * MIB, 0xff),
  'nothing but NUL': () => Buffer.alloc(8 * MIB),
  'nothing but spaces': () => Buffer.alloc(8 * MIB, 32),
  'JSON that only opens': () => DATA + fill('['),
  'JSON nested half a million deep': () => `${DATA}${'['.repeat(500_000)}${']'.repeat(500_000)}</script>`,
  'a book nested a hundred thousand deep': () => `${STATE}"Book:x":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}}}}</script>`,
  'a book nested deep under the cap': () =>
    `${STATE}"Book:x":{"legacyId":42,"title":"T","work":${'['.repeat(150)}${']'.repeat(150)}}}}}}</script>`,
  'references to nowhere': () =>
    `${STATE}"Book:x":{"legacyId":42,"title":"T","primaryContributorEdge":{"node":{"__ref":"C:0"}},"secondaryContributorEdges":[${Array.from({ length: 5000 }, (_, at) => `{"node":{"__ref":"C:${at}"}}`).join(',')}]},${fill('"x":1,')}`,
  'references that look like keys': () => STATE + fill('"Book:x":"Book:x",'),
  'queries without end': () => DATA + fill('"getBookByLegacyId('),
  'data scripts without end': () => fill('<script id="__NEXT_DATA__">'),
  'JSON-LD without end': () => fill('<script type="application/ld+json">{"@type":"Book"</script>'),
  'JSON-LD nested deep': () => `<script type="application/ld+json">${fill('[', MIB / 4)}</script>`,
  'a description of a megabyte': () =>
    `${STATE}"Book:x":{"legacyId":42,"title":"T","description":"${fill('<br>&amp; <p>x', MIB - 1000)}","primaryContributorEdge":{"node":{"name":"A"}}}}}}}</script>`,
  'a title of a megabyte': () =>
    `${STATE}"Book:x":{"legacyId":42,"title":"${fill('x ', MIB - 1000)}","primaryContributorEdge":{"node":{"name":"A"}}}}}}}</script>`,
  'contributors without end': () =>
    '<h1 data-testid="bookTitle">x</h1>' + fill('<div class="ContributorLinksList"><a class="ContributorLink">'),
  'meta tags without end': () => '<html class="desktop">' + fill('<meta property="al:ios:url">', MIB) + LEGACY,
  'addresses without end': () => fill('id="page_url" ', 4 * MIB) + LEGACY,
};

/** Neighbours on a busy machine cost CPU time too, so the best of some runs counts. */
const MOST_RUNS = 5;

/** Milliseconds of CPU that a call takes. */
function cpuMs(call: () => unknown): number {
  const before = process.cpuUsage();
  call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe('hostile pages end soon in a clear result', () => {
  it.each(Object.entries(CASES))('%s', (_, make) => {
    const body = make();
    const reading = read(body, '42');
    expectValid(reading);
    expect(reading.kind).not.toBe('missing');
    let leastMs = Number.POSITIVE_INFINITY;
    for (let runs = 0; runs < MOST_RUNS && leastMs >= BOUND; runs++)
      leastMs = Math.min(
        leastMs,
        cpuMs(() => read(body, '42')),
      );
    expect(leastMs).toBeLessThan(BOUND);
  });
});
