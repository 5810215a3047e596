import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { silentLogger } from '../../common/log.js';
import { NatsLink } from '../../nats/link.js';

describe('nats/link', () => {
  it('stops without waiting for servers that do not answer', async function () {
    this.timeout(60_000);
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket));
    silent.listen(0, '0.0.0.0');
    await once(silent, 'listening');
    const address = silent.address();
    assert.ok(address !== null && typeof address === 'object');
    // Each is tried for five seconds.
    const servers = Array.from({ length: 20 }, (_, i) => `nats://127.0.0.${i + 1}:${address.port}`);
    const link = new NatsLink({
      servers: { servers, credentials: undefined, user: undefined, passwordFile: undefined, tls: undefined },
      name: 'test',
      log: silentLogger(),
      connected: () => assert.fail('nobody answers'),
      disconnected: () => undefined,
    });
    link.start();
    if (sockets.length === 0) await once(silent, 'connection');
    const startMs = performance.now();
    await link.stop();
    assert.ok(performance.now() - startMs < 20_000);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
});
