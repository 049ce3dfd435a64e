/** The load generator: `wrk` where it is installed, else autocannon, always as a process of its own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findOnPath } from '../test/support/server-binaries.ts';

/** What a target did under load. */
export interface Load {
  /** Requests answered with 2xx, per second. */
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

const run = promisify(execFile);
const wrk = findOnPath('wrk');

/** Name of the generator in use, for the report. */
export const loadGenerator = wrk === undefined ? 'autocannon' : 'wrk';

/** Sends GETs of `url` over `connections` kept connections for `seconds`. Throws when an answer is not 2xx. */
export async function measureLoad(url: string, options: { connections: number; seconds: number }): Promise<Load> {
  return wrk === undefined ? withAutocannon(url, options) : withWrk(wrk, url, options);
}

async function withWrk(command: string, url: string, { connections, seconds }: { connections: number; seconds: number }): Promise<Load> {
  const { stdout } = await run(command, ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '5s', '--latency', url]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${url} was not always answered with 2xx:\n${stdout}`);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  return { perSecond, p50Ms: latencyOf(stdout, '50%'), p99Ms: latencyOf(stdout, '99%') };
}

/** A line such as `99%    1.23ms` in milliseconds. */
function latencyOf(report: string, quantile: string): number {
  const [, number, unit] = new RegExp(`${quantile}\\s+([\\d.]+)(us|ms|s)`).exec(report) ?? [];
  return Number(number) * (unit === 'us' ? 0.001 : unit === 's' ? 1000 : 1);
}

interface AutocannonReport {
  '2xx': number;
  non2xx: number;
  errors: number;
  duration: number;
  latency: { p50: number; p99: number };
}

async function withAutocannon(url: string, { connections, seconds }: { connections: number; seconds: number }): Promise<Load> {
  const program = fileURLToPath(import.meta.resolve('autocannon'));
  const { stdout } = await run(
    process.execPath,
    [program, '--json', '--no-progress', '-c', String(connections), '-d', String(seconds), url],
    { maxBuffer: 1 << 24 },
  );
  const report = JSON.parse(stdout) as AutocannonReport;
  if (report.non2xx + report.errors > 0) throw new Error(`${url}: ${report.non2xx} answers were not 2xx, ${report.errors} errors`);
  return { perSecond: report['2xx'] / report.duration, p50Ms: report.latency.p50, p99Ms: report.latency.p99 };
}
