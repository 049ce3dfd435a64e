import { storeContract } from './store-contract.ts';
import { clusterStore } from '../support/stores.ts';

storeContract(clusterStore);
