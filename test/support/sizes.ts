/**
 * Which part of the tests a run takes. `npm test` is quick: it leaves out files `*.slow.test.ts`, and in files `*.stores.test.ts` it takes one store
 * of each implementation, Lua and SQL. `npm run test:slow` takes just what that left out. `npm run check` runs both.
 */
export type Size = 'quick' | 'slow' | 'all';

/** A file that is named on the command line runs whole. */
export const runSize = (): Size => (process.env['QUIRE_TESTS'] ?? 'all') as Size;

const QUICK = new Set<string>(['embedded', 'redis']);

/** Those of `stores` that a file `*.stores.test.ts` runs on. */
export function inThisRun<S extends string | { name: string } | { store: string }>(stores: readonly S[]): S[] {
  const size = runSize();
  return stores.filter((store) => {
    const { store: kind, name }: { store?: string; name?: string } = typeof store === 'string' ? { store } : store;
    return size === 'all' || QUICK.has(kind ?? name ?? '') === (size === 'quick');
  });
}
