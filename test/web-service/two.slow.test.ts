/** Two web services, as processes, on one MongoDB behind one address that hands each request to the next of them: nothing of a visitor is kept in one alone. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { hashPassword } from '../../daemon/people/password.js';
import { publishNotice } from '../../nats/notices.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { type Writable, writable } from '../store/writable.js';
import { freePort } from '../support/free-port.js';
import { givenMongo } from '../support/mongo-server.js';
import { givenNats, NatsServer } from '../support/nats-server.js';
import { until } from '../support/until.js';
import { fieldsOf, fill, jsonBody } from './given.js';

const RETENTION = { mode: 'ttl', measurementsSeconds: 100 * 365 * 86_400 } as const;
const PASSWORD = 'correct horse battery';

interface Stream {
  text(): string;
  end(): void;
}

describe('web-service: two behind one address', function () {
  this.timeout(300_000);
  const mongo = givenMongo();
  const binary = givenNats();
  let nats: NatsServer;
  let connection: NatsConnection;
  let folder: string;
  let store: Writable<Store>;
  let proxy: Server;
  const ports: number[] = [];
  const children: ChildProcess[] = [];
  /** of the one address */
  let base: string;
  let turn = 0;
  /** how many requests each has got */
  const got = [0, 0];

  before(async () => {
    nats = await NatsServer.start(binary());
    connection = await connect({ servers: nats.url });
    folder = mkdtempSync(join(tmpdir(), 'makai-web-two-'));
    const url = `${mongo().uri}/makai_test_${randomBytes(6).toString('hex')}`;
    store = writable(await openStore(url, { retention: RETENTION }));
    await fill(store);
    await store.addUser({
      name: 'ada',
      role: 'admin',
      password: await hashPassword(PASSWORD),
      created_ms: 1,
    });
    proxy = createServer((incoming, outgoing) => {
      const which = turn % 2;
      turn += 1;
      got[which] = (got[which] ?? 0) + 1;
      const { headers, method, url: path } = incoming;
      const onward = request({ host: '127.0.0.1', port: ports[which], method, path, headers }, (reply) => {
        outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      outgoing.on('close', () => onward.destroy());
      incoming.pipe(onward);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    for (const name of ['a', 'b']) {
      const port = await freePort();
      ports.push(port);
      const file = join(folder, `${name}.json`);
      const fields = await fieldsOf(url, {
        ...{ listen: `127.0.0.1:${port}`, login: 'on', nats: { servers: [nats.url] } },
      });
      writeFileSync(file, JSON.stringify(fields), { mode: 0o600 });
      const program = join(PACKAGE_ROOT, 'dist/cli/main.js');
      children.push(spawn(process.execPath, [program, 'web-service', file], { stdio: 'ignore' }));
      await until(`${name} replies`, async () => {
        const reply = await fetch(`http://127.0.0.1:${port}/api/v1/session`).catch(() => undefined);
        return reply?.status === 200;
      });
    }
  });
  after(async () => {
    for (const child of children) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    proxy?.closeAllConnections();
    proxy?.close();
    await connection?.close();
    await store?.close();
    await nats?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const api = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${base}/api/v1${path}`, { ...init, headers: { connection: 'close', ...init.headers } });

  async function logIn(): Promise<Record<string, string>> {
    const reply = await api('/session', jsonBody('POST', { name: 'ada', password: PASSWORD }));
    assert.equal(reply.status, 200, await reply.clone().text());
    const { csrf } = (await reply.json()) as { csrf: string };
    const cookie = (reply.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    return { cookie, 'x-csrf-token': csrf };
  }

  it('a session that began at one is one at the other, with its token against other sites', async () => {
    const headers = await logIn();
    const before = [...got];
    for (let i = 0; i < 6; i += 1) assert.equal((await api('/boxes', { headers })).status, 200);
    assert.deepEqual([(got[0] ?? 0) - (before[0] ?? 0), (got[1] ?? 0) - (before[1] ?? 0)], [3, 3]);
    // A change at each, with the csrf token that one of them has given.
    for (const remark of ['one', 'two']) {
      const body = jsonBody('POST', { remark });
      const reply = await api('/incidents/1/annotations', {
        ...body,
        headers: { ...body.headers, ...headers },
      });
      assert.ok(reply.status < 300, `${reply.status}: ${await reply.text()}`);
    }
    assert.deepEqual((await store.incident(1))?.annotations.length, 2);
    assert.equal((await api('/session', { method: 'DELETE', headers })).status, 204);
    // What it knew of the session is good for five seconds more.
    await until('both refuse it', async () => {
      const all = [await api('/boxes', { headers }), await api('/boxes', { headers })];
      return all.every(({ status }) => status === 401);
    });
  });

  it('viewers of both hear the notices of all analysis services; one who comes to the other begins again', async () => {
    const headers = await logIn();
    const streams = [await live(headers), await live(headers)];
    const [incident] = await store.incidentsOfEvent(1);
    assert.ok(incident);
    await until('both say it', async () => {
      const { annotations: _, ...rest } = incident;
      const changed = { ...rest, annotations: [String(Date.now())] };
      publishNotice(connection, 'incident/VOLTAGE_SAG/1', JSON.stringify(changed));
      await new Promise((resolve) => setTimeout(resolve, 200));
      return streams.every(({ text }) => text().includes('event: incident\n'));
    });
    const [, id] = /id: ([0-9a-f]{12}-\d+)/.exec(streams[0]?.text() ?? '') ?? [];
    assert.ok(id);
    for (const { end } of streams) end();
    // Whoever connects again comes to either one: what it missed follows, or it is to read everything again.
    const again = [
      await live({ ...headers, 'last-event-id': id }),
      await live({ ...headers, 'last-event-id': id }),
    ];
    await until('one of them says that it begins again', async () =>
      again.some(({ text }) => text().includes('event: reset\n')),
    );
    for (const { end } of again) end();
  });

  it('when one is killed, the other one goes on with its sessions', async () => {
    const headers = await logIn();
    const [first] = children;
    assert.ok(first);
    const gone = once(first, 'exit');
    first.kill('SIGKILL');
    await gone;
    children.shift();
    ports[0] = ports[1] ?? 0;
    for (let i = 0; i < 4; i += 1) assert.equal((await api('/boxes', { headers })).status, 200);
  });

  async function live(headers: Record<string, string>): Promise<Stream> {
    const abort = new AbortController();
    const reply = await api('/live?topics=incidents', { headers, signal: abort.signal });
    assert.equal(reply.status, 200);
    let heard = '';
    const reading = (async () => {
      for await (const chunk of reply.body ?? []) heard += Buffer.from(chunk).toString('utf8');
    })();
    reading.catch(() => undefined);
    return { text: () => heard, end: () => abort.abort() };
  }
});
