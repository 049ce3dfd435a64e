import { describe } from 'vitest';
import { specification } from '../support/stores.ts';
import { recordsContract } from './store-contract.ts';

describe('the specification', () => {
  recordsContract(specification);
});
