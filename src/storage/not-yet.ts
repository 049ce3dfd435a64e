/** Batches that grow, on stores that do not have them yet: no use case calls these. */
import type { BatchStore } from './store.ts';

const refuse = (): Promise<never> => Promise.reject(new Error('this store has no growing batches yet'));
export const notYet: Pick<BatchStore, 'add' | 'close' | 'listOpenFor' | 'report'> = {
  add: refuse,
  close: refuse,
  listOpenFor: refuse,
  report: refuse,
};
