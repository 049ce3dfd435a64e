import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRobots, type Robots } from '../../../src/crawl/robots.ts';
import type { PageFetcher } from '../../../src/crawl/fetch/fetch-page.ts';
import { createLogRecorder, createMemoryDocuments } from '../../support/memory-documents.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The robots of as many processes on one store. None of them fetches anything here. */
function createFleet(many: number): Robots[] {
  const { documents } = createMemoryDocuments();
  const fetcher = { fetch: () => Promise.reject(new Error('nobody asked for a page')) } as unknown as PageFetcher;
  const options = { documents, fetcher, origin: 'http://127.0.0.1:1', userAgent: 'Quire/test', log: createLogRecorder() };
  return Array.from({ length: many }, () => createRobots(options));
}

describe('the claim on the first robots.txt', () => {
  it('lasts as long as its process lives, and is released at once', async () => {
    const [one, other] = createFleet(2) as [Robots, Robots];
    expect(await one.claim()).toBe(true);
    for (let n = 0; n < 30; n++) {
      await vi.advanceTimersByTimeAsync(2_000);
      expect(await other.claim()).toBe(false);
    }
    await one.letGo();
    expect(await other.claim()).toBe(true);
    // The first one's renewal does not take it back.
    await vi.advanceTimersByTimeAsync(4_000);
    await other.letGo();
    await vi.advanceTimersByTimeAsync(4_000);
    expect(await one.claim()).toBe(true);
    await one.letGo();
  });

  it('is gone six seconds after its process died', async () => {
    const [dead, other] = createFleet(2) as [Robots, Robots];
    expect(await dead.claim()).toBe(true);
    // Its timers end with it.
    vi.clearAllTimers();
    await vi.advanceTimersByTimeAsync(5_900);
    expect(await other.claim()).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    expect(await other.claim()).toBe(true);
    await other.close();
  });
});
