import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeBody } from '../../../src/crawl/fetch/decode-body.ts';

const MIB = 1024 * 1024;
const MAX_BYTES = 8 * MIB;

/** CPU that `work` takes, in microseconds, over all threads of this process: the median of seven. */
async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let n = 0; n < 7; n++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    taken.push(user + system);
  }
  return taken.toSorted((a, b) => a - b)[3] ?? Infinity;
}

describe('a compressed body', () => {
  it('that is a bomb costs little more CPU than the largest accepted page', async () => {
    const page = gzipSync(Buffer.alloc(MAX_BYTES));
    const bomb = gzipSync(Buffer.alloc(12 * MAX_BYTES));
    const honest = await cpuOf(() => decodeBody(page, 'gzip', MAX_BYTES));
    const hostile = await cpuOf(() => decodeBody(bomb, 'gzip', MAX_BYTES).catch((error: unknown) => error));
    await expect(decodeBody(bomb, 'gzip', MAX_BYTES)).rejects.toMatchObject({ kind: 'too-large' });
    // Decoded to its end, it would cost 12 times as much.
    expect(hostile / honest).toBeLessThan(4);
  }, 120_000);
});
