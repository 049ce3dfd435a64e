import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { runSize } from './test/support/sizes.ts';

const SERVERS = './test/support/global-setup.ts';
const BUILD = './test/support/build-setup.ts';
/** Holds every answer to openapi.yaml. */
const CONTRACT = './test/support/openapi-setup.ts';
const ANSWERS = './test/support/hold-answers.ts';

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
    // An end-to-end test starts processes of its own: more than two at once only wait for each other on two cores. They come last.
    maxWorkers: { e2e: 2, page: 1 }[name] ?? 4,
    sequence: { groupOrder: { e2e: 1, page: 2 }[name] ?? 0 },
  },
});

/** A process goes on with files of the same kind only. The longest come first, and what is short fills the end. */
class ByKind extends BaseSequencer {
  override async sort(specs: TestSpecification[]): Promise<TestSpecification[]> {
    const kinds = ['contract', 'integration', 'unit'];
    return (await super.sort(specs)).toSorted((a, b) => kinds.indexOf(a.project.name) - kinds.indexOf(b.project.name));
  }
}

export default defineConfig({
  test: {
    pool: 'forks',
    sequence: { sequencer: ByKind },
    projects: [
      project('unit', 20_000, []),
      project('contract', 240_000, [SERVERS]),
      project('integration', 240_000, [SERVERS, CONTRACT], [ANSWERS]),
      project('page', 120_000, [BUILD]),
      project('e2e', 600_000, [SERVERS, BUILD, CONTRACT], [ANSWERS]),
    ],
  },
});
