/** The running jobs of this process, and how to stop them: the job was cancelled, its lock was lost, or the drain is over. */
import type { Signals } from '../storage/store.ts';

export interface RunningJobs {
  /** Runs `work` under the id of a run. The signal's reason is `cancelled`, `lock lost` or `shutdown`. */
  track<T>(runId: string, lockLost: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  count(): number;
  /** Stops the running jobs, and those that start from now on. They go back to the queue. */
  requeueRunning(): void;
  /** Stops listening to signals. */
  end(): void;
}

/** Starts listening for runs that are cancelled, in any process. */
export function createRunningJobs(signals: Signals): RunningJobs {
  const running = new Map<string, AbortController>();
  let requeues = false;
  const unsubscribe = signals.subscribe((signal) => {
    if (signal.kind === 'cancel') running.get(`${signal.jobId}.${signal.run}`)?.abort('cancelled');
  });
  return {
    async track(runId, lockLost, work) {
      const stop = new AbortController();
      running.set(runId, stop);
      const lost = (): void => stop.abort('lock lost');
      lockLost?.addEventListener('abort', lost, { once: true });
      // BullMQ may start a job that it took just before it was closed.
      if (requeues) stop.abort('shutdown');
      try {
        return await work(stop.signal);
      } finally {
        running.delete(runId);
        lockLost?.removeEventListener('abort', lost);
      }
    },
    count: () => running.size,
    requeueRunning() {
      requeues = true;
      for (const controller of running.values()) controller.abort('shutdown');
    },
    end: unsubscribe,
  };
}
