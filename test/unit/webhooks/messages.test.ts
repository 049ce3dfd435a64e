import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { EVENTS } from '../../../src/webhooks/events/event-types.ts';
import { EVENT_TYPES, type EventType } from '../../../src/webhooks/events/event.ts';
import { faultOfFilter, passes } from '../../../src/webhooks/events/filter.ts';
import { messageOf } from '../../../src/webhooks/events/message.ts';
import { newSecret, signedHeaders } from '../../../src/webhooks/sending/signing.ts';

const payload = (data: object): string => JSON.stringify({ type: 'book.parsed', timestamp: 't', data });
const HOSTILE = payload({ title: '<!channel> & \r\nTitle: x', author: null, url: 'https://x.example/1' });

describe('messages', () => {
  it('JSON is sent as it was recorded', () => {
    expect(messageOf('book.parsed', HOSTILE)).toEqual({ headers: { 'content-type': 'application/json' }, body: HOSTILE });
  });

  it('a title of a book names nobody in Slack, and no header in ntfy', () => {
    expect(messageOf('book.parsed', HOSTILE, 'slack').body).toBe(
      JSON.stringify({ text: '*Quire book.parsed* Parsed: &lt;!channel&gt; &amp; \r\nTitle: x by . https://x.example/1' }),
    );
    expect(messageOf('book.parsed', HOSTILE, 'text').headers).toEqual({
      'content-type': 'text/plain; charset=utf-8',
      title: 'Quire: book.parsed',
      priority: '2',
    });
  });

  it('an event of a later version is sent as JSON', () => {
    expect(messageOf('book.sold' as EventType, HOSTILE, 'text').body).toBe(HOSTILE);
  });

  it('the signature holds over the text', () => {
    const secret = newSecret();
    const { body } = messageOf('book.parsed', payload({ title: 'T', author: 'A', url: 'u' }), 'text');
    const headers = signedHeaders({ id: 'msg', body, secrets: [secret], nowMs: Date.now() });
    // The library reads JSON after it has verified, and a text is none.
    expect(() => new Webhook(secret).verify(body, headers)).toThrow(SyntaxError);
    expect(() => new Webhook(secret).verify(`${body}!`, headers)).toThrow(/signature/);
  });

  it('every type of event is described', () => {
    expect(Object.keys(EVENTS).toSorted()).toEqual([...EVENT_TYPES].toSorted());
  });
});

describe('filters', () => {
  const facts = { reason: 'crawl-failed', priority: 'bulk' as const };

  it('leave out what has another reason or priority', () => {
    expect(passes(undefined, { facts })).toBe(true);
    expect(passes({ reasons: ['crawl-failed'], priorities: ['bulk'] }, { facts })).toBe(true);
    expect(passes({ reasons: ['poison'] }, { facts })).toBe(false);
    expect(passes({ priorities: ['interactive', 'normal'] }, { facts })).toBe(false);
    expect(passes({ reasons: ['poison'], priorities: ['normal'] }, {})).toBe(true);
  });

  it('that nothing can pass are refused', () => {
    expect(faultOfFilter({ reasons: ['crawl-failed', 'nonsense'] })).toMatchObject({ pointer: '/filter/reasons/1' });
    expect(faultOfFilter({ reasons: ['crawl-failed'], priorities: ['bulk'] })).toBeNull();
  });
});
