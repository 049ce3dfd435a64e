import { redisStore } from '../support/stores.ts';
import { storeContract } from './store-contract.ts';

storeContract(redisStore);
