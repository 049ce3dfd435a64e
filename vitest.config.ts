import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { runSize } from './test/support/sizes.ts';

const SERVERS = './test/support/global-setup.ts';
const BUILD = './test/support/build-setup.ts';
/** Holds every answer to openapi.yaml. */
const CONTRACT = './test/support/openapi-setup.ts';
const ANSWERS = './test/support/hold-answers.ts';
const DATABASE = './test/support/own-database.ts';

const SLOW = '**/*.slow.test.ts';
const size = runSize();

/** Five kinds of test, each a project of its own, so that `npm test -- --project unit` runs the fast ones alone. */
const project = (name: string, testTimeout: number, globalSetup: string[], setupFiles: string[] = []) => ({
  test: {
    name,
    include: [`test/${name}/${size === 'slow' ? '**/*.{slow,stores}.test.ts' : '**/*.test.ts'}`],
    exclude: size === 'quick' ? [SLOW] : [],
    testTimeout,
    hookTimeout: 240_000,
    globalSetup,
    setupFiles,
    // To load Quire takes longer than most files of tests: a process loads it once. So a test undoes what it does to its process.
    isolate: false,
    // On two cores, since many tests wait: for locks and deadlines, and for processes and servers that start. A browser comes alone, at the end.
    maxWorkers: name === 'page' ? 1 : 4,
    sequence: { groupOrder: name === 'page' ? 1 : 0 },
  },
});

/** Files that take minutes, of different kinds, so that what one waits for another can use. */
const FIRST = ['e2e/collections.slow', 'contract/long.slow', 'integration/migrate/command.slow', 'e2e/rolling-restart.slow', 'e2e/start'];
const KINDS = ['contract', 'integration', 'e2e', 'unit', 'page'];

/** A process goes on with files of the same kind only. The longest come first, and what is short fills the end. */
class ByKind extends BaseSequencer {
  override async sort(specs: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId, project: { name } }: TestSpecification): number => {
      const first = FIRST.findIndex((file) => moduleId.endsWith(`/test/${file}.test.ts`));
      return first === -1 ? FIRST.length + KINDS.indexOf(name) : first;
    };
    return (await super.sort(specs)).toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

export default defineConfig({
  test: {
    pool: 'forks',
    sequence: { sequencer: ByKind },
    projects: [
      project('unit', 20_000, []),
      project('contract', 240_000, [SERVERS], [DATABASE]),
      project('integration', 240_000, [SERVERS, CONTRACT], [DATABASE, ANSWERS]),
      project('page', 120_000, [BUILD]),
      project('e2e', 600_000, [SERVERS, BUILD, CONTRACT], [DATABASE, ANSWERS]),
    ],
  },
});
