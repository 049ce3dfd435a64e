/** Those parts of the contract that take long: all sizes of crowds, and many random calls. */
import { describe } from 'vitest';
import { clusterStore, embeddedStore, postgresStore, redisStore, specification } from '../support/stores.ts';
import { crowdsContract } from './crowds.contract.ts';
import { propertiesContract } from './properties.contract.ts';

const SECONDS = 9;

describe('the specification', () => {
  crowdsContract(specification, 'all');
});

describe.each([
  { ...embeddedStore, where: 'the embedded store' },
  { ...redisStore, where: 'the redis store' },
  { ...clusterStore, where: 'the redis store on a cluster' },
  { ...postgresStore, where: 'the postgres store' },
])('$where', (kind) => {
  crowdsContract(kind, 'all');
  propertiesContract(kind, SECONDS);
});
