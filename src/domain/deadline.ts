/** The API answers within 2 s while the store is away: what asks the store more than once has one deadline for all of it, in milliseconds. */
export const STORE_DEADLINE_MS = 1_900;

/** Awaits `work` for `ms` at most, then rejects with `late()`. What comes of `work` afterwards is not looked at any more. */
export async function within<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
