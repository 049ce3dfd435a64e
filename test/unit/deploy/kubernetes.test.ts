import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

const root = join(import.meta.dirname, '../../..');
const folder = join(root, 'deploy/kubernetes');

interface Manifest {
  file: string;
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  object: Record<string, unknown>;
}

const manifests: Manifest[] = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml'))
  .flatMap((file) =>
    parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => {
      const object = document.toJS() as Record<string, unknown>;
      const { apiVersion, kind, metadata } = object as unknown as Manifest;
      return { file, apiVersion, kind, metadata, object };
    }),
  );

interface Model {
  new (data?: never): { validate(): void };
  apiVersion: string;
}
/** The models carry the JSON schemas of Kubernetes and KEDA, and their types. */
const MODELS: Record<string, Model> = { Deployment, Service, PodDisruptionBudget, NetworkPolicy, ConfigMap, ServiceAccount, ScaledObject };
const MODULES: Record<string, string> = {
  Deployment: 'kubernetes-models/apps/v1/Deployment',
  Service: 'kubernetes-models/v1/Service',
  PodDisruptionBudget: 'kubernetes-models/policy/v1/PodDisruptionBudget',
  NetworkPolicy: 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy',
  ConfigMap: 'kubernetes-models/v1/ConfigMap',
  ServiceAccount: 'kubernetes-models/v1/ServiceAccount',
  ScaledObject: '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject',
};

const modelOf = (kind: string): Model => {
  const model = MODELS[kind];
  if (model === undefined) throw new Error(`no schema for the kind ${kind}: add it to MODELS`);
  return model;
};

/** Throws the first fault of an object against the JSON schema of its kind. */
const check = ({ kind, object }: Pick<Manifest, 'kind' | 'object'>): void => new (modelOf(kind))(object as never).validate();

