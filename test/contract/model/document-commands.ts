/** Commands on documents, tallies and pages. */
import * as fc from 'fast-check';
import { Command } from './commands.ts';
import { clock } from './job-commands.ts';
import { DAY_MS, DOCUMENTS, FAR_MS, JOBS, keyOf, SERIES } from './model.ts';

const HOUR_MS = 3_600_000;
const show = (title: string, wish: object): string => `${title} ${JSON.stringify(wish)}`;
const name = fc.constantFrom(...DOCUMENTS);

const putDocument = fc.record({ name, ifVersion: fc.option(fc.nat({ max: 3 })), end: fc.option(fc.nat({ max: 3 })), clock }).map((wish) => {
  return new Command(show('put a document', wish), (model) => {
    const nowMs = model.baseMs + wish.clock;
    // Each key ends at a time of its own, so that it is certain which ends first.
    const expireAtMs = wish.end === null ? null : model.baseMs + FAR_MS + wish.end * DAY_MS + DOCUMENTS.indexOf(wish.name);
    const options = { nowMs, expireAtMs, ...(wish.ifVersion !== null && { ifVersion: wish.ifVersion }) };
    return (store) => store.documents.put(keyOf(model, wish.name), JSON.stringify(wish), options);
  });
});

/** A document that ended long ago counts as none. It is deleted at once, since it may count among those to be trimmed. */
const endDocument = fc.record({ name, ifVersion: fc.option(fc.nat({ max: 2 })) }).map((wish) => {
  return new Command(show('end a document', wish), (model) => {
    const key = keyOf(model, wish.name);
    const pastMs = model.baseMs - 2 * DAY_MS;
    const version = wish.ifVersion === null ? {} : { ifVersion: wish.ifVersion };
    return async (store) => [
      await store.documents.put(key, '1', { nowMs: model.baseMs, expireAtMs: pastMs }),
      await store.documents.get(key, model.baseMs),
      await store.documents.put(key, '2', { nowMs: model.baseMs, expireAtMs: pastMs, ...version }),
      await store.documents.delete(key),
    ];
  });
});

const deleteDocument = name.map(
  (one) => new Command(`delete document ${one}`, (model) => (store) => store.documents.delete(keyOf(model, one))),
);

const listDocuments = fc
  .record({
    prefix: fc.constantFrom('', 'a', 'ä', 'b'),
    afterKey: fc.option(fc.oneof(name, fc.constantFrom('', 'aa', 'zz'))),
    limit: fc.integer({ min: 1, max: 4 }),
  })
  .map((wish) => {
    return new Command(show('list documents', wish), (model) => {
      const afterKey = wish.afterKey === null ? null : keyOf(model, wish.afterKey);
      return (store) => store.documents.list(keyOf(model, wish.prefix), { nowMs: model.baseMs, afterKey, limit: wish.limit });
    });
  });

const trim = fc.record({ prefix: fc.constantFrom('', 'a'), most: fc.nat({ max: 4 }), spared: fc.nat({ max: 3 }), of: name }).map((wish) => {
  return new Command(show('trim documents', wish), (model) => {
    const sparedUntilMs = model.baseMs + FAR_MS + wish.spared * DAY_MS + DOCUMENTS.indexOf(wish.of);
    return (store) => store.documents.trim(keyOf(model, wish.prefix), { most: wish.most, sparedUntilMs });
  });
});

const addTally = fc
  .record({
    series: fc.nat({ max: SERIES - 1 }),
    hour: fc.integer({ min: -6, max: 2 }),
    counts: fc.dictionary(fc.constantFrom('ok', 'blocked', 'böse'), fc.nat({ max: 5 }), { noNullPrototype: true }),
    keepHours: fc.constantFrom(3, 5),
  })
  .map((wish) => {
    return new Command(show('add to a tally', wish), (model) => {
      const hour = Math.floor(model.baseMs / HOUR_MS) + wish.hour;
      return (store) => store.tallies.add(keyOf(model, String(wish.series)), hour, wish.counts, wish.keepHours);
    });
  });

const keepPage = fc
  .record({ job: fc.nat({ max: JOBS - 1 }), byte: fc.nat({ max: 255 }), maxPages: fc.integer({ min: 2, max: 4 }), clock })
  .map((wish) => {
    return new Command(show('keep a page', wish), (model) => {
      const options = { nowMs: model.baseMs + wish.clock, expireAtMs: model.baseMs + FAR_MS, maxPages: wish.maxPages };
      return (store) => store.pages.keep(model.jobIds[wish.job]!, Buffer.from([wish.byte, 0, 255]), options);
    });
  });

/** All draw evenly. */
export const documentCommands: fc.Arbitrary<Command>[] = [
  putDocument,
  putDocument,
  endDocument,
  deleteDocument,
  listDocuments,
  trim,
  addTally,
  keepPage,
];
