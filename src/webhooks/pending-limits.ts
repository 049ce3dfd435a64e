/** How many calls may wait for receivers that do not answer, and how calls sort by age. */
import type { DeliveryId } from './events/event.ts';

/** About how many calls may wait for one standing webhook. */
export const MAX_PENDING = 10_000;
/** About how many calls may wait for all webhooks together. */
export const MAX_PENDING_IN_ALL = 50_000;

/** Sorts deliveries of all endpoints, the latest event first. */
export const ageKeyOf = (id: DeliveryId): string => id.slice(id.indexOf('-') + 1);
