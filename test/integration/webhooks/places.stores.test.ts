/** The limit of 100 webhooks holds, however many are made at once and by how many processes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEndpoints } from '../../../src/webhooks/endpoints.ts';
import type { Store } from '../../../src/storage/store.ts';
import { inThisRun } from '../../support/sizes.ts';
import { eachStore, type MadeStore } from '../../support/stores.ts';

const WISH = { url: 'https://receiver.example.com/quire', events: ['*'], secret: null };
const MOST = 100;

describe.each(inThisRun(eachStore))('webhooks on the $name store', ({ make }) => {
  let made: MadeStore;
  let store: Store;
  let aheadMs = 0;
  const now = (): number => Date.now() + aheadMs;
  beforeAll(async () => {
    made = await make();
    store = made.store;
  });
  afterAll(() => made.cleanup());

  it('never exceed the limit when three processes create them at once', async () => {
    const processes = Array.from({ length: 3 }, () => createEndpoints(store.documents, now));
    const wishes = processes.flatMap((own, n) => Array.from({ length: n === 0 ? 54 : 53 }, () => own.create(WISH)));
    const made160 = await Promise.allSettled(wishes);
    const refusals = made160.flatMap((answer) => (answer.status === 'rejected' ? [(answer.reason as { code: string }).code] : []));
    expect(refusals).toStrictEqual(Array.from({ length: 160 - MOST }, () => 'too-many-webhooks'));
    expect(await processes[0]?.list()).toHaveLength(MOST);
  });

  it('leave a place when one is deleted, even one that was just created', async () => {
    const endpoints = createEndpoints(store.documents, now);
    let id = (await endpoints.list())[0]?.id ?? '';
    for (let round = 0; round < 3; round++) {
      expect(await endpoints.remove(id)).toBe(true);
      id = (await endpoints.create(WISH)).id;
      await expect(endpoints.create(WISH)).rejects.toMatchObject({ code: 'too-many-webhooks' });
    }
  });

  it('free the place of one that was never created, some minutes later', async () => {
    const endpoints = createEndpoints(store.documents, now);
    const id = (await endpoints.list())[0]?.id ?? '';
    await endpoints.remove(id);
    const dying: typeof store.documents = {
      ...store.documents,
      put: (key, ...more) => (key.startsWith('webhook:') ? Promise.reject(new Error('killed')) : store.documents.put(key, ...more)),
    };
    await expect(createEndpoints(dying, now).create(WISH)).rejects.toThrow('killed');
    await expect(endpoints.create(WISH)).rejects.toMatchObject({ code: 'too-many-webhooks' });
    aheadMs = 6 * 60_000;
    await endpoints.create(WISH);
    await expect(endpoints.create(WISH)).rejects.toMatchObject({ code: 'too-many-webhooks' });
  });
});
