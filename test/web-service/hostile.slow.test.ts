/** What is sent to hurt: long headers and bodies, connections that send nothing, paths that lead out, names with markup. The service goes on. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type GivenWeb, jsonBody, startWeb } from './given.js';

describe('web-service: hostile clients', function () {
  this.timeout(300_000);
  let web: GivenWeb;
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'makai-web-page-'));
    await mkdir(join(folder, 'page/assets'), { recursive: true });
    await writeFile(join(folder, 'page/index.html'), '<!doctype html><title>page</title>');
    await writeFile(join(folder, 'page/assets/app-0123abcd.js'), 'export {};'.repeat(200));
    await writeFile(join(folder, 'page/assets/app-0123abcd.js.map'), '{}');
    await writeFile(join(folder, 'secret'), 'secret');
    web = await startWeb({ pageFolder: join(folder, 'page') });
  });

  after(async () => {
    await web.service.stop();
    await web.store.close();
    await rm(web.directory, { recursive: true });
    await rm(folder, { recursive: true });
  });

  const address = () => ({ host: '127.0.0.1', port: Number(new URL(web.base).port) });
  const isWell = async (): Promise<void> => assert.equal((await web.api('/boxes')).status, 200);

  /** Sends pieces, and reads until the other side ends. */
  const raw = async (pieces: Iterable<string | Buffer>): Promise<string> => {
    const socket = connect(address());
    await once(socket, 'connect');
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
    });
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    for (const piece of pieces) {
      if (socket.destroyed) break;
      if (!socket.write(piece))
        await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed]);
    }
    await closed;
    return text;
  };

  it('10 MB of headers: 431, and no more than a few kilobytes are read', async () => {
    const line = `x-long: ${'a'.repeat(10_000)}\r\n`;
    const reply = await raw([
      'GET /api/v1/boxes HTTP/1.1\r\nhost: localhost\r\n',
      ...Array.from({ length: 1000 }, () => line),
    ]);
    assert.match(reply, /^HTTP\/1\.1 431 /);
    assert.match(reply, /application\/problem\+json/);
    await isWell();
  });

  it('a body of 10 MB, and one that is no JSON', async () => {
    const long = await web
      .api('/boxes', jsonBody('POST', { box_id: '9', description: 'x'.repeat(10_000_000) }))
      .catch(() => undefined);
    assert.ok(long === undefined || long.status === 413, `${long?.status}`);
    const broken = await web.api('/boxes', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"a":',
    });
    assert.equal(broken.status, 400);
    const polluted = await web.api('/boxes', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"box_id":"9","__proto__":{"role":"admin"}}',
    });
    assert.equal(polluted.status, 400);
    await isWell();
  });

  it('what is no HTTP', async () => {
    for (const bytes of [
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc',
      'GET /\r\n\r\n',
      'A'.repeat(100_000),
      '\r\n\r\n\r\n',
    ])
      assert.match(await raw([bytes, 'GET x\r\n\r\n']), /^(HTTP\/1\.1 (400|431) |)/);
    await isWell();
  });

  it('connections that send a byte now and then are closed, and others are served meanwhile', async () => {
    const sockets: Socket[] = [];
    for (let i = 0; i < 100; i += 1) {
      const socket = connect(address());
      socket.on('error', () => undefined);
      sockets.push(socket);
      socket.write('GET /api/v1/boxes HTTP/1.1\r\nhost: local');
    }
    const start = performance.now();
    while (sockets.some((socket) => !socket.destroyed)) {
      assert.ok(performance.now() - start < 120_000, 'they are still open after two minutes');
      for (const socket of sockets) if (socket.writable) socket.write('h');
      await isWell();
      await sleep(500);
    }
  });

  it('paths that lead out of the page are not served', async () => {
    for (const path of [
      '/../secret',
      '/..%2fsecret',
      '/assets/../../secret',
      '/%2e%2e/secret',
      '/assets/..%5c..%5csecret',
      '//etc/passwd',
      '/assets/%00',
      '/%c0%ae%c0%ae/secret',
    ]) {
      const reply = await raw([`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`]);
      assert.doesNotMatch(reply, /secret$|root:/m, path);
    }
    const page = await fetch(`${web.base}/events/1`);
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-security-policy') ?? '', /script-src 'self'/);
    assert.doesNotMatch(page.headers.get('content-security-policy') ?? '', /unsafe/);
    const script = await fetch(`${web.base}/assets/app-0123abcd.js`, {
      headers: { 'accept-encoding': 'br, gzip' },
    });
    assert.equal(script.headers.get('content-encoding'), 'br');
    assert.match(script.headers.get('cache-control') ?? '', /immutable/);
    for (const none of ['none.js', 'app-0123abcd.js.map'])
      assert.equal((await fetch(`${web.base}/assets/${none}`)).status, 404);
  });

  it('a formula or a line end in a text stays a text in exports', async () => {
    const location = '=HYPERLINK("http://evil.example")\r\n,x';
    const from = 1_795_315_200_000;
    await web.store.putTrends([
      { box_id: '3', timestamp_ms: from + 60_000, location, voltage: { min: 1, max: 3, average: 2 } },
    ]);
    const path = (format: string): string =>
      `/boxes/3/export?kind=trends&format=${format}&from=${from}&to=${from + 120_000}`;
    const csv = await (await web.api(path('csv'))).text();
    assert.ok(csv.includes(',"\'=HYPERLINK(""http://evil.example"")\r\n,x",'), csv);
    const ndjson = await (await web.api(path('ndjson'))).text();
    assert.equal((JSON.parse(ndjson) as { location: string }).location, location);
  });
});
