/** Values that many parts of the page show. Whoever sets one tells all of them. */
import { useEffect, useState } from './preact.ts';

export interface Value<T> {
  get(): T;
  set(next: T): void;
  onChange(listener: () => void): () => void;
}

export function createValue<T>(first: T): Value<T> {
  let value = first;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (next === value) return;
      value = next;
      for (const listener of listeners) listener();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

export function useValue<T>(value: Value<T>): T {
  const [, redraw] = useState(0);
  useEffect(() => value.onChange(() => redraw((n) => n + 1)), [value]);
  return value.get();
}

/** Repeats `ask` every `everyMs` milliseconds while the page is seen, and at once when it is seen again. */
export function usePolling(ask: () => Promise<void>, everyMs: number, depends: readonly unknown[] = []): void {
  useEffect(() => {
    let timer = 0;
    let stopped = false;
    const next = async (): Promise<void> => {
      if (!document.hidden) await ask();
      if (!stopped) timer = setTimeout(() => void next(), everyMs);
    };
    const onSeen = (): void => {
      if (document.hidden) return;
      clearTimeout(timer);
      void next();
    };
    void next();
    document.addEventListener('visibilitychange', onSeen);
    return () => {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onSeen);
    };
  }, [everyMs, ...depends]);
}
