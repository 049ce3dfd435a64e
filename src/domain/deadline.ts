/** Waiting no longer than one wants to. The work itself goes on: what it does with its own time is its own affair. */

/** The API answers within 2 s while the store is away: what asks the store more than once has one deadline for all of it, in milliseconds. */
export const STORE_DEADLINE_MS = 1_900;

/** Resolves or rejects with `work`; rejects with what `tooLate` makes when it takes longer than `ms`. A late failure of the work is swallowed. */
export async function withDeadline<T>(work: Promise<T>, ms: number, tooLate: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate()), ms);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves or rejects with `work`; rejects with the signal's reason when it fires first. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
