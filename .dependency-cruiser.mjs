/**
 * The import rule of docs/architecture.md, checked by `npm run deps`:
 * `main → service → http, jobs → storage → batches, events, crawl → books → errors`, one way.
 * A part may name types of a higher one (`import type`): a port lives beside its users and is implemented below them.
 */

/** What each part of src/ may import from src/ at run time, beside itself. */
const MAY_IMPORT = {
  errors: [],
  'clock-tolerance': [],
  deadline: [],
  'storable-text': [],
  config: ['crawl', 'storage', 'errors'],
  books: ['errors'],
  crawl: ['batches', 'events', 'books', 'clock-tolerance', 'deadline', 'errors'],
  events: ['batches', 'crawl', 'books', 'errors'],
  batches: ['events', 'crawl', 'books', 'storable-text', 'errors'],
  storage: ['batches', 'events', 'crawl', 'books', 'clock-tolerance', 'storable-text', 'errors'],
  jobs: ['storage', 'batches', 'events', 'crawl', 'books', 'clock-tolerance', 'deadline', 'errors'],
  http: ['jobs', 'batches', 'events', 'crawl', 'books', 'errors'],
  migrate: ['jobs', 'storage', 'batches', 'events', 'crawl', 'books', 'storable-text', 'errors'],
  cli: ['migrate', 'storage', 'config', 'errors'],
  service: ['config', 'http', 'jobs', 'storage', 'batches', 'events', 'crawl', 'books', 'errors'],
  main: ['service', 'config', 'cli', 'errors'],
};

const part = (names) => `^src/(${names.join('|')})(/|\\.ts$)`;

/** The packages that one part alone knows, by types too: a type in a signature spreads a library as well as a call does. */
const notOutside = (name, comment, parts, packages) => ({
  name,
  comment,
  severity: 'error',
  from: { path: '^src/', pathNot: part(parts) },
  to: { path: `(^|/)node_modules/(${packages.join('|')})(/|$)` },
});

export default {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Two modules that need each other are one thing, or lack a third.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...Object.entries(MAY_IMPORT).map(([from, to]) => ({
      name: `${from}-imports-downwards`,
      comment: `src/${from} may import at run time ${to.length === 0 ? 'nothing else of src/' : `from ${to.join(', ')} alone`}.`,
      severity: 'error',
      from: { path: part([from]) },
      to: { path: '^src/', pathNot: part([from, ...to]), dependencyTypesNot: ['type-only'] },
    })),
    {
      name: 'every-part-has-a-rule',
      comment: 'A new folder or file in src/ gets its line in MAY_IMPORT.',
      severity: 'error',
      from: { path: '^src/', pathNot: part(Object.keys(MAY_IMPORT)) },
      to: {},
    },
    {
      name: 'books-is-pure',
      comment: 'books/ knows what a book is, and neither I/O nor any other part, not even by a type.',
      severity: 'error',
      from: { path: '^src/books/' },
      to: { pathNot: '^src/books/|^src/errors\\.ts$|(^|/)node_modules/(htmlparser2|entities)/' },
    },
    notOutside('only-http-knows-fastify', 'Fastify stays in http/.', ['http'], ['fastify', 'fastify-plugin', '@fastify', '@bull-board']),
    notOutside(
      'only-jobs-and-storage-know-the-store',
      'BullMQ and the clients of the stores stay in jobs/ and storage/.',
      ['jobs', 'storage'],
      ['bullmq', 'ioredis', 'pg', '@types/pg', '@electric-sql'],
    ),
    {
      name: 'src-stands-alone',
      comment: 'What is delivered imports neither tests nor benchmarks nor scripts.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts)/' },
    },
    {
      name: 'no-dev-dependency-in-src',
      comment: 'A production installation leaves devDependencies out.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm'], pathNot: '(^|/)node_modules/@types/' },
    },
    {
      name: 'only-declared-packages',
      comment: 'A package that is here only because another needs it can go away with it.',
      severity: 'error',
      from: { path: '^(src|test|bench|scripts)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'not-to-unresolvable',
      comment: 'The import leads nowhere.',
      severity: 'error',
      from: { path: '^(src|test|bench|scripts)/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Type-only imports are seen too, and marked `type-only`.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'node', 'default'] },
  },
};
