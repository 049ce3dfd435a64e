/** Names in the environment that look like settings and are none: a misspelt setting has no effect, and nobody notices. */
import { SETTINGS } from './config.ts';

/** Names that others read, although they are close to one of ours. */
const OF_OTHERS = new Set(['HTTP_PROXY', 'ALL_PROXY']);
/** What Kubernetes and Docker put into the environment for a service that is called `quire`. */
const OF_A_SERVICE = /^QUIRE_(SERVICE_(HOST|PORT)|PORT)(_|$)|^QUIRE_.*_(SERVICE_(HOST|PORT)|PORT|TCP|UDP)(_|$)/;
/** Shorter names are too close to too many others. */
const SHORTEST = 6;
/** A setting of this length may differ in two letters, a shorter one in one. */
const LONG = 9;

const letters = (name: string): string => name.toUpperCase().replaceAll(/[^A-Z\d]/g, '');

/** One sentence for each name that looks like a misspelt setting. Values are never told. */
export function nearMisses(env: Record<string, string | undefined>): string[] {
  const settings: string[] = Object.values(SETTINGS).map(({ env: name }) => name);
  const known = new Set([...settings, ...settings.filter((name) => name.endsWith('_PROXY')).map((name) => name.toLowerCase())]);
  return Object.keys(env)
    .filter((name) => !known.has(name) && !OF_OTHERS.has(name.toUpperCase()) && !OF_A_SERVICE.test(name))
    .flatMap((name) => {
      const meant = settings.find((setting) => isNear(name, setting));
      return meant === undefined ? [] : [`${name} is no setting of Quire and has no effect: is ${meant} meant?`];
    })
    .toSorted();
}

function isNear(name: string, setting: string): boolean {
  const [given, wanted] = [letters(name), letters(setting)];
  if (given === `QUIRE${wanted}`) return true;
  if (wanted.length < SHORTEST) return given === wanted && name !== setting && name.toUpperCase() !== name;
  return distance(given, wanted, wanted.length < LONG ? 1 : 2);
}

/** Whether at most `most` letters were left out, added, changed or swapped with their neighbour. */
function distance(a: string, b: string, most: number): boolean {
  if (Math.abs(a.length - b.length) > most) return false;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      next.push(least);
    }
    before = row;
    row = next;
  }
  return (row[b.length] ?? 0) <= most;
}
