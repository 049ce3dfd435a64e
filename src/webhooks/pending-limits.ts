/** How many calls may wait for receivers that do not answer, and which of them is the oldest. */
import type { DeliveryId } from './event.ts';

/** Calls that may wait for one standing webhook, about. */
export const MAX_PENDING = 10_000;
/** Calls that may wait for all webhooks together, about. */
export const MAX_PENDING_IN_ALL = 50_000;

/** Sorts deliveries of all endpoints, the latest event first. */
export const ageKeyOf = (id: DeliveryId): string => id.slice(id.indexOf('-') + 1);
