import { existsSync, readFileSync } from 'node:fs';
import { Copy, DockerfileParser, type Instruction, type JSONInstruction } from 'dockerfile-ast';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

interface Service {
  image?: string;
  build?: string;
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  restart?: string;
  stop_grace_period?: string;
  healthcheck?: { test?: string[]; disable?: boolean };
  depends_on?: Record<string, { condition: string }>;
}

const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const { api = {}, worker = {}, redis = {} } = compose.services;

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
  it('keeps what Redis was given: append-only file, no eviction, a named volume', () => {
    expect(redis.command?.join(' ')).toBe('redis-server --appendonly yes --maxmemory-policy noeviction');
    expect(redis.volumes).toEqual(['redis-data:/data']);
    expect(Object.keys(compose.volumes)).toEqual(['redis-data']);
    expect(redis.ports).toBeUndefined();
  });

  it('runs api and worker from one image, once Redis is healthy', () => {
    expect(worker.image).toBe(api.image);
    expect(worker.build).toBeUndefined();
    expect([api.command, worker.command]).toEqual([['api'], ['worker']]);
    expect(redis.healthcheck?.test).toEqual(['CMD', 'redis-cli', 'ping']);
    for (const service of [api, worker]) {
      expect(service.depends_on?.['redis']).toEqual({ condition: 'service_healthy' });
      expect(service.environment?.['REDIS_URL']).toBe('redis://redis:6379');
      expect(service.restart).toBe('unless-stopped');
    }
  });

  it('shows the API on the loopback of the host alone', () => {
    expect(api.ports).toEqual(['127.0.0.1:${PORT:-3000}:3000']);
    expect(worker.ports).toBeUndefined();
  });

  it('gives a stop more time than the jobs get to finish', () => {
    const drain = Number(/^# DRAIN_SECONDS=(\d+)$/m.exec(read('.env.example'))?.[1]);
    for (const service of [api, worker]) expect(Number.parseInt(service.stop_grace_period ?? '', 10)).toBeGreaterThan(drain);
  });

  it('passes on only settings that exist', () => {
    const known = [...read('.env.example').matchAll(/^#? ?([A-Z][A-Z_]+)=/gm)].map(([, name]) => name);
    for (const service of [api, worker]) for (const name of Object.keys(service.environment ?? {})) expect(known).toContain(name);
  });
});

describe('Dockerfile', () => {
  it('runs node as an ordinary user and as process 1, with the role as its argument', () => {
    expect(only('USER').getArgumentsContent()).toBe('node');
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

  it('copies only what exists and what .dockerignore lets through', () => {
    const allowed = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, name]) => name);
    const sources = copies(instructions).flatMap(({ from, paths }) => (from === undefined ? paths.slice(0, -1) : []));
    expect(new Set(sources)).toEqual(new Set(allowed));
    for (const source of sources) expect(existsSync(new URL(`../../${source}`, import.meta.url)), source).toBe(true);
  });
});
