/**
 * `npm run --silent sbom > quire.cdx.json`: the list of parts that Quire runs with, as CycloneDX, made by npm from package-lock.json. The same
 * lock gives the same list. npm's own `--omit dev` also leaves out parts that run, such as undici, so the lock decides here. With `--check` nothing is printed but a line, and a part that is missing in the list fails.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const ARGUMENTS = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
const DEADLINE_MS = 120_000;

export interface PartsList {
  bomFormat: string;
  specVersion: string;
  serialNumber?: string;
  metadata: { timestamp?: string; component: { 'bom-ref': string; name: string; version: string } };
  components: { 'bom-ref': string; name: string; version: string; purl: string }[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

interface Lock {
  packages: Record<string, { version?: string; name?: string; dev?: boolean; devOptional?: boolean; link?: boolean }>;
}

/** The list without what is for development alone. */
export function withoutDevelopment(list: PartsList, lock: Lock): PartsList {
  const installed = new Set(installedParts(lock));
  const components = list.components.filter(({ name, version }) => installed.has(`${name}@${version}`));
  const refs = new Set([list.metadata.component['bom-ref'], ...components.map((component) => component['bom-ref'])]);
  const dependencies = list.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) }));
  return { ...list, components, dependencies };
}

/** Asks npm. Throws its own words when it fails. */
export function makePartsList(lock: Lock): PartsList {
  const { stdout, stderr, status, error } = spawnSync('npm', ARGUMENTS, {
    cwd: root,
    encoding: 'utf8',
    timeout: DEADLINE_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`npm sbom failed: ${error?.message ?? stderr}`);
  const list = JSON.parse(stdout) as PartsList;
  const { name, version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { name: string; version: string };
  // npm names the folder, and stamps each list: the same lock is to give the same list.
  Object.assign(list.metadata.component, { name, version });
  delete list.serialNumber;
  delete list.metadata.timestamp;
  return withoutDevelopment(list, lock);
}

/** Packages of the lock that are installed in production, as `name@version`. */
export function installedParts(lock: Lock): string[] {
  const parts = Object.entries(lock.packages).flatMap(([path, { version, name, dev, devOptional, link }]) =>
    path === '' || dev === true || devOptional === true || link === true || version === undefined
      ? []
      : [`${name ?? path.split('node_modules/').at(-1)}@${version}`],
  );
  return [...new Set(parts)].toSorted();
}

/** What is wrong with a list, in sentences. */
export function faultsOf(list: PartsList, lock: Lock): string[] {
  const listed = new Set(list.components.map(({ name, version }) => `${name}@${version}`));
  const faults = installedParts(lock)
    .filter((part) => !listed.has(part))
    .map((part) => `${part} is not in the list.`);
  if (list.bomFormat !== 'CycloneDX') faults.push(`The list is ${list.bomFormat} and not CycloneDX.`);
  for (const { name, purl } of list.components) if (!purl.startsWith('pkg:npm/')) faults.push(`${name} has no package address.`);
  return faults;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const lock = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as Lock;
  const list = makePartsList(lock);
  if (argv.includes('--check')) {
    const faults = faultsOf(list, lock);
    for (const fault of faults) process.stdout.write(`${fault}\n`);
    process.stdout.write(`The list has ${list.components.length} parts, as CycloneDX ${list.specVersion}.\n`);
    process.exitCode = faults.length > 0 ? 1 : 0;
  } else process.stdout.write(`${JSON.stringify(list, null, 2)}\n`);
}
