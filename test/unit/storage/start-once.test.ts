import { expect, it, vi } from 'vitest';
import { startOnce } from '../../../src/storage/start-once.ts';

it('starts once, however many ask', async () => {
  const work = vi.fn<() => Promise<void>>(() => Promise.resolve());
  const { start } = startOnce(work);
  await Promise.all([start(), start()]);
  await start();
  expect(work).toHaveBeenCalledTimes(1);
});

it('starts again after a start that failed, and tells when none is under way', async () => {
  const work = vi.fn<() => Promise<void>>().mockRejectedValueOnce(new Error('away')).mockResolvedValueOnce();
  const { start, settled } = startOnce(work);
  const failed = start();
  await settled();
  await expect(failed).rejects.toThrow('away');
  await start();
  await settled();
  expect(work).toHaveBeenCalledTimes(2);
});
