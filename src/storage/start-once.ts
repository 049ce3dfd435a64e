/** Starting a store: once, however many ask. */

export interface StartOnce {
  /** A start that failed may be tried again: what was in the way may be gone by then. */
  start(): Promise<void>;
  /** Resolves when no start is under way, whether it succeeded or not. */
  settled(): Promise<void>;
}

export function startOnce(work: () => Promise<void>): StartOnce {
  let starting: Promise<void> | null = null;
  return {
    start: () =>
      (starting ??= work().catch((error: unknown) => {
        starting = null;
        throw error;
      })),
    async settled() {
      await starting?.catch(() => undefined);
    },
  };
}
