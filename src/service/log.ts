/** The log of a process: JSON lines for programs, text for a person at a terminal. docs/operations.md lists its fields. */
import { pino, stdSerializers, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';
import type { Role } from '../config/config.ts';
import { QuireError } from '../errors.ts';
import { workerName } from '../queue/worker-name.ts';
import { activeTrace } from '../tracing.ts';
import { createLineCap } from './line-cap.ts';

export interface LogOptions {
  level: string;
  role: Role;
  /** A person reads it. */
  isTerminal: boolean;
  /** Where the lines go. Default: the standard output. */
  destination?: DestinationStream;
}

/** Members of logged objects whose values nobody may read. Quire logs none of them on purpose. */
const SECRETS = ['secret', 'password', 'authorization', 'cookie', 'apiKey', 'apiKeys', 'redisUrl', 'databaseUrl', 'httpsProxy'];

/** Logs only the message when the store is away. That is no fault of the code, so a stack does not help. */
const serializeError = (error: unknown): unknown => {
  if (error instanceof QuireError && error.code === 'store-unavailable') return withoutPassword(error.message);
  if (typeof error === 'string') return withoutPassword(error);
  const { message, stack, ...rest } = stdSerializers.err(error as Error);
  return { ...rest, message: withoutPassword(message), stack: withoutPassword(stack) };
};

/** Drivers name the address that they could not reach, with all that it holds. */
const withoutPassword = (text: string): string => text.replaceAll(/(\b[a-z][a-z+.-]*:\/\/)[^\s/@]*@/gi, '$1');

/** The names are those by which OpenTelemetry and its tools know them. */
function idsOfTrace(): Record<string, string> {
  const ids = activeTrace();
  return ids === null ? {} : { trace_id: ids.traceId, span_id: ids.spanId };
}

/**
 * Makes the logger. Each line has `level` by its name, `time` in ISO 8601, `pid`, `role` and `worker`, which names the process as
 * failures and BullMQ do. Lines within a trace that is kept have `trace_id` and `span_id`. Lines that repeat are held back: see {@link createLineCap}.
 */
export function createLog({ level, role, isTerminal, destination }: LogOptions): Logger {
  const cap = createLineCap();
  const options = {
    level,
    base: { pid: process.pid, role, worker: workerName() },
    serializers: { err: serializeError },
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' },
    mixin: idsOfTrace,
    hooks: { logMethod: cap },
  };
  if (isTerminal) {
    const pretty = { ignore: 'pid,hostname,role,worker', translateTime: 'SYS:HH:MM:ss' };
    return pino({ ...options, transport: { target: 'pino-pretty', options: pretty } });
  }
  const machine = { ...options, timestamp: stdTimeFunctions.isoTime, formatters: { level: (label: string) => ({ level: label }) } };
  return destination === undefined ? pino(machine) : pino(machine, destination);
}
