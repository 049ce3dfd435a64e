/** A command of the property tests: one call, made on the specification and on the real store, whose answers and signals must be equal. */
import type * as fc from 'fast-check';
import { expect } from 'vitest';
import type { Records } from '../../specification/records.ts';
import type { Model, Real } from './model.ts';
import { comparable, readAll } from './reading.ts';

/** A call with all its arguments decided. `null` from the planner means that the command does not apply. */
export type Call = (store: Records, side: 'spec' | 'real') => Promise<unknown>;

/** An answer, or the code of the error. */
const outcomeOf = async (answer: Promise<unknown>): Promise<unknown> =>
  comparable(await answer.catch((error: unknown) => ({ thrown: (error as { code?: string }).code ?? String(error) })));

function compare(what: string, actual: unknown, expected: unknown): void {
  expect(actual, what).toStrictEqual(expected);
}

export class Command implements fc.AsyncCommand<Model, Real> {
  readonly #title: string;
  readonly #plan: (model: Model, kind: Real['kind']) => Call | null;
  constructor(title: string, plan: (model: Model, kind: Real['kind']) => Call | null) {
    this.#title = title;
    this.#plan = plan;
  }
  check(): boolean {
    return true;
  }
  async run(model: Model, real: Real): Promise<void> {
    const call = this.#plan(model, real.kind);
    if (call === null) return;
    const expected = await outcomeOf(call(model.spec, 'spec'));
    const actual = await outcomeOf(call(real.store, 'real'));
    compare(`the answer of ${this.#title}`, actual, expected);
    compare(`the signals of ${this.#title}`, await real.ear.hear(), await model.ear.hear());
  }
  toString(): string {
    return this.#title;
  }
}

/** Compares everything that can be read. */
export async function compareAll(model: Model, real: Real): Promise<void> {
  compare('everything that can be read', await readAll(real.store, model), await readAll(model.spec, model));
}

/** Compares everything in the middle of a run. */
export class Look implements fc.AsyncCommand<Model, Real> {
  check(): boolean {
    return true;
  }
  run(model: Model, real: Real): Promise<void> {
    return compareAll(model, real);
  }
  toString(): string {
    return 'look';
  }
}
