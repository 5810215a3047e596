/** Two brokers' ends of the bus, at a real nats-server. */
import assert from 'node:assert/strict';
import { silentLogger } from '../../common/log.js';
import { BrokerBus } from '../../nats/broker-bus.js';
import { until } from '../keys/helpers.js';
import { givenNats, NatsServer } from '../support/nats-server.js';

describe('bus of acquisition brokers', function () {
  this.timeout(120_000);
  const binary = givenNats();
  let nats: NatsServer;
  const buses: BrokerBus[] = [];

  before(async () => {
    nats = await NatsServer.start(binary());
  });
  after(async () => {
    for (const bus of buses) await bus.stop();
    await nats?.stop();
  });

  const start = async (
    member: string,
    take: (text: string) => void,
  ): Promise<{ bus: BrokerBus; losses: () => number }> => {
    let losses = 0;
    const bus = new BrokerBus({
      servers: {
        servers: [nats.url],
        credentials: undefined,
        user: undefined,
        passwordFile: undefined,
        tls: undefined,
      },
      ...{ name: member, member, log: silentLogger() },
      take: (_, data) => take(Buffer.from(data).toString()),
      connected: () => undefined,
      disconnected: () => {
        losses += 1;
      },
    });
    buses.push(bus);
    bus.start();
    await until(() => bus.isConnected);
    return { bus, losses: () => losses };
  };

  it('what cannot be taken ends neither the connection nor what comes after it', async () => {
    const heard: string[] = [];
    const b = await start('b', (text) => {
      heard.push(text);
      if (text === 'bad') throw new RangeError('of the test');
    });
    const a = await start('a', () => undefined);
    await until(() => {
      a.bus.send('commands', Buffer.from('first'), 'b');
      return heard.length > 0;
    });
    heard.length = 0;
    a.bus.send('presence', Buffer.from('bad'));
    for (let i = 0; i < 10; i += 1) a.bus.send('commands', Buffer.from(i % 2 === 0 ? 'bad' : 'good'), 'b');
    await until(() => heard.filter((text) => text === 'good').length === 5);
    assert.equal(heard.filter((text) => text === 'bad').length, 6);
    assert.equal(b.losses(), 0);
  });
});
