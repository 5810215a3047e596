/** Those who hear messages of a broker, of one elsewhere and of the embedded one: what one of them throws is its own, and the QoS is what the others want. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { connectAsync, type MqttClient } from 'mqtt';
import { systemClock } from '../../../common/clock.js';
import { silentLogger } from '../../../common/log.js';
import { parseSettings } from '../../../config/parse.js';
import { startEmbedded } from '../../../gateway/broker/embedded.js';
import { connectLink } from '../../../gateway/mqtt/client.js';
import type { Link } from '../../../gateway/mqtt/link.js';
import { until } from '../../support/until.js';

const log = silentLogger();
const fail = (): never => {
  throw new Error('a fault of this one');
};

describe('gateway: those who hear messages', function () {
  this.timeout(60_000);
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function publisher(url: string): Promise<MqttClient> {
    const client = await connectAsync(url, { reconnectPeriod: 0 });
    ends.push(() => client.endAsync(true));
    return client;
  }

  /** A broker elsewhere. @returns its address, and the subscriptions that it was asked for: filter, QoS */
  async function elsewhere(): Promise<{ url: string; asked: [string, number][] }> {
    const broker = await Aedes.createBroker();
    const asked: [string, number][] = [];
    broker.on('subscribe', (subscriptions) => {
      for (const { qos, topic } of subscriptions) asked.push([topic, qos]);
    });
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      broker.handle(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await new Promise<void>((done) => broker.close(() => done()));
    });
    return { url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
  }

  async function linkTo(url: string): Promise<Link> {
    const { server } = parseSettings('gateway', { mqtt: { url, version: '3.1.1' } });
    assert.ok(server !== undefined);
    const link = await connectLink({ path: 'mqtt', server, clock: systemClock, log });
    ends.push(() => link.stop());
    return link;
  }

  /** @returns what the last one of them heard, who comes after two that fail */
  async function withFaults(link: Link): Promise<string[]> {
    const heard: string[] = [];
    await link.subscribe('a/#', fail, { keeps: true });
    await link.subscribe('a/#', fail);
    await link.subscribe('a/#', async () => fail());
    await link.subscribe('a/+', ({ topic }) => void heard.push(topic));
    await link.open();
    return heard;
  }

  it('one that throws holds up no other and no further message, at a broker elsewhere', async () => {
    const { url } = await elsewhere();
    const link = await linkTo(url);
    const heard = await withFaults(link);
    await until('it is connected', async () => link.status().connected);
    const client = await publisher(url);
    for (const topic of ['a/1', 'a/2']) await client.publishAsync(topic, '{}', { qos: 1 });
    await until('both are heard', async () => heard.includes('a/2'));
    assert.deepEqual([heard, link.status().connections], [['a/1', 'a/2'], 1]);
  });

  it('nor at the embedded broker', async () => {
    const { embedded: settings } = parseSettings('gateway', {
      mqtt: { listen: '127.0.0.1:0', login: 'off' },
    });
    const link = await startEmbedded({ settings, store: fail, clock: systemClock, log });
    ends.push(() => link.stop());
    const heard = await withFaults(link);
    const client = await publisher(link.status().broker);
    for (const topic of ['a/1', 'a/2']) await client.publishAsync(topic, '{}', { qos: 1 });
    await until('both are heard', async () => heard.includes('a/2'));
    assert.deepEqual(heard, ['a/1', 'a/2']);
  });

  it('when the one that needs QoS 1 ends, the broker is asked for QoS 0 immediately', async () => {
    const { asked, url } = await elsewhere();
    const link = await linkTo(url);
    await link.subscribe('m/#', () => undefined, { qos: 0 });
    const end = await link.subscribe('m/#', () => undefined);
    await link.open();
    await until('it is subscribed to', async () => asked.length > 0);
    await end();
    await until('it is subscribed to with another QoS', async () => asked.length > 1);
    assert.deepEqual(asked, [
      ['m/#', 1],
      ['m/#', 0],
    ]);
  });
});
