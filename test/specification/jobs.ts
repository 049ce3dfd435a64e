/**
 * Jobs: what is read of them. A live job counts the items that wait for it, a settled one those that waited.
 * Failed jobs are listed in the reverse order of settling. "Solo" jobs are live, wanted by themselves, and no item waits for them.
 */
import type { JobRecord } from '../../src/domain/job.ts';
import { foreignCursor } from '../../src/errors.ts';
import { cutText, storableText } from '../../src/domain/storable-text.ts';
import type { JobStore } from '../../src/storage/store.ts';
import { liveJob, waitersOf, type Job, type World } from './records.ts';
import { cancelJob, settle } from './settle.ts';

const MOST_TIMELINE_ENTRIES = 50;
const MOST_DETAIL = 500;

export function createJobs(world: World): JobStore {
  const read = ({ solo: _solo, settledNo: _settledNo, ...job }: Job): JobRecord => ({
    ...job,
    waiters: job.state === 'live' ? waitersOf(world, job.jobId).length : job.waiters,
    timeline: [...job.timeline],
  });
  return {
    async get(jobId) {
      const job = world.jobs.get(jobId);
      return job ? read(job) : null;
    },
    isLive: async (jobId) => liveJob(world, jobId) !== null,
    settle: (settlement) => settle(world, settlement),
    async note(jobId, run, entry) {
      const job = liveJob(world, jobId, run);
      const detail = storableText(cutText(entry.detail, MOST_DETAIL));
      if (job) job.timeline = [...job.timeline, { ...entry, detail }].slice(-MOST_TIMELINE_ENTRIES);
    },
    async listFailed({ reason, cursor, limit }) {
      if (cursor !== null && !/^\d{1,15}$/.test(cursor)) throw foreignCursor();
      const before = cursor === null ? Infinity : Number(cursor);
      const jobs = [...world.jobs.values()]
        .filter((job) => job.state === 'failed' && job.settledNo < before && (reason === null || job.error?.code === reason))
        .sort((a, b) => b.settledNo - a.settledNo)
        .slice(0, limit);
      return { jobs: jobs.map(read), cursor: jobs.length === limit ? String(jobs.at(-1)?.settledNo) : null };
    },
    cancel: (jobId, nowMs) => cancelJob(world, jobId, nowMs),
    async listSolo(limit) {
      return [...world.jobs.values()]
        .filter((job) => job.state === 'live' && job.solo && waitersOf(world, job.jobId).length === 0)
        .sort((a, b) => a.createdAtMs - b.createdAtMs)
        .slice(0, limit)
        .map(({ jobId, run, priority, createdAtMs }) => ({ jobId, run, priority, createdAtMs }));
    },
  };
}
