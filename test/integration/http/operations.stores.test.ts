import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { linkTo, openScene, type HttpScene } from './scene.ts';

describe.each(inThisRun(STORES))('operations, on the %s store', (store) => {
  let scene: HttpScene;
  beforeAll(async () => {
    scene = await openScene(store);
    await scene.parsed([linkTo(scene.ids[0] ?? '')]);
    // A batch ends before BullMQ has noted the end of its last job.
    await waitUntil('the job to leave the queue', async () => (await scene.ask('/stats')).body['backlog'].active === 0);
  });
  afterAll(() => scene.stop());

  it('/livez and /readyz answer 200 while the store answers', async () => {
    expect(await scene.ask('/livez')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await scene.ask('/readyz')).toMatchObject({ status: 200, body: { ready: true, checks: { store: 'ok' } } });
  });

  it('/stats counts books and jobs, and shows the source', async () => {
    expect(await scene.ask('/stats')).toMatchObject({
      status: 200,
      body: { books: 1, backlog: { waiting: 0, active: 0, oldestSeconds: null }, source: 'open' },
    });
  });

  it('/metrics has the series of Quire, and no label that callers fill', async () => {
    await scene.ask(`/book-info?id=${scene.ids[0]}`);
    await scene.ask('/nothing/secret-path');
    const { headers, body } = await scene.ask<string>('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const line of ['quire_books 1', 'quire_store_up 1', 'quire_source_state{state="open"} 1', 'quire_jobs{state="waiting"} 0'])
      expect(body).toContain(line);
    expect(body).toMatch(/quire_book_reads_total\{outcome="fresh"\} [1-9]/);
    expect(body).toMatch(/quire_http_request_seconds_count\{method="POST",route="\/parse-links",status="202"\} 1/);
    expect(body).not.toContain('secret-path');
    const names = [...body.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(names.filter((name) => !/^(quire|process)_/.test(name ?? ''))).toEqual([]);
  });

  it('/dashboard shows the queue, on loopback under a loopback name alone', async () => {
    const page = await scene.ask<string>('/dashboard');
    expect([page.status, page.headers.get('content-type'), page.headers.get('x-frame-options')]).toEqual([
      200,
      'text/html; charset=utf-8',
      'DENY',
    ]);
    const asset = /(?:src|href)="([^"]*\/?static\/[^"]+\.(?:js|css))"/.exec(page.body)?.[1] ?? '';
    expect((await scene.ask(new URL(asset, `${scene.quire.origin}/dashboard/`).pathname)).status).toBe(200);
    const queues = await scene.ask('/dashboard/api/queues');
    expect(queues.body['queues'][0]).toMatchObject({ name: expect.stringContaining('book'), readOnlyMode: true });
  });

  it('/dashboard asks no other host for anything, and forbids it', async () => {
    for (const path of ['/dashboard', '/dashboard/queue/parse-book']) {
      const { headers, body } = await scene.ask<string>(path);
      expect(body).toContain('id="root"');
      expect(body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'self';/);
    }
  });

  it('/dashboard shows the worker, and Redis only where there is one', async () => {
    for (const { name, hasWorkers } of (await scene.ask('/dashboard/api/queues')).body['queues'] as { name: string; hasWorkers: boolean }[])
      // PostgreSQL does not say from where its clients come: then the board says nothing of workers.
      expect(hasWorkers, name).toBe(store === 'postgres' ? null : true);
    const config = JSON.parse(/__UI_CONFIG__"[^>]*>([^<]*)</.exec((await scene.ask<string>('/dashboard')).body)?.[1] ?? '') as object;
    expect(config).toMatchObject({ hideRedisDetails: !store.startsWith('redis') });
  });

  it('/ is the page, and loads nothing from elsewhere, whatever name it was asked under', async () => {
    const page = await scene.ask<string>('/');
    expect([page.status, page.headers.get('content-type'), page.headers.get('cache-control')]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-cache',
    ]);
    expect(page.body).toMatch(/<link rel="stylesheet" href="\.\/assets\/[0-9a-f]{16}\/app\.css"/);
    expect(page.body).not.toMatch(/(src|href)="(https?:)?\/\//);
    const forged = await new Promise<string>((resolve, reject) => {
      request(`${scene.quire.origin}/`, { headers: { host: "x'$(touch y)" } }, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString())).once('end', () => resolve(text));
      })
        .once('error', reject)
        .end();
    });
    expect(forged).not.toContain('touch');
  });

  it('/favicon.ico is an icon', async () => {
    const answer = await fetch(`${scene.quire.origin}/favicon.ico?v=1`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/x-icon']);
    const bytes = Buffer.from(await answer.arrayBuffer());
    // One picture, and the length and place that the directory tells are those of the file.
    expect([bytes.readUInt16LE(2), bytes.readUInt16LE(4), bytes.readUInt32LE(14) + bytes.readUInt32LE(18)]).toEqual([1, 1, bytes.length]);
  });

  it('/dashboard changes nothing, least of all for pages of other origins', async () => {
    const queue = encodeURIComponent((await scene.ask('/dashboard/api/queues')).body['queues'][0].name as string);
    const pause = (headers: Record<string, string>) => scene.ask(`/dashboard/api/queues/${queue}/pause`, { method: 'PUT', headers });
    expect((await pause({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await pause({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await pause({ 'sec-fetch-site': 'same-origin' })).status).toBe(405);
  });

  it('/docs lets a reader try the API, and loads nothing from elsewhere', async () => {
    const page = await scene.ask<string>('/docs/');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(page.body).not.toMatch(/(src|href)="https?:/);
    expect((await scene.ask('/openapi.json')).body).toMatchObject({ openapi: '3.1.0', info: { title: 'Quire' } });
    const yaml = await scene.ask<string>('/openapi.yaml');
    expect([yaml.headers.get('content-type'), yaml.body.slice(0, 15)]).toEqual(['application/yaml; charset=utf-8', 'openapi: 3.1.0\n']);
  });
});
