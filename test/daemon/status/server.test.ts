import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { MakaiError } from '../../../common/errors.js';
import { silentLogger } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics/metrics.js';
import { readMetrics, readStatus } from '../../../daemon/status/client.js';
import {
  type ListenAddress,
  MAX_CONNECTIONS,
  type StatusServer,
  startStatusServer,
} from '../../../daemon/status/server.js';

describe('daemon/status/server', () => {
  let folder = '';
  const running: StatusServer[] = [];
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-status-'));
  });
  afterEach(async () => {
    for (const server of running.splice(0)) await server.stop();
  });
  after(() => rmSync(folder, { recursive: true }));

  async function start(address: ListenAddress | undefined, isNamed = true, details = () => ({ boxes: 3 })) {
    const metrics = new Metrics('triggering-broker', '1.2.3');
    metrics.gauge('makai_boxes_connected', () => 3);
    const log = silentLogger();
    const daemon = 'triggering-broker';
    const options = { daemon, version: '1.2.3', address, isNamed, details, metrics, log };
    const server = await startStatusServer(options).catch((error: unknown) => {
      metrics.stop();
      throw error;
    });
    running.push(server);
    return server;
  }

  async function onPort(
    details?: () => { boxes: number },
  ): Promise<{ host: string; port: number; server: StatusServer }> {
    const server = await start({ host: '127.0.0.1', port: 0 }, true, details);
    const port = Number(server.address?.split(':')[1]);
    return { host: '127.0.0.1', port, server };
  }

  /** Sends raw text and gives all that comes back until the connection ends. */
  async function raw(port: number, text: string): Promise<string> {
    const socket = createConnection(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => {
      answer += data.toString();
    });
    socket.on('error', () => undefined);
    socket.write(text);
    await once(socket, 'close');
    return answer;
  }

  it('answers /status and /metrics', async () => {
    const { server: _server, ...address } = await onPort();
    const status = await readStatus(address);
    assert.deepEqual(
      [status.daemon, status.version, status.pid, status.details],
      ['triggering-broker', '1.2.3', process.pid, { boxes: 3 }],
    );
    assert.match(await readMetrics(address), /^makai_boxes_connected 3$/m);
  });

  it('answers on every address of IPv4 and IPv6', async () => {
    const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
      all?.some(({ address }) => address === '::1'),
    );
    for (const host of ['*', '::']) {
      const { address = '' } = await start({ host, port: 0 });
      const port = Number(address.slice(address.lastIndexOf(':') + 1));
      for (const at of ['127.0.0.1', '*', ...(hasIpv6 ? ['::1'] : [])])
        assert.equal((await readStatus({ host: at, port })).pid, process.pid);
    }
  });

  it('says why an address cannot be opened', async () => {
    await assert.rejects(start({ host: '192.0.2.7', port: 0 }), { code: 'ENDPOINT_UNAVAILABLE' });
    const { host, port } = await onPort();
    await assert.rejects(start({ host, port }), { code: 'ENDPOINT_IN_USE' });
  });

  it('answers on a Unix socket of its own, also over one that a killed daemon left', async () => {
    const path = join(folder, 'status');
    const stale = createServer();
    stale.listen(path);
    await once(stale, 'listening');
    await assert.rejects(
      start({ path }),
      (error: unknown) => error instanceof MakaiError && error.code === 'ENDPOINT_IN_USE',
    );
    stale.close();
    await once(stale, 'close');
    const server = await start({ path });
    assert.equal(server.address, `unix:${path}`);
    assert.equal(statSync(path).mode & 0o777, 0o660);
    assert.equal((await readStatus({ path })).daemon, 'triggering-broker');
  });

  it('never removes a file that is no socket', async () => {
    const path = join(folder, 'precious');
    writeFileSync(path, 'text');
    await assert.rejects(start({ path }), MakaiError);
    assert.equal(statSync(path).size, 4);
  });

  it('a port in use: an error if it is named, else a daemon without status server', async () => {
    const { port } = await onPort();
    await assert.rejects(
      start({ host: '127.0.0.1', port }),
      /cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/,
    );
    assert.equal((await start({ host: '127.0.0.1', port }, false)).address, undefined);
    assert.equal((await start(undefined)).address, undefined);
  });

  it('other paths are 404, other methods 405, what is no HTTP 400', async () => {
    const { port } = await onPort();
    assert.match(await raw(port, 'GET /etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n'), /^HTTP\/1\.1 404 /);
    assert.match(
      await raw(port, 'POST /status HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi'),
      /^HTTP\/1\.1 405 /,
    );
    assert.match(await raw(port, '\0\x01nonsense\r\n\r\n'), /^HTTP\/1\.1 400 /);
    assert.match(
      await raw(port, `GET /status HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`),
      /^HTTP\/1\.1 431 /,
    );
  });

  it('a status that cannot be read ends that request only', async () => {
    let broken = true;
    const { server: _server, ...address } = await onPort(() => {
      if (broken) throw new Error('not now');
      return { boxes: 1 };
    });
    await assert.rejects(readStatus(address));
    broken = false;
    assert.deepEqual((await readStatus(address)).details, { boxes: 1 });
  });

  it('accepts no more connections than its limit, and stops with them open', async () => {
    const { port, server } = await onPort();
    const sockets: Socket[] = [];
    const ends: Promise<unknown>[] = [];
    for (let i = 0; i < 100; i++) {
      const socket = createConnection(port, '127.0.0.1');
      socket.on('error', () => undefined);
      ends.push(once(socket, 'close'));
      sockets.push(socket);
    }
    // Those beyond the limit are closed immediately; the others stay until the stop.
    await Promise.all(ends.slice(MAX_CONNECTIONS));
    sockets[0]?.destroy();
    // The place is free a moment after our end has gone; a try before that is one more that is refused.
    let text: string | undefined;
    let tries = 0;
    while (text === undefined) {
      tries += 1;
      text = await readMetrics({ host: '127.0.0.1', port }).catch(() => undefined);
    }
    assert.match(
      text,
      new RegExp(`^makai_status_connections_refused_total ${100 - MAX_CONNECTIONS + tries - 1}$`, 'm'),
    );
    await server.stop();
    await Promise.all(ends);
  });
});
