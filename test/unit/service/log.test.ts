import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { QuireError } from '../../../src/errors.ts';
import { createLog } from '../../../src/service/log.ts';

function written(write: (log: ReturnType<typeof createLog>) => void): string {
  let text = '';
  write(createLog({ level: 'trace', role: 'worker', isTerminal: false, destination: { write: (line) => void (text += line) } }));
  return text;
}

describe('a line of the log', () => {
  it('names its level, its time, and the process', () => {
    const line = JSON.parse(written((log) => log.warn({ jobId: 'book-1' }, 'a job failed'))) as Record<string, string>;
    expect(line).toMatchObject({
      level: 'warn',
      pid: process.pid,
      role: 'worker',
      worker: `${hostname()}:${process.pid}`,
      jobId: 'book-1',
      msg: 'a job failed',
    });
    expect(line['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it.each([
    ['a member', { secret: 'hush-hush' }],
    ['a member of a member', { webhook: { secret: 'hush-hush' }, headers: { authorization: 'hush-hush' } }],
    ['the address in an error', { err: new Error('connect to redis://quire:hush-hush@127.0.0.1:6379 refused') }],
    ['the address in an error of the store', { err: new QuireError('store-unavailable', 'postgres://quire:hush-hush@db/quire is away') }],
    ['the address in text', { err: 'rediss://:hush-hush@cache refused' }],
  ])('shows no secret that comes as %s', (_, fields) => {
    const text = written((log) => log.error(fields, 'a fault'));
    expect(text).toContain('a fault');
    expect(text).not.toContain('hush-hush');
  });

  it('keeps the stack of an unexpected error, and leaves out that of an outage', () => {
    expect(written((log) => log.error({ err: new TypeError('odd') }, 'x'))).toContain('log.test.ts');
    expect(written((log) => log.error({ err: new QuireError('store-unavailable', 'away') }, 'x'))).not.toContain('log.test.ts');
  });
});
