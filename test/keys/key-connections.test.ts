/** Connections of boxes' keys, by the handshakes and the system's table of TCP connections. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { parseTcpTable, type TcpPeers, tcpPeers } from '../../common/tcp-peers.js';
import { KeyConnections } from '../../keys/key-connections.js';

const T = 1_795_315_500_000;

function peers(...connections: [port: number, address: string, count: number][]): TcpPeers {
  const all = new Map<number, Map<string, number>>();
  for (const [port, address, count] of connections)
    all.set(port, (all.get(port) ?? new Map<string, number>()).set(address, count));
  return all;
}

describe('keys: connections of a box', () => {
  it('one connection on each endpoint: nothing', () => {
    const connections = new KeyConnections();
    connections.admitted('7', '10.0.0.5', T);
    connections.admitted('7', '10.0.0.5', T);
    const seen = connections
      .list(T + 3_600_000, peers([8194, '10.0.0.5', 1], [8196, '10.0.0.5', 1]))
      .get('7');
    assert.deepEqual(seen, {
      handshakes: 2,
      addresses: [{ address: '10.0.0.5', handshakes: 2, last_ms: T }],
      open: 1,
    });
  });

  it('two on one endpoint count as evidence after 90 s: until then the older may be half open', () => {
    const connections = new KeyConnections();
    connections.admitted('7', '10.0.0.5', T);
    connections.admitted('7', '10.0.0.9', T + 5000);
    const both = peers([9880, '10.0.0.5', 1]);
    const twice = peers([9880, '10.0.0.5', 1]);
    (twice.get(9880) as Map<string, number>).set('10.0.0.9', 1);
    assert.equal(connections.list(T + 60_000, twice).get('7')?.twice, undefined);
    assert.equal(connections.list(T + 60_000, twice).get('7')?.open, 2);
    assert.equal(connections.list(T + 100_000, twice).get('7')?.twice, true);
    // The box changed its address, and the old connection has ended.
    assert.equal(connections.list(T + 100_000, both).get('7')?.twice, undefined);
  });

  it('behind one address several keys cannot be told apart: nothing is said', () => {
    const connections = new KeyConnections();
    connections.admitted('7', '10.0.0.1', T);
    connections.admitted('8', '10.0.0.1', T);
    const seen = connections.list(T + 100_000, peers([9880, '10.0.0.1', 2]));
    assert.deepEqual([seen.get('7')?.open, seen.get('8')?.twice], [undefined, undefined]);
    assert.equal(connections.list(T + 100_000, undefined).get('7')?.open, undefined);
  });

  it('is bounded: four addresses of a box, 20,000 boxes', () => {
    const connections = new KeyConnections();
    for (let i = 0; i < 10; i += 1) connections.admitted('7', `10.0.0.${i}`, T + i);
    assert.deepEqual(
      connections
        .list(T, undefined)
        .get('7')
        ?.addresses.map(({ address }) => address),
      ['10.0.0.9', '10.0.0.8', '10.0.0.7', '10.0.0.6'],
    );
    for (let i = 0; i < 20_100; i += 1) connections.admitted(String(1000 + i), '10.1.0.1', T);
    assert.equal(connections.list(T, undefined).size, 20_000);
  });

  it('reads the table of the system', async function () {
    const line =
      '   1: 0100007F:2698 0500000A:CD2E 01 00000000:00000000 02:000003E8 00000000  0 0 1 2 0 20 4 30 10 -1';
    assert.deepEqual(
      parseTcpTable(`header\n${line}\nnonsense\n${line.replace(' 01 ', ' 06 ')}`, [9880]),
      peers([9880, '10.0.0.5', 1]),
    );
    const of6 = (remote: string): string =>
      `2: 00000000000000000000000000000000:2698 ${remote}:CD2E 01 0 0 0`;
    assert.deepEqual(
      parseTcpTable(
        [
          'B80D0120000000000000000001000000',
          '00000000000000000000000001000000',
          '0000000000000000FFFF00000500000A',
        ]
          .map(of6)
          .join('\n'),
        [9880],
      ).get(9880),
      new Map([
        ['2001:db8::1', 1],
        ['::1', 1],
        ['10.0.0.5', 1],
      ]),
    );
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const sockets = [createConnection(port, '127.0.0.1'), createConnection(port, '127.0.0.1')];
    try {
      await Promise.all(sockets.map((socket) => once(socket, 'connect')));
      const found = await tcpPeers([port]);
      if (found === undefined) return this.skip();
      assert.equal(found.get(port)?.get('127.0.0.1'), 2);
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  });
});
