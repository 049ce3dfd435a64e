import { existsSync, readFileSync } from 'node:fs';
import { Copy, DockerfileParser, type Instruction, type JSONInstruction } from 'dockerfile-ast';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const read = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');

interface Service {
  image?: string;
  build?: string;
  command?: string[];
  profiles?: string[];
  environment?: Record<string, string | null>;
  ports?: string[];
  volumes?: string[];
  restart?: string;
  read_only?: boolean;
  cap_drop?: string[];
  stop_grace_period?: string;
  healthcheck?: { test?: string[]; disable?: boolean };
  depends_on?: Record<string, { condition: string }>;
}

const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const { api = {}, worker = {}, redis = {}, postgres = {} } = compose.services;
/** The two roles on each store. */
const PAIRS = { redis: [api, worker], postgres: [compose.services['api-postgres'] ?? {}, compose.services['worker-postgres'] ?? {}] };
const quires = Object.values(PAIRS).flat();
const settingsOf = (text: string): string[] => [...text.matchAll(/^#? ?([A-Z][A-Z_]+)=/gm)].map(([, name]) => name ?? '');

const dockerfile = DockerfileParser.parse(read('Dockerfile'));
const instructions = dockerfile.getInstructions();
/** The instructions of the last stage, which is the image. */
const image = instructions.slice(instructions.findLastIndex((one) => one.getKeyword() === 'FROM'));
const only = (keyword: string, among: Instruction[] = image): Instruction => {
  const [first, ...more] = among.filter((one) => one.getKeyword() === keyword);
  if (first === undefined || more.length > 0) throw new Error(`there are ${more.length + (first ? 1 : 0)} ${keyword} in the image`);
  return first;
};
/** The strings of an instruction in its JSON form, which starts the program without a shell in between. */
const json = (keyword: string): string[] =>
  (only(keyword) as JSONInstruction).getJSONStrings().map((one) => JSON.parse(one.getValue()) as string);

/** What is copied, and out of which stage where not out of the project. */
const copies = (among: Instruction[]): { from: string | undefined; paths: string[] }[] =>
  among
    .filter((one) => one instanceof Copy)
    .map((one) => ({ from: one.getFromFlag()?.getValue() ?? undefined, paths: one.getArguments().map((path) => path.getValue()) }));

describe('docker-compose.yml', () => {
  it('keeps what the stores were given: append-only file, no eviction, named volumes', () => {
    expect(redis.command?.join(' ')).toBe('redis-server --appendonly yes --maxmemory-policy noeviction');
    expect(redis.volumes).toEqual(['redis-data:/data']);
    expect(postgres.volumes).toEqual(['postgres-data:/var/lib/postgresql/data']);
    expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(['redis-data', 'postgres-data']));
    for (const store of [redis, postgres]) expect(store.ports).toBeUndefined();
  });

  it.each(['redis', 'postgres'] as const)(
    'the profile %s has the store and both roles, from one image, once the store is healthy',
    (store) => {
      const [first = {}, second = {}] = PAIRS[store];
      expect(Object.entries(compose.services).filter(([, one]) => one.profiles?.includes(store))).toHaveLength(3);
      expect(compose.services[store]?.healthcheck?.test?.[0]).toBe('CMD');
      expect(second.image).toBe(first.image);
      expect(second.build).toBeUndefined();
      expect([first.command, second.command]).toEqual([['api'], ['worker']]);
      for (const service of [first, second]) {
        expect(service.depends_on).toEqual({ [store]: { condition: 'service_healthy' } });
        expect(service.restart).toBe('unless-stopped');
        expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
      }
    },
  );

  it('gives each role the address of its one store', () => {
    for (const { environment } of PAIRS.redis) expect(environment).toMatchObject({ REDIS_URL: 'redis://redis:6379' });
    for (const { environment } of PAIRS.postgres)
      expect(environment).toMatchObject({ DATABASE_URL: 'postgres://quire:${POSTGRES_PASSWORD:-quire}@postgres:5432/quire' });
    for (const { environment = {} } of quires) expect('REDIS_URL' in environment).not.toBe('DATABASE_URL' in environment);
    expect(postgres.environment?.['POSTGRES_PASSWORD']).toBe('${POSTGRES_PASSWORD:-quire}');
  });

  it('shows the API on the loopback of the host alone, and asks for a key in a sentence', () => {
    for (const [first = {}, second = {}] of Object.values(PAIRS)) {
      expect(first.ports).toEqual(['127.0.0.1:${PORT:-3000}:3000']);
      expect(first.environment?.['API_KEYS']).toMatch(/^\$\{API_KEYS\?Quire needs a key here\. Write a line API_KEYS=/);
      expect(second.ports).toBeUndefined();
    }
  });

  it('the profile monitoring mounts files that are here, and shows its pages on loopback alone', () => {
    const services = Object.values(compose.services).filter((one) => one.profiles?.includes('monitoring'));
    expect(services).toHaveLength(2);
    const mounted = services.flatMap((one) => one.volumes ?? []).filter((volume) => volume.startsWith('./'));
    expect(mounted.length).toBeGreaterThan(2);
    for (const volume of mounted) expect(existsSync(new URL(`../../../${volume.split(':')[0]}`, import.meta.url)), volume).toBe(true);
    for (const { ports = [] } of services) for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('gives a stop more time than the jobs get to finish', () => {
    const drain = Number(/^# DRAIN_SECONDS=(\d+)$/m.exec(read('.env.example'))?.[1]);
    for (const service of quires) expect(Number.parseInt(service.stop_grace_period ?? '', 10)).toBeGreaterThan(drain);
  });

  it('passes every setting on by its name, and only settings that exist', () => {
    const known = settingsOf(read('.env.example'));
    // The image has these: a container keeps nothing, and each role has one port.
    const elsewhere = new Set(['DATA_DIR', 'PORT', 'WORKER_PORT', 'REDIS_URL', 'DATABASE_URL']);
    for (const { environment = {} } of quires) for (const name of Object.keys(environment)) expect(known).toContain(name);
    for (const [first = {}] of Object.values(PAIRS))
      expect(Object.keys(first.environment ?? {}), 'a new setting needs its name in x-settings of docker-compose.yml').toEqual(
        expect.arrayContaining(known.filter((name) => !elsewhere.has(name))),
      );
  });
});

describe('Dockerfile', () => {
  it('runs node as an ordinary user and as process 1, with the role as its argument', () => {
    // By number: Kubernetes checks `runAsNonRoot` only on a number. The user `node` of the base image has it.
    expect(only('USER').getArgumentsContent()).toBe('1000:1000');
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(json('ENTRYPOINT')).toEqual(scripts['start']?.split(' '));
    expect(json('CMD')).toEqual(['all']);
    expect(only('STOPSIGNAL').getArgumentsContent()).toBe('SIGTERM');
  });

  it('keeps the embedded store on a volume that this user owns', () => {
    expect(only('VOLUME').getArgumentsContent()).toBe('/data');
    expect(only('ENV').getArgumentsContent()).toContain('DATA_DIR=/data');
    expect(only('RUN').getArgumentsContent()).toContain('chown node:node /data');
  });

  it('asks /livez for its health', () => {
    expect(only('HEALTHCHECK').getArgumentsContent()).toContain('/livez');
  });

  it('delivers neither development dependencies nor what install scripts bring', () => {
    const installs = instructions.filter((one) => one.getArgumentsContent()?.includes('npm ci')).map((one) => one.getArgumentsContent());
    expect(installs).toHaveLength(2);
    expect(installs.every((line) => line?.includes('--ignore-scripts'))).toBe(true);
    expect(copies(image).filter(({ from }) => from !== undefined)).toEqual([
      { from: 'dependencies', paths: ['/app/node_modules', './node_modules'] },
      { from: 'build', paths: ['/app/dist', './dist'] },
    ]);
    expect(installs[1]).toContain('--omit=dev');
  });

  it('takes its base by an argument that has room for a digest, in every stage', () => {
    const argument = instructions.find((one) => one.getKeyword() === 'ARG');
    expect(argument?.getArgumentsContent()).toBe('NODE_IMAGE=node:22-slim');
    const bases = instructions.filter((one) => one.getKeyword() === 'FROM').map((one) => one.getArguments()[0]?.getValue());
    expect(bases).toEqual(['${NODE_IMAGE}', '${NODE_IMAGE}', '${NODE_IMAGE}']);
  });

  it('labels the image as the OCI names it, with version and revision from outside', () => {
    const label = only('LABEL').getArgumentsContent() ?? '';
    for (const name of ['title', 'description', 'licenses', 'version', 'revision'])
      expect(label).toContain(`org.opencontainers.image.${name}=`);
    expect(label).toContain('version="${VERSION}"');
    expect(label).toContain('revision="${REVISION}"');
  });

  it('has no source maps and no state of the compiler', () => {
    const build = parse(read('tsconfig.build.json')) as { compilerOptions: { sourceMap: boolean } };
    expect(build.compilerOptions.sourceMap).toBe(false);
    const runs = instructions.filter((one) => one.getKeyword() === 'RUN').map((one) => one.getArgumentsContent());
    expect(runs).toContain('npm run build && rm -f dist/.tsbuildinfo');
  });

  it('copies only what exists and what .dockerignore lets through', () => {
    const allowed = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, name]) => name);
    const sources = copies(instructions).flatMap(({ from, paths }) => (from === undefined ? paths.slice(0, -1) : []));
    expect(new Set(sources)).toEqual(new Set(allowed));
    for (const source of sources) expect(existsSync(new URL(`../../../${source}`, import.meta.url)), source).toBe(true);
  });
});
