import { postgresStore } from '../support/stores.ts';
import { storeContract } from './store-contract.ts';

storeContract(postgresStore);
