import { execFile, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createDatabase, sharedPostgresUrl, startPostgres } from '../support/postgres-server.ts';
import { recordUntil } from '../support/record-until.ts';
import { sharedRedisUrl, startRedis } from '../support/redis-server.ts';
import { waitUntil } from '../support/wait-until.ts';

/** Whether a process runs. One that has ended and waits for a parent to ask about it does not. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, 'utf8'));
}

async function onRedis<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  redis.on('error', () => {});
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

async function onPostgres<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end();
  }
}

describe('a private Redis', () => {
  it('answers as soon as it is started, and is gone with its directory when stopped', async () => {
    const server = await startRedis();
    expect(await onRedis(server.url, async (redis) => redis.ping())).toBe('PONG');
    expect(await onRedis(server.url, async (redis) => redis.config('GET', 'maxmemory-policy'))).toEqual(['maxmemory-policy', 'noeviction']);
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
    expect(existsSync(server.dir)).toBe(false);
  });

  it('comes back with its data on the same directory and port after kill9, when it has an append-only file', async () => {
    const args = ['--appendonly', 'yes', '--appendfsync', 'always'];
    const first = await startRedis({ args });
    onTestFinished(first.stop);
    await onRedis(first.url, async (redis) => redis.set('kept', 'yes'));
    await first.kill9();
    expect(isAlive(first.pid)).toBe(false);
    const second = await startRedis({ args, dir: first.dir, port: first.port });
    onTestFinished(second.stop);
    expect(second.url).toBe(first.url);
    expect(await onRedis(second.url, async (redis) => redis.get('kept'))).toBe('yes');
  });

  it('reports what the server printed when it cannot start', async () => {
    const server = await startRedis();
    onTestFinished(server.stop);
    await expect(startRedis({ args: ['--no-such-setting', 'x'] })).rejects.toThrow(/no-such-setting/);
  });

  it('does not outlive the process that started it, even one that is killed', async () => {
    const support = fileURLToPath(new URL('../support/redis-server.ts', import.meta.url));
    const code = `const { startRedis } = await import(${JSON.stringify(support)}); const s = await startRedis(); console.log(JSON.stringify(s)); setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    const { pid, dir } = JSON.parse(line.toString()) as { pid: number; dir: string };
    expect(isAlive(pid)).toBe(true);
    owner.kill('SIGKILL');
    await waitUntil('the server to end', () => !isAlive(pid) && !existsSync(dir));
  });

  it('lets the process that started it end by itself', async () => {
    const support = fileURLToPath(new URL('../support/redis-server.ts', import.meta.url));
    const code = `const { startRedis } = await import(${JSON.stringify(support)}); console.log((await startRedis()).pid);`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', code];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
    const pid = Number(stdout);
    await waitUntil('the server to end', () => !isAlive(pid));
  });
});

describe('a private PostgreSQL', () => {
  it('keeps what was committed over kill9 and a start on the same directory and port', async () => {
    const first = await startPostgres();
    onTestFinished(first.stop);
    await onPostgres(first.url, async (client) => client.query('CREATE TABLE kept AS SELECT 1 AS n'));
    await first.kill9();
    expect(isAlive(first.pid)).toBe(false);
    const second = await startPostgres({ dir: first.dir, port: first.port });
    onTestFinished(second.stop);
    expect((await onPostgres(second.url, async (client) => client.query('SELECT n FROM kept'))).rows).toEqual([{ n: 1 }]);
  });

  it('is gone with its directory when stopped, also while a client is connected', async () => {
    const server = await startPostgres();
    await onPostgres(server.url, async (client) => {
      await client.query('SELECT 1');
      await server.stop();
    });
    expect(isAlive(server.pid)).toBe(false);
    expect(existsSync(server.dir)).toBe(false);
  });
});

describe('the shared servers', () => {
  it('answer', async () => {
    expect(await onRedis(sharedRedisUrl(), async (redis) => redis.ping())).toBe('PONG');
    expect((await onPostgres(sharedPostgresUrl(), async (client) => client.query('SELECT 1 AS n'))).rows).toEqual([{ n: 1 }]);
  });

  it('give each test a database of its own, which is dropped with its clients', async () => {
    const [one, two] = await Promise.all([createDatabase(sharedPostgresUrl()), createDatabase(sharedPostgresUrl())]);
    onTestFinished(two.drop);
    await onPostgres(one.url, async (client) => {
      await client.query('CREATE TABLE mine (n int)');
      await one.drop();
    });
    const tables = "SELECT count(*)::int AS n FROM information_schema.tables WHERE table_name = 'mine'";
    expect((await onPostgres(two.url, async (client) => client.query(tables))).rows).toEqual([{ n: 0 }]);
    await expect(onPostgres(one.url, async (client) => client.query('SELECT 1'))).rejects.toThrow(/does not exist/);
  });
});

describe('recordUntil', () => {
  it('resolves to every event it saw, in order, up to the one that was waited for', async () => {
    const emitter = new EventEmitter();
    const seen = recordUntil(emitter, ['active', 'completed'], ({ event }) => event === 'completed');
    emitter.emit('active', 1);
    emitter.emit('ignored');
    emitter.emit('completed', 1, 'done');
    emitter.emit('active', 2);
    expect(await seen).toEqual([
      { event: 'active', args: [1] },
      { event: 'completed', args: [1, 'done'] },
    ]);
    expect(emitter.listenerCount('active')).toBe(0);
  });

  it('says what it saw when it waited in vain', async () => {
    const emitter = new EventEmitter();
    const seen = recordUntil(emitter, ['active', 'failed'], ({ event }) => event === 'failed', 50);
    emitter.emit('active');
    await expect(seen).rejects.toThrow('waited 50 ms for one of active, failed; saw active');
    expect(emitter.listenerCount('failed')).toBe(0);
  });
});
