import { expect, it } from 'vitest';
import { createSharedState, type SharedState } from '../../../src/crawl/source/shared-state.ts';
import { createSpecification } from '../../specification/store.ts';
import { TEST_SETTINGS } from '../../support/stores.ts';

it('a change that a read brings before its own answer comes is still told as a change of this process', async () => {
  const { documents } = createSpecification(TEST_SETTINGS);
  const told: [string, string, boolean][] = [];
  const shared: SharedState<string> = createSharedState<string>({
    documents: {
      ...documents,
      put: async (...args) => {
        const version = await documents.put(...args);
        // Somebody looks at the state while the answer is on its way.
        await shared.refresh();
        return version;
      },
    },
    key: 'source/test',
    initial: () => 'open',
    parse: String,
    now: Date.now,
    random: () => 0,
    onReplaced: (before, after, ours) => void told.push([before, after, ours]),
  });
  await shared.update(() => ({ value: 'blocked', result: undefined }));
  expect(told).toContainEqual(['open', 'blocked', true]);
});
