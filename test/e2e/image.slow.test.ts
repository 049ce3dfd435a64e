/**
 * The steps of the Dockerfile, carried out by hand where no engine is: the build in an empty folder that has what the build context has, and the
 * image as a root of its own that is read-only but for /data, with the user, the environment and the command of the Dockerfile. The base image
 * is this machine's, and the two `npm ci` are left out: test/e2e/package.slow.test.ts carries out the second.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { findOnPath } from '../support/server-binaries.ts';
import { waitUntil } from '../support/wait-until.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
const canMount = process.getuid?.() === 0 && findOnPath('unshare') !== undefined && findOnPath('chroot') !== undefined;
if (!canMount) process.stderr.write('this user may not mount: the test that carries out the Dockerfile is SKIPPED.\n');

/** The folder of the system that the base image brings. */
const SYSTEM = ['usr', 'bin', 'sbin', 'lib', 'lib64', 'etc', 'proc', 'dev'];

/** Mounts the system into the root `$1`, makes that root read-only but for `/data`, and becomes the command as the user 1000. `$2` are the packages. */
const CONTAINER = `
set -e
root=$1; modules=$2; shift 2
mount --make-rprivate /
mount --bind "$root" "$root"
for name in ${SYSTEM.join(' ')}; do [ -e "/$name" ] && mkdir -p "$root/$name" && mount --rbind "/$name" "$root/$name"; done
mount --bind "$root/data" "$root/data"
mount --bind "$modules" "$root/app/node_modules"
mount -o remount,bind,ro "$root"
exec chroot --userspec=1000:1000 "$root" "$@"
`;

async function dockerfile() {
  const text = await readFile(join(root, 'Dockerfile'), 'utf8');
  const json = (keyword: string): string[] =>
    JSON.parse(new RegExp(`^\\s*${keyword} (\\[.*\\])$`, 'm').exec(text)?.[1] ?? '[]') as string[];
  const commands = [...text.matchAll(/^\s*CMD (\[.*\])$/gm)].map(([, list]) => JSON.parse(list ?? '') as string[]);
  return {
    context: [...text.matchAll(/^COPY (?!--from)(.*)$/gm)].flatMap(([, paths]) => (paths ?? '').split(' ').slice(0, -1)),
    build: /^RUN (npm run build.*)$/m.exec(text)?.[1] ?? '',
    environment: (/^ENV (.*)$/m.exec(text)?.[1] ?? '').split(' '),
    user: /^USER (.*)$/m.exec(text)?.[1],
    entrypoint: json('ENTRYPOINT'),
    health: commands.at(-2) ?? [],
    command: commands.at(-1) ?? [],
  };
}

it.skipIf(!canMount)('the Dockerfile makes a program that runs as user 1000 on a read-only root, is healthy, and stops', async () => {
  const { context, build, environment, user, entrypoint, health, command } = await dockerfile();
  expect(user).toBe('1000:1000');
  const dir = await mkdtemp(join(tmpdir(), 'quire-image-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));

  // Stage `build`. The fresh database of this build is the same, and takes longest to make.
  const stage = join(dir, 'build');
  for (const path of new Set(context)) await cp(join(root, path), join(stage, path), { recursive: true });
  await symlink(join(root, 'node_modules'), join(stage, 'node_modules'));
  await cp(join(root, 'dist/fresh-database'), join(stage, 'dist/fresh-database'), { recursive: true });
  await run('sh', ['-c', build], { cwd: stage, timeout: 120_000 });
  const built = await readdir(join(stage, 'dist'), { recursive: true });
  expect(built).toContain('main.js');
  expect(built.filter((name) => /\.js\.map$|tsbuildinfo/.test(name))).toEqual([]);

  // The last stage.
  const image = join(dir, 'image');
  await mkdir(join(image, 'app'), { recursive: true });
  await run('sh', ['-c', 'mkdir "$0/data" && chown 1000:1000 "$0/data"', image]);
  await cp(join(stage, 'dist'), join(image, 'app/dist'), { recursive: true });
  await cp(join(root, 'package.json'), join(image, 'app/package.json'));
  await mkdir(join(image, 'app/node_modules'));
  await run('chmod', ['755', dir, image, join(image, 'app')]);

  const port = String(await freePort());
  const settings = [
    ...environment,
    `PORT=${port}`,
    'HOST=127.0.0.1',
    'GOODREADS_ORIGIN=http://127.0.0.1:9',
    `PATH=${dirname(process.execPath)}:/usr/bin:/bin`,
  ];
  const child = spawn(
    'unshare',
    [
      '--mount',
      'sh',
      '-c',
      CONTAINER,
      'container',
      image,
      join(root, 'node_modules'),
      'env',
      '-i',
      '-C',
      '/app',
      ...settings,
      ...entrypoint,
      ...command,
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, 'close');
  await waitUntil(
    'Quire to be ready',
    () => {
      if (child.exitCode !== null) throw new Error(said);
      return / is ready/.test(said);
    },
    { timeoutMs: 90_000 },
  );

  await run(health[0] ?? '', health.slice(1), { env: { PATH: process.env['PATH'], PORT: port } });
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
  expect(/^Uid:\s+(\d+)\s+(\d+)/m.exec(status)?.slice(1)).toEqual(['1000', '1000']);
  expect(await readdir(join(image, 'data'))).toContain('postgres-18');
  child.kill('SIGTERM');
  expect((await ended)[0]).toBe(0);
  expect(said).toContain('stopped');
});
