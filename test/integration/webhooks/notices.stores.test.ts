/** What webhooks hear beside parsed books and ended batches, in each form, over a fleet of two workers where the store allows it. */
import { Check } from 'typebox/value';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EVENTS } from '../../../src/webhooks/events/event-types.ts';
import type { EventType } from '../../../src/webhooks/events/event.ts';
import { startQuire, STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { startReceiver, verified, type ReceivedCall } from './receiver.ts';

const SECRET = `whsec_${Buffer.from('notices-notices-notices-').toString('base64')}`;

describe.each(inThisRun(STORES))('notices on the %s store', (store) => {
  it('a failed book and each change of the source are told once, as JSON, as text and for Slack', async () => {
    const receiver = await startReceiver();
    onTestFinished(() => receiver.stop());
    const settings = { WEBHOOK_ALLOW_LOOPBACK: 'true', BLOCK_PROBE: '200ms' };
    const quire = await startQuire(store, { settings });
    onTestFinished(() => quire.stop());
    if (store !== 'embedded') {
      const second = await startQuire(store, { settings, role: 'worker', env: quire.env, goodreads: quire.goodreads });
      onTestFinished(() => second.stop());
    }
    const make = async (path: string, more: object): Promise<void> => {
      const made = await quire.post('/webhooks', { url: receiver.url + path, secret: SECRET, ...more });
      expect(made).toMatchObject({ status: 201 });
    };
    const events = ['book.failed', 'source.*'];
    await make('/json', { events });
    await make('/text', { events, format: 'text' });
    await make('/slack', { events, format: 'slack' });
    // Filters leave out the failure, and the changes of the source pass them.
    await make('/other', { events, filter: { reasons: ['crawl-failed'], priorities: ['bulk'] } });

    const [broken = '', ...others] = quire.goodreads.ids;
    await quire.goodreads.control({ modes: { [broken]: 'unknown' } });
    const failing = await quire.submit([broken], '?priority=interactive');
    expect((await quire.ended(failing.batchId)).counts).toMatchObject({ failed: 1 });
    await receiver.called(3);
    await quire.goodreads.control({ mode: 'challenge' });
    const { batchId } = await quire.submit(others.slice(0, 6));
    await receiver.called(7);
    await quire.goodreads.control({ mode: 'open' });
    await quire.ended(batchId);
    await receiver.called(11);

    const at = (path: string): ReceivedCall[] => receiver.calls.filter((call) => call.path === `/hook${path}`);
    const told = at('/json').map((call) => verified(call, SECRET));
    expect(told.map(({ type }) => type)).toEqual(['book.failed', 'source.blocked', 'source.opened']);
    expect(told[0]?.data).toMatchObject({ bookId: broken, reason: 'page-not-recognised', attempts: 1, priority: 'interactive' });
    expect(told[1]?.data).toMatchObject({ state: 'blocked' });
    expect(told[2]?.data).toMatchObject({ before: 'blocked' });
    for (const { type, data } of told) expect(Check(EVENTS[type as EventType].data, data), type).toBe(true);
    expect(at('/other').map((call) => verified(call, SECRET).type)).toEqual(['source.blocked', 'source.opened']);

    const text = at('/text');
    expect(text.map(({ headers }) => [headers['content-type'], headers['title'], headers['priority']])).toEqual([
      ['text/plain; charset=utf-8', 'Quire: book.failed', '3'],
      ['text/plain; charset=utf-8', 'Quire: source.blocked', '4'],
      ['text/plain; charset=utf-8', 'Quire: source.opened', '3'],
    ]);
    expect(text[0]?.body).toMatch(/^Failed \(page-not-recognised\): https:\/\/www\.goodreads\.com\/book\/show\/\d+ /);
    expect(text[1]?.body).toMatch(/^Goodreads is blocked: .* Jobs wait\. The next probe is at \d{4}-/);
    const slack = at('/slack').map(({ body }) => JSON.parse(body) as { text: string });
    expect(slack.map((body) => Object.keys(body))).toEqual([['text'], ['text'], ['text']]);
    expect(slack[2]?.text).toMatch(/^\*Quire source\.opened\* Goodreads answers again, after \d+ s blocked\. Jobs go on\.$/);
  });
});
