/** The filters of a standing webhook: which of the events that it subscribed to it hears. Pure. */
import { PRIORITIES, type Priority } from '../../domain/batch.ts';
import { ERRORS } from '../../errors.ts';
import type { WebhookEvent } from './event.ts';

export interface EventFilter {
  /** Codes of errors. Other failures of books are left out. */
  reasons?: string[];
  /** Priorities of jobs and batches. Others are left out. */
  priorities?: Priority[];
}

/** Whether an event passes. An event without a reason or a priority passes the filter of it: it is about no single job. */
export function passes({ reasons, priorities }: EventFilter = {}, { facts = {} }: Pick<WebhookEvent, 'facts'>): boolean {
  const passesOne = (wanted: readonly string[] | undefined, fact: string | undefined): boolean =>
    wanted === undefined || fact === undefined || wanted.includes(fact);
  return passesOne(reasons, facts.reason) && passesOne(priorities, facts.priority);
}

/** The first value of a filter that nothing can have, as a JSON pointer and a sentence; `null` when all are good. */
export function faultOfFilter({ reasons = [], priorities = [] }: EventFilter): { pointer: string; detail: string } | null {
  const reason = reasons.findIndex((code) => !Object.hasOwn(ERRORS, code));
  if (reason >= 0)
    return {
      pointer: `/filter/reasons/${reason}`,
      detail: `${JSON.stringify(reasons[reason])} is no code of an error: see docs/errors.md.`,
    };
  const priority = priorities.findIndex((name) => !PRIORITIES.includes(name));
  if (priority >= 0) return { pointer: `/filter/priorities/${priority}`, detail: `A priority is one of ${PRIORITIES.join(', ')}.` };
  return null;
}
