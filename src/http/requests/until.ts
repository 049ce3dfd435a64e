/** The condition of a submission. */
import { faultOfUntil, type UntilCondition } from '../../domain/until.ts';
import { QuireError } from '../../errors.ts';
import { createCheck } from '../plugins/validation.ts';
import { UntilSchema } from '../schemas/batch-options.ts';

/** A condition of the form of its schema. */
export type GivenUntil = Omit<UntilCondition, 'count'> & { count?: number };

const check = createCheck<GivenUntil>(UntilSchema);

function refuse(pointer: string, detail: string): QuireError {
  return new QuireError('invalid-request', `${pointer} ${detail}.`, { errors: [{ pointer, detail }] });
}

function fromQuery(text: string): GivenUntil {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw refuse('/query/until', 'must be JSON such as {"field":"rating","gte":4.5}');
  }
  return check(given, '/query/until');
}

/** The condition of the body, else that of the query string, with its count. Throws `invalid-request` with a pointer to what is wrong. */
export function readUntil(inBody: GivenUntil | undefined, inQuery: string | undefined): UntilCondition | null {
  const given = inBody ?? (inQuery === undefined ? undefined : fromQuery(inQuery));
  if (given === undefined) return null;
  const until = { ...given, count: given.count ?? 1 };
  const fault = faultOfUntil(until);
  if (fault === null) return until;
  throw refuse(`${inBody === undefined ? '/query' : ''}/until${fault.pointer}`, fault.detail);
}
