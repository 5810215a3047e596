import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '../../common/log.js';
import { addressesToBind, SYSTEM } from '../../zmq/addresses.js';
import { bindAt } from '../../zmq/bind.js';
import { connectTo, isAnswered } from '../../zmq/connect.js';
import { bound, connecting, type Pull, type Push } from '../../zmq/sockets.js';
import { endpointAt, tcpEndpoint } from '../../zmq/tcp-endpoint.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);
const both = {
  ...SYSTEM,
  lookup: () =>
    Promise.resolve([
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ]),
};

describe('zmq: IPv4 and IPv6', () => {
  const sockets: (Pull | Push)[] = [];
  before(function () {
    if (hasIpv6) return;
    process.stderr.write('    this machine has no ::1: left out\n');
    this.skip();
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close();
  });

  const pull = (): Pull => {
    const socket = bound.pull({ maxMessageSize: 1000 });
    sockets.push(socket);
    return socket;
  };
  const push = (endpoint: string, resolvers = SYSTEM): Push => {
    const socket = connecting.push();
    sockets.push(socket);
    connectTo(socket, endpoint, resolvers);
    return socket;
  };
  const open = (endpoint: string, resolvers = SYSTEM): Promise<string> =>
    bindAt(pull(), { field: 'box_pull', endpoint }, { timeoutMs: 0, log: silentLogger(), resolvers });
  const portOf = (endpoint: string): string => tcpEndpoint(endpoint)?.port ?? '';

  /** Which of two addresses reach what was bound. */
  async function reached(port: string, addresses: readonly string[]): Promise<string[]> {
    for (const address of addresses) await push(endpointAt(address, port)).send(address);
    const server = sockets[0] as Pull;
    server.receiveTimeout = 60_000;
    const heard: string[] = [];
    for (const _ of addresses) heard.push((await server.receive()).toString());
    return heard.sort();
  }

  for (const every of ['*', '[::]'])
    it(`tcp://${every} is both`, async () => {
      const endpoint = await open(`tcp://${every}:*`);
      assert.ok(endpoint.startsWith(`tcp://${every}:`) && Number(portOf(endpoint)) > 0, endpoint);
      assert.deepEqual(await reached(portOf(endpoint), ['127.0.0.1', '::1']), ['127.0.0.1', '::1']);
    });

  it('a name and an interface are all of their addresses, on one port', async () => {
    assert.deepEqual(await reached(portOf(await open('tcp://two.example:*', both)), ['127.0.0.1', '::1']), [
      '127.0.0.1',
      '::1',
    ]);
    const [loopback] = Object.entries(networkInterfaces()).find(([, all]) =>
      all?.some(({ address }) => address === '127.0.0.1'),
    ) ?? ['lo'];
    const addresses = (await addressesToBind(loopback)).map(({ address }) => address);
    for (const socket of sockets.splice(0)) socket.close();
    const endpoint = await open(`tcp://${loopback}:*`);
    assert.deepEqual(await reached(portOf(endpoint), addresses), [...addresses].sort());
  });

  it('an address is that address alone, and shown as it was written', async () => {
    const ipv4 = await open(`tcp://127.0.0.1:${await freePort()}`);
    assert.match(ipv4, /^tcp:\/\/127\.0\.0\.1:\d+$/);
    const ipv6 = await open('tcp://[::1]:*');
    assert.match(ipv6, /^tcp:\/\/\[::1\]:\d+$/);
    // The same port of the other family is free.
    await open(`tcp://[::1]:${portOf(ipv4)}`);
  });

  it('of a name with both, the address that replies is connected, also one that replies later', async () => {
    const endpoint = await open(`tcp://127.0.0.1:${await freePort()}`);
    await push(`tcp://localhost:${portOf(endpoint)}`, both).send('now');
    assert.equal((await (sockets[0] as Pull).receive()).toString(), 'now');
    const [server] = sockets.splice(0, 1);
    server?.close();
    // libzmq closes a moment later; a message that the old socket still accepts is lost with it.
    await until('nobody listens', async () => !(await isAnswered('127.0.0.1', Number(portOf(endpoint)))));
    const late = push(`tcp://localhost:${portOf(endpoint)}`, both);
    const sent = late.send('later');
    await sleep(50);
    const again = pull();
    await bindAt(again, { field: 'box_pull', endpoint }, { timeoutMs: 60_000, log: silentLogger() });
    assert.equal((await again.receive()).toString(), 'later');
    await sent;
  });

  it('a name that is not known yet is looked up again', async () => {
    const endpoint = await open('tcp://127.0.0.1:*');
    let lookups = 0;
    const later = {
      ...SYSTEM,
      lookup: (name: string) => {
        lookups += 1;
        return lookups === 1 ? Promise.reject(new Error('ENOTFOUND')) : SYSTEM.lookup(name);
      },
    };
    await push(`tcp://localhost:${portOf(endpoint)}`, later).send('found');
    assert.equal((await (sockets[0] as Pull).receive()).toString(), 'found');
    assert.equal(lookups, 2);
  });

  it('says why an endpoint cannot be opened', async () => {
    const used = portOf(await open('tcp://*:*'));
    const refused = async (endpoint: string, code: string, message: RegExp): Promise<void> => {
      await assert.rejects(open(endpoint), (error: Error & { code?: string }) => {
        assert.equal(error.code, code, endpoint);
        assert.match(error.message, message);
        return true;
      });
    };
    await refused(`tcp://127.0.0.1:${used}`, 'ENDPOINT_IN_USE', /^box_pull: tcp:.* is in use$/);
    await refused(`tcp://[::1]:${used}`, 'ENDPOINT_IN_USE', /is in use$/);
    await refused('tcp://192.0.2.7:*', 'ENDPOINT_UNAVAILABLE', /does not have the address$/);
    await refused('tcp://[2001:db8::7]:*', 'ENDPOINT_UNAVAILABLE', /does not have the address$/);
    await refused('tcp://nosuch.invalid:*', 'ENDPOINT_UNAVAILABLE', /no such name|cannot be looked up/);
  });

  it('of a name, an address that this machine does not have is left out', async () => {
    const half = {
      ...SYSTEM,
      lookup: () =>
        Promise.resolve([
          { address: '2001:db8::7', family: 6 },
          { address: '127.0.0.1', family: 4 },
        ]),
    };
    const endpoint = await open('tcp://half.example:*', half);
    assert.deepEqual(await reached(portOf(endpoint), ['127.0.0.1']), ['127.0.0.1']);
  });

  it('finds another program on either family', async () => {
    const { refuseWhereAnswered } = await import('../../zmq/bind.js');
    const server = createServer((socket) => socket.destroy()).listen(0, '::1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      for (const host of ['*', '[::]', '[::1]'])
        await assert.rejects(refuseWhereAnswered('zmq_event_endpoint', `tcp://${host}:${port}`), {
          message: `zmq_event_endpoint: another program answers at [::1]:${port}`,
        });
    } finally {
      server.close();
    }
  });

  it('a name that libzmq does not take is refused when it is connected, not later', () => {
    for (const name of ['_broker', 'bröker']) assert.throws(() => push(`tcp://${name}:9881`));
  });
});
