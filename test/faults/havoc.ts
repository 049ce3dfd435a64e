/**
 * Faults that only happen inside of a process: its event loop blocks, its clock jumps, its disk is full. A module that is loaded before the
 * program waits for SIGUSR2, reads its order from a file, and carries it out.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { QuireProcess } from '../../scripts/quire-process.ts';
import { waitUntil } from '../support/wait-until.ts';

/** What a process is told to suffer. */
export interface Order {
  /** The event loop stands still for so long. */
  blockMs?: number;
  /** The wall clock is off by so much, until the next order about it; monotonic clocks and timers go on as they do in reality. */
  clockMs?: number;
  /** Whether every write to a file whose path begins so fails as on a full disk; `''` ends that. */
  fullDisk?: string;
}

/** Runs before the program, as plain JavaScript: the built program has no TypeScript loader. */
const MODULE = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const RealDate = Date;
const realNow = RealDate.now;
let clockMs = 0;
RealDate.now = () => realNow() + clockMs;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [RealDate.now()] : args, newTarget),
  apply: () => new RealDate(RealDate.now()).toString(),
});
RealDate.prototype.constructor = globalThis.Date;

let full = '';
const paths = new Map();
const { openSync, closeSync, writeSync, ftruncateSync } = fs;
const noSpace = (name) => Object.assign(new Error('ENOSPC: no space left on device, ' + name), { code: 'ENOSPC', errno: -28, syscall: name });
const refuse = (name, path) => { if (full !== '' && String(path).startsWith(full)) throw noSpace(name); };
fs.openSync = (path, ...rest) => {
  const fd = openSync(path, ...rest);
  paths.set(fd, path);
  return fd;
};
fs.closeSync = (fd) => { paths.delete(fd); closeSync(fd); };
fs.writeSync = (fd, ...rest) => { refuse('write', paths.get(fd) ?? ''); return writeSync(fd, ...rest); };
fs.ftruncateSync = (fd, ...rest) => { refuse('ftruncate', paths.get(fd) ?? ''); return ftruncateSync(fd, ...rest); };
syncBuiltinESMExports();

process.on('SIGUSR2', () => {
  const order = JSON.parse(fs.readFileSync(process.env.FAULT_ORDERS, 'utf8'));
  if (order.clockMs !== undefined) clockMs = order.clockMs;
  if (order.fullDisk !== undefined) full = order.fullDisk;
  if (order.blockMs !== undefined) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order.blockMs);
  writeSync(1, JSON.stringify({ level: 30, msg: 'carried out ' + order.id }) + '\\n');
});
`;

/** Options of Node that load the module. */
export const HAVOC_ARGS: readonly string[] = ['--import', `data:text/javascript;base64,${Buffer.from(MODULE).toString('base64')}`];

export interface Havoc {
  /** What the process has to have in its environment. */
  env(name: string): Record<string, string>;
  /** Gives the process of that name an order; resolves when it has been carried out. */
  order(name: string, quire: QuireProcess, order: Order): Promise<void>;
}

const CARRIED_OUT_MS = 15_000;

/** `dir` is where the orders lie. */
export function createHavoc(dir: string): Havoc {
  const pathOf = (name: string): string => join(dir, `${name.replaceAll(' ', '-')}.json`);
  let orders = 0;
  return {
    env: (name) => ({ FAULT_ORDERS: pathOf(name) }),
    async order(name, quire, order) {
      const id = `order ${++orders}`;
      await writeFile(pathOf(name), JSON.stringify({ ...order, id }));
      process.kill(quire.pid, 'SIGUSR2');
      await waitUntil(`${name} to carry out ${JSON.stringify(order)}`, () => quire.log.some(({ msg }) => msg === `carried out ${id}`), {
        timeoutMs: (order.blockMs ?? 0) + CARRIED_OUT_MS,
      });
    },
  };
}
