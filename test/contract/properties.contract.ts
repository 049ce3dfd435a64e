/**
 * The specification and a real store are given the same random calls, and must give the same answers, tell the same signals, and hold the same records.
 *
 * `QUIRE_PROPERTY_RUNS=2000 npm test -- test/contract/redis.test.ts -t 'as the specification'` looks longer. A failure prints its seed, path and
 * replayPath; `QUIRE_PROPERTY_REPLAY='<seed> <path> <replayPath>'` runs it again, for the test of that title (`-t`).
 */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MadeStore, StoreKind } from '../support/stores.ts';
import { type Command, compareAll, Look } from './model/commands.ts';
import { documentCommands } from './model/document-commands.ts';
import { growingCommands } from './model/growing-commands.ts';
import { crowd, jobCommands, settleCrowd } from './model/job-commands.ts';
import { createModel, keepFirstPage, leaveEmpty, listenTo, type Model, type Real } from './model/model.ts';

const MOST_RUNS = 300;
const ASKED = Number(process.env['QUIRE_PROPERTY_RUNS'] ?? 0);
const [SEED, PATH, REPLAY_PATH] = (process.env['QUIRE_PROPERTY_REPLAY'] ?? '').split(' ');
const MOST_MS = 3_600_000;

type Commands = Iterable<fc.AsyncCommand<Model, Real>>;

const look = fc.constant(new Look());
const replay = REPLAY_PATH ? { replayPath: REPLAY_PATH } : {};
const commandsOf = (maxCommands: number, ...weighted: fc.WeightedArbitrary<fc.AsyncCommand<Model, Real>>[]): fc.Arbitrary<Commands> =>
  fc.commands<Model, Real, false>([fc.oneof(...weighted)], { maxCommands, size: 'max', ...replay });

const none = fc.constant<Command[]>([]);
const one = (command: fc.Arbitrary<Command>): fc.Arbitrary<Command[]> => command.map((made) => [made]);

/** `before` and `after` come in each run, around the commands. */
const PROPERTIES: {
  title: string;
  share: number;
  before: fc.Arbitrary<Command[]>;
  commands: fc.Arbitrary<Commands>;
  after: fc.Arbitrary<Command[]>;
}[] = [
  {
    title: 'books, jobs and batches',
    share: 2,
    before: none,
    commands: commandsOf(30, ...jobCommands, { weight: 3, arbitrary: look }),
    after: none,
  },
  {
    title: 'batches that grow',
    share: 2,
    before: none,
    commands: commandsOf(40, ...growingCommands, ...jobCommands, { weight: 8, arbitrary: look }),
    after: none,
  },
  {
    title: 'documents, tallies and pages',
    share: 0.5,
    before: none,
    commands: commandsOf(30, { weight: 8, arbitrary: fc.oneof(...documentCommands) }, { weight: 1, arbitrary: look }),
    after: none,
  },
  { title: 'crowds', share: 0.5, before: one(crowd), commands: commandsOf(8, ...jobCommands), after: one(settleCrowd) },
];

const SHARES = PROPERTIES.reduce((sum, { share }) => sum + share, 0);

/** A store is tried for `seconds` by default, shared out among the properties. No run is broken off. */
export function propertiesContract({ make }: StoreKind, seconds: number): void {
  describe('does as the specification', () => {
    let made: MadeStore;
    let real: Real;
    const open = async (): Promise<void> => {
      made = await make();
      real = listenTo(made.store);
    };
    beforeAll(open);
    afterAll(() => made.cleanup());

    it.each(PROPERTIES)('with $title', { timeout: MOST_MS }, async ({ share, before, commands, after }) => {
      const compare = async (steps: Commands): Promise<void> => {
        const model = createModel();
        try {
          await keepFirstPage(model.spec);
          await keepFirstPage(real.store);
          await real.ear.hear();
          await fc.asyncModelRun(() => ({ model, real }), steps);
          await compareAll(model, real);
        } finally {
          // A store that does not get empty would disturb the runs after this one.
          if (!(await leaveEmpty(real, model))) {
            await made.cleanup();
            await open();
          }
        }
      };
      let until = ASKED > 0 ? Infinity : performance.now() + (share / SHARES) * seconds * 1_000;
      let runs = 0;
      const run = async (first: Command[], middle: Commands, last: Command[]): Promise<void> => {
        if (runs++ > 0 && performance.now() > until) return;
        await compare([...first, ...middle, ...last]).catch((error: unknown) => {
          // What failed may be made smaller for as long as that takes.
          until = Infinity;
          throw error;
        });
      };
      await fc.assert(fc.asyncProperty(before, commands, after, run), {
        numRuns: ASKED > 0 ? Math.ceil(ASKED * share) : MOST_RUNS,
        ...(SEED ? { seed: Number(SEED) } : {}),
        ...(PATH ? { path: PATH } : {}),
      });
      expect(runs).toBeGreaterThan(0);
    });
  });
}
