import { embeddedStore } from '../support/stores.ts';
import { storeContract } from './store-contract.ts';

storeContract(embeddedStore);
