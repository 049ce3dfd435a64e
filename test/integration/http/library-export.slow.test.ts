/** The largest CSV files that `POST /parse-links` takes. */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitUntil } from '../../support/wait-until.ts';
import { cancelWhole } from './cancel-whole.ts';
import { openScene, type Answer, type HttpScene } from './scene.ts';

const csv = { 'content-type': 'text/csv' };
const MIB = 1024 * 1024;

let scene: HttpScene;
beforeAll(async () => {
  scene = await openScene('redis', { CRAWL_RATE: '0.001', DRAIN_SECONDS: '1' });
});
afterAll(() => scene.stop());

const post = (body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Answer> =>
  scene.ask('/parse-links', { method: 'POST', headers: { ...csv, ...headers }, body });

describe('the largest library exports', () => {
  it('have 32 MiB and not a row more, decompressed', async () => {
    const row = `5,"${'x'.repeat(16_000)}"\n`;
    const full = `id,review\n${row.repeat(Math.floor((32 * MIB - 100) / row.length))}`;
    expect((await post(full)).body).toMatchObject({ counts: { total: 1 } });
    const over = `${full}${row}`;
    for (const answer of [
      await post(over),
      await post(gzipSync(over), { 'content-encoding': 'gzip' }),
      await post(gzipSync(gzipSync(over)), { 'content-encoding': 'gzip, gzip' }),
    ])
      expect(answer).toMatchObject({ status: 413, body: { code: 'body-too-large', detail: expect.stringContaining('33554432') } });
    const chunked = await fetch(`${scene.quire.origin}/parse-links`, {
      method: 'POST',
      headers: csv,
      body: new Blob([over]).stream(),
      duplex: 'half',
    });
    expect(chunked.status).toBe(413);
  });

  it('have 50,000 rows, are read in bounded memory, and are cancelled by one request', async () => {
    const review = 'A "quoted" word, and\r\nlines. '.replaceAll('"', '""').repeat(20);
    const rowOf = (id: number): string => `${id},"A title","=""""","=""""",5,"${review}"\r\n`;
    let largest = 0;
    const heapNow = (): number => {
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const look = (): void => void (largest = Math.max(largest, heapNow()));
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('Book Id,Title,ISBN,ISBN13,My Rating,My Review\r\n');
      for (let from = 100_001; from <= 150_000; from += 100) {
        look();
        yield Buffer.from(Array.from({ length: 100 }, (_, at) => rowOf(from + at)).join(''));
      }
    }
    const before = heapNow();
    let answer: Response | null = null;
    const [, read] = await Promise.all([
      waitUntil(
        'the answer',
        async () => {
          look();
          return answer ?? undefined;
        },
        { timeoutMs: 120_000 },
      ),
      fetch(`${scene.quire.origin}/parse-links`, {
        method: 'POST',
        headers: csv,
        body: ReadableStream.from(pieces()),
        duplex: 'half',
      }).then((got) => (answer = got)),
    ]);
    const body = (await read.json()) as { counts: object; items: object[]; batchId: string };
    expect([read.status, body.counts, body.items]).toEqual([202, expect.objectContaining({ total: 50_000, queued: 50_000 }), []]);
    // The test's own file and the items that are recorded are in it, and what the collector has not thrown away yet.
    expect((largest - before) / MIB).toBeLessThan(160);
    await cancelWhole(scene.quire, body.batchId, 50_000);
  });
});
