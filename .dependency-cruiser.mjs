/**
 * The import rule of docs/architecture.md, checked by `npm run deps`:
 * `main → service → http, queue, cli → webhooks → app → crawl, parser → storage → grafts → config, metrics → domain → errors`, one way, in types as at run time.
 */

/** What each part of src/ may import from src/ at run time, beside itself. */
const MAY_IMPORT = {
  errors: [],
  tracing: ['errors'],
  domain: ['errors'],
  config: ['domain', 'errors'],
  metrics: ['domain', 'errors', 'tracing'],
  grafts: ['config', 'domain', 'errors'],
  parser: ['domain', 'errors'],
  storage: ['grafts', 'config', 'metrics', 'domain', 'errors'],
  crawl: ['config', 'metrics', 'storage', 'domain', 'errors', 'tracing'],
  app: ['crawl', 'parser', 'storage', 'config', 'domain', 'errors', 'tracing'],
  webhooks: ['app', 'crawl', 'storage', 'config', 'domain', 'errors', 'tracing'],
  queue: ['webhooks', 'app', 'crawl', 'storage', 'config', 'metrics', 'domain', 'errors', 'tracing'],
  http: ['webhooks', 'app', 'crawl', 'storage', 'config', 'metrics', 'domain', 'errors', 'tracing'],
  migrate: ['queue', 'webhooks', 'storage', 'config', 'domain', 'errors'],
  cli: ['migrate', 'app', 'storage', 'config', 'domain', 'errors'],
  service: ['config', 'metrics', 'http', 'queue', 'webhooks', 'app', 'crawl', 'parser', 'storage', 'domain', 'errors', 'tracing'],
  main: ['service', 'config', 'cli', 'errors', 'tracing'],
  // The page runs in a browser: it shares nothing with the server.
  web: [],
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
      comment: `src/${from} may import ${to.length === 0 ? 'nothing else of src/' : `from ${to.join(', ')} alone`}.`,
      severity: 'error',
      from: { path: part([from]) },
      to: { path: '^src/', pathNot: part([from, ...to]) },
    })),
    {
      name: 'every-part-has-a-rule',
      comment: 'A new folder or file in src/ gets its line in MAY_IMPORT.',
      severity: 'error',
      from: { path: '^src/', pathNot: part(Object.keys(MAY_IMPORT)) },
      to: {},
    },
    {
      name: 'domain-and-parser-are-pure',
      comment:
        'domain/ and parser/ do no I/O: they know no package but the decoder of entities and the regular expressions of linear time, and no module of Node that reaches outside.',
      severity: 'error',
      from: { path: '^src/(domain|parser)/' },
      to: { pathNot: '^src/(domain|parser)/|^src/errors\\.ts$|(^|/)node_modules/(entities|typebox|re2js)/|^(node:)?(crypto|buffer|util)$' },
    },
    notOutside('only-http-knows-fastify', 'Fastify stays in http/.', ['http'], ['fastify', 'fastify-plugin', '@fastify', '@bull-board']),
    notOutside(
      'only-queue-storage-and-grafts-know-the-store',
      'BullMQ and the clients of the stores stay in queue/, storage/ and grafts/.',
      ['queue', 'storage', 'grafts'],
      ['bullmq', 'ioredis', 'pg', '@types/pg', '@electric-sql'],
    ),
    notOutside('only-tracing-knows-opentelemetry', 'Spans are made in tracing.ts.', ['tracing'], ['@opentelemetry']),
    {
      name: 'src-stands-alone',
      comment: 'What is delivered imports neither tests nor benchmarks nor scripts.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts)/' },
    },
    {
      name: 'no-dev-dependency-in-src',
      comment: 'A production installation leaves devDependencies out. The build copies what the page needs.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/web/' },
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
