/**
 * Pages of failed parses. A later page of a job takes the place of the earlier. Beyond `maxPages` those kept first go;
 * of two that were kept at the same time, the one whose job's name comes first goes first.
 */
import type { JobId } from '../../src/domain/identity.ts';
import type { PageStore } from '../../src/storage/store.ts';

export function createPages(): PageStore {
  const kept = new Map<JobId, { jobId: JobId; bytes: Buffer; keptAtMs: number; expireAtMs: number }>();
  return {
    async keep(jobId, bytes, { nowMs, expireAtMs, maxPages }) {
      kept.set(jobId, { jobId, bytes, keptAtMs: nowMs, expireAtMs });
      for (const page of kept.values()) if (page.expireAtMs <= nowMs) kept.delete(page.jobId);
      const newestFirst = [...kept.values()].sort((a, b) => b.keptAtMs - a.keptAtMs || (a.jobId < b.jobId ? 1 : -1));
      for (const old of newestFirst.slice(maxPages)) kept.delete(old.jobId);
    },
    async get(jobId, nowMs) {
      const page = kept.get(jobId);
      return page && page.expireAtMs > nowMs ? { bytes: page.bytes, keptAtMs: page.keptAtMs } : null;
    },
  };
}
