/**
 * Tallies: counters by series and hour. Adding to an hour drops the hours of the series that lie more than `keepHours` before it;
 * an hour that was dropped begins at zero again. Adding no counter does nothing.
 */
import type { TallyStore } from '../../src/storage/store.ts';

export function createTallies(): TallyStore {
  const kept = new Map<string, Map<number, Record<string, number>>>();
  return {
    async add(series, hour, counts, keepHours) {
      if (Object.keys(counts).length === 0) return;
      const hours = kept.get(series) ?? new Map<number, Record<string, number>>();
      kept.set(series, hours);
      for (const old of hours.keys()) if (old < hour - keepHours) hours.delete(old);
      const sums = hours.get(hour) ?? {};
      for (const [name, n] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + n;
      hours.set(hour, sums);
    },
    async read(series, fromHour, toHour) {
      return [...(kept.get(series) ?? [])]
        .filter(([hour]) => hour >= fromHour && hour <= toHour)
        .sort(([a], [b]) => a - b)
        .map(([hour, counts]) => ({ hour, counts: { ...counts } }));
    },
  };
}