/** What the compiler says of objects against the types of their kinds: it also finds fields that do not exist, which the schemas allow. */
function compile(objects: Pick<Manifest, 'kind' | 'object'>[]): string {
  const dir = mkdtempSync(join(root, 'node_modules/.quire-manifests-'));
  try {
    // The types leave out what a model adds by itself.
    const lines = objects.map(
      ({ kind, object }) => `new ${kind}(${JSON.stringify({ ...object, apiVersion: undefined, kind: undefined })});`,
    );
    const imports = [...new Set(objects.map(({ kind }) => kind))].map((kind) => `import { ${kind} } from '${MODULES[kind]}';`);
    writeFileSync(join(dir, 'manifests.ts'), [...imports, ...lines].join('\n'));
    const options = ['--noEmit', '--ignoreConfig', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', ''];
    const tsc = join(root, 'node_modules/typescript-native/bin/tsc');
    execFileSync(process.execPath, [tsc, ...options, join(dir, 'manifests.ts')], { encoding: 'utf8', stdio: 'pipe' });
    return '';
  } catch (error) {
    return (error as { stdout?: string }).stdout ?? String(error);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Container {
  args: string[];
  env: { name: string; value: string }[];
  envFrom: unknown[];
  ports: { name: string; containerPort: number }[];
  securityContext: Record<string, unknown>;
  [probe: `${string}Probe`]: { httpGet: { path: string; port: string } };
}
interface PodSpec {
  containers: Container[];
  enableServiceLinks: boolean;
  automountServiceAccountToken: boolean;
  terminationGracePeriodSeconds: number;
  securityContext: Record<string, unknown>;
}
const named = (kind: string, name: string): Record<string, never> => {
  const found = manifests.filter((one) => one.kind === kind && one.metadata.name === name);
  if (found.length !== 1) throw new Error(`there are ${found.length} ${kind} ${name}`);
  return found[0]?.object as Record<string, never>;
};
const podOf = (name: string): PodSpec =>
  (named('Deployment', name) as unknown as { spec: { template: { spec: PodSpec } } }).spec.template.spec;
const containerOf = (name: string): Container => podOf(name).containers[0] as Container;
const settings = readFileSync(join(root, '.env.example'), 'utf8');
const isSetting = (name: string): boolean => new RegExp(`^# ${name}=`, 'm').test(settings);

describe('deploy/kubernetes', () => {
  it.each(manifests.map((one) => [`${one.file}: ${one.kind} ${one.metadata.name}`, one] as const))(
    '%s keeps to the schema of its kind',
    (_what, manifest) => {
      expect(manifest.apiVersion).toBe(modelOf(manifest.kind).apiVersion);
      check(manifest);
    },
  );

  it('has no field that its kinds do not have', () => {
    expect(compile(manifests)).toBe('');
    const first = manifests.find(({ kind }) => kind === 'Deployment');
    const misspelt = JSON.parse(JSON.stringify(first?.object).replace('enableServiceLinks', 'enableServicesLinks')) as Manifest['object'];
    expect(compile([{ kind: 'Deployment', object: misspelt }])).toContain('enableServicesLinks');
  });

  it('would fail on a value of a wrong type', () => {
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 'two', selector: {}, template: {} } };
    expect(() => check({ kind: 'Deployment', object })).toThrow(/replicas/);
  });

  it.each(['quire-api', 'quire-worker'])('%s runs as an ordinary user on a root that it cannot write to', (name) => {
    const pod = podOf(name);
    expect(pod).toMatchObject({ enableServiceLinks: false, automountServiceAccountToken: false });
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } });
    expect(containerOf(name).securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it.each([
    ['quire-api', 'api', 'PORT', 'http'],
    ['quire-worker', 'worker', 'WORKER_PORT', 'health'],
  ])('%s is probed at /livez and /readyz on the port that %s listens on', (name, role, setting, port) => {
    const container = containerOf(name);
    expect(container.args).toEqual([role]);
    expect(container.env.find((one) => one.name === setting)?.value).toBe(String(container.ports[0]?.containerPort));
    expect(container.ports[0]?.name).toBe(port);
    expect(container['livenessProbe']?.httpGet).toEqual({ path: '/livez', port });
    expect(container['startupProbe']?.httpGet).toEqual({ path: '/livez', port });
    expect(container['readinessProbe']?.httpGet).toEqual({ path: '/readyz', port });
    expect(container.envFrom).toEqual([{ configMapRef: { name: 'quire' } }, { secretRef: { name: 'quire' } }]);
  });

  it('gives a stop more time than the jobs get to finish', () => {
    const drain = Number(/^# DRAIN_SECONDS=(\d+)$/m.exec(settings)?.[1]);
    for (const name of ['quire-api', 'quire-worker']) expect(podOf(name).terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drain + 10);
  });

  it('sets only settings that exist, and no secret', () => {
    const inFile = Object.keys((named('ConfigMap', 'quire') as unknown as { data: Record<string, string> }).data);
    const names = [...inFile, ...['quire-api', 'quire-worker'].flatMap((name) => containerOf(name).env.map((one) => one.name))];
    for (const name of names) expect(isSetting(name), name).toBe(true);
    expect(names.filter((name) => /URL|KEY|SECRET/.test(name))).toEqual([]);
  });

  it('guards each Deployment by a budget and a network policy that select its pods', () => {
    const labels = (name: string): unknown =>
      (named('Deployment', name) as unknown as { spec: { selector: { matchLabels: unknown } } }).spec.selector.matchLabels;
    for (const name of ['quire-api', 'quire-worker']) {
      expect(named('PodDisruptionBudget', name)).toMatchObject({ spec: { selector: { matchLabels: labels(name) } } });
      expect(named('NetworkPolicy', name)).toMatchObject({ spec: { podSelector: { matchLabels: labels(name) } } });
    }
    expect(named('Service', 'quire')).toMatchObject({ spec: { selector: labels('quire-api') } });
  });

  it('scales workers on the backlog, which counts nothing while the source gives nothing', () => {
    const { spec } = named('ScaledObject', 'quire-worker') as unknown as {
      spec: { scaleTargetRef: unknown; triggers: { metadata: { query: string } }[] };
    };
    expect(spec.scaleTargetRef).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'quire-worker' });
    const query = spec.triggers[0]?.metadata.query ?? '';
    const ours = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((name) => /metrics/.test(name) && name.endsWith('.ts'))
      .map((name) => readFileSync(join(root, 'src', name), 'utf8'))
      .join('\n');
    for (const [name] of query.matchAll(/quire_\w+/g)) expect(ours).toContain(`'${name}'`);
    expect(query).toContain('state=~"open|slowed"');
  });
});
