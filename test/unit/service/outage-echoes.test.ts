import { pino, type Logger } from 'pino';
import { expect, it } from 'vitest';
import { QuireError } from '../../../src/errors.ts';
import { withoutEchoes } from '../../../src/service/outage-echoes.ts';

const away = new QuireError('store-unavailable', 'Redis does not answer');

function setUp(): { log: Logger; lines: () => { level: number; msg: string }[]; faults: [string, Error][] } {
  const texts: string[] = [];
  const faults: [string, Error][] = [];
  const inner = pino({ level: 'debug' }, { write: (text: string) => void texts.push(text) });
  const log = withoutEchoes(inner, { fault: (where, error) => void faults.push([where, error]) });
  return { log, faults, lines: () => texts.map((text) => JSON.parse(text) as { level: number; msg: string }) };
}

it('a warning because the store is away goes to the store watch, and to debug', () => {
  const { log, lines, faults } = setUp();
  log.warn({ err: away }, 'reconciler round');
  expect(faults).toEqual([['reconciler round', away]]);
  expect(lines()).toMatchObject([{ level: 20, msg: 'reconciler round' }]);
});

it('other warnings stay, and those about one job, batch, book or delivery', () => {
  const { log, lines, faults } = setUp();
  log.warn({ err: new Error('a bug') }, 'reconciler round');
  log.warn({ err: away, batchId: 'b' }, 'the queue did not take the jobs of a batch');
  log.warn('a sentence');
  log.info({ err: away }, 'no warning');
  expect(faults).toEqual([]);
  expect(lines().map(({ level }) => level)).toEqual([40, 40, 40, 30]);
});
