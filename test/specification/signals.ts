/** Signals: each reaches every listener of the moment, in order. */
import type { Signal, Signals } from '../../src/storage/store.ts';

export function createSignals(): Signals & { tell: (signal: Signal) => void } {
  const listeners = new Set<(signal: Signal) => void>();
  const tell = (signal: Signal): void => {
    for (const listener of listeners) listener(signal);
  };
  return {
    tell,
    publish: async (signal) => tell(signal),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
