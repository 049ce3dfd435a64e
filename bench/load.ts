/** The load generator: `wrk` where it is installed, else one of our own (limits/load.ts), always as a process of its own. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findOnPath } from '../test/support/server-binaries.ts';
import { runLimit } from './rig.ts';

/** What a target did under load. */
export interface Load {
  /** Requests answered, per second. */
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

export interface LoadOptions {
  connections: number;
  seconds: number;
  /** Numbers that `{id}` in the URL stands for, one after the other; with a `step` that shares no divisor with `count`, all of them in scattered order. */
  ids?: { first: number; count: number; step?: number };
}

const wrk = process.env['BENCH_WRK'] === '0' ? undefined : findOnPath('wrk');

/** Name of the generator in use, for the report. */
export const loadGenerator = wrk === undefined ? 'own' : 'wrk';

/** Sends GETs of `url` over kept connections. Throws when an answer is not 2xx. */
export async function measureLoad(url: string, options: LoadOptions): Promise<Load> {
  if (wrk !== undefined) return withWrk(wrk, url, options);
  const { connections, seconds, ids: { first, count, step = 1 } = { first: 0, count: 1 } } = options;
  const { bad, ...load } = await runLimit<Load & { bad: number }>('load', [url, connections, seconds, first, count, step]);
  if (bad > 0) throw new Error(`${bad} answers of ${url} were not 2xx`);
  return load;
}

async function withWrk(command: string, url: string, { connections, seconds, ids }: LoadOptions): Promise<Load> {
  const dir = await mkdtemp(join(tmpdir(), 'quire-wrk-'));
  try {
    const script = join(dir, 'ids.lua');
    const { pathname, search } = new URL(url);
    const path = decodeURIComponent(pathname + search);
    if (ids)
      await writeFile(
        script,
        `local n = -1\nrequest = function()\n  n = (n + ${ids.step ?? 1}) % ${ids.count}\n  return wrk.format('GET', (string.gsub('${path}', '{id}', tostring(${ids.first} + n))))\nend\n`,
      );
    const args = [
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '--timeout',
      '5s',
      '--latency',
      ...(ids ? ['-s', script] : []),
      url.replace('{id}', '0'),
    ];
    const { stdout } = await promisify(execFile)(command, args);
    if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${url} was not always answered with 2xx:\n${stdout}`);
    return {
      perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
      p50Ms: latencyOf(stdout, '50%'),
      p99Ms: latencyOf(stdout, '99%'),
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** A line such as `99%    1.23ms` in milliseconds. */
function latencyOf(report: string, quantile: string): number {
  const [, number, unit] = new RegExp(`${quantile}\\s+([\\d.]+)(us|ms|s)`).exec(report) ?? [];
  return Number(number) * (unit === 'us' ? 0.001 : unit === 's' ? 1000 : 1);
}
