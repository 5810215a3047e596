/** What others publish for the gateway at a broker elsewhere: nothing is lost while it restarts, nor what it cannot keep; what a bridge brings in is heard too. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'mqtt';
import { until } from '../support/until.js';
import { givenGateway } from './given.js';
import { Mosquitto, needsMosquitto, subscriber } from './mosquitto.js';
import { receiver } from './notify/rig.js';

/** Of MQTT 5, in the reply to a message. */
const NO_MATCHING_SUBSCRIBERS = 0x10;
/** Messages that are published until the next restart, at most. */
const PER_RESTART = 190;

const RULES = {
  filters: [],
  rules: [
    {
      statements: [{ id: 1, topic: 'meters/+', condition: '$n >= 0' }],
      logic: [{ operations: '$1', new_topic: 'heard', new_payload: '' }],
    },
  ],
};

describe('gateway: inputs', function () {
  this.timeout(300_000);
  const given = givenGateway();
  const ends: (() => Promise<unknown>)[] = [];
  let broker: Mosquitto;
  before(function () {
    needsMosquitto(this);
  });
  beforeEach(async function () {
    broker = await Mosquitto.start(needsMosquitto(this));
    ends.push(() => broker.remove());
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function client(url: string, clientId: string, filter = 'none', protocolVersion: 4 | 5 = 4) {
    const one = await subscriber(url, { clientId, protocolVersion }, filter);
    ends.push(() => one.client.endAsync(true));
    return one;
  }

  async function notifying(url: string): Promise<void> {
    await writeFile(
      join(given().folder, 'notify.yaml'),
      `recipients:\n  - name: ops\n    tags: [inputs]\n    per_hour: 1000\n    channels:\n      - { type: webhook, url: "${url}" }\n`,
      { mode: 0o600 },
    );
  }

  const numbersOf = (heard: readonly { topic: string; payload: Record<string, unknown> }[]): Set<unknown> =>
    new Set(
      heard
        .filter(({ topic }) => topic === '!heard')
        .flatMap(({ payload }) => Object.values(payload).map((one) => Reflect.get(one as object, 'n'))),
    );

  for (const version of ['3.1.1', '5'])
    it(`MQTT ${version}: what is published while it stops, is down and starts again is heard`, async () => {
      const { gateway, stop, store } = given();
      const hook = await receiver();
      ends.push(hook.stop);
      await notifying(hook.url);
      await store.putRules({ file: RULES, changed_ms: 1, changed_by: 'ada' });
      const settings = { mqtt: { url: broker.url, version } };
      const { heard } = await client(broker.url, 'counter', '!heard');
      const { client: sender } = await client(broker.url, 'sender');
      let running = await gateway(settings);
      await until('connected', async () => running.status().mqtt.connected);
      let sent = 0;
      // Fewer in all than a recipient gets in an hour, however slow the machine is.
      let most = PER_RESTART;
      const ending = new AbortController();
      const load = (async () => {
        for (; !ending.signal.aborted; sent += 1) {
          while (sent >= most && !ending.signal.aborted) await sleep(15);
          await sender.publishAsync('meters/7', JSON.stringify({ n: sent }), { qos: 1 });
          const notification = { title: `number ${sent}`, tag: 'inputs' };
          await sender.publishAsync('notifications', JSON.stringify(notification), { qos: 1 });
          await sleep(15);
        }
      })();
      for (let restart = 0; restart < 5; restart += 1) {
        most = (restart + 1) * PER_RESTART;
        await sleep(200);
        await stop(running);
        await sleep(restart * 30);
        running = await gateway(settings);
        await until('connected', async () => running.status().mqtt.connected);
      }
      ending.abort();
      await load;
      assert.ok(sent > 50, `${sent} sent`);
      await until('all were heard by the rule', async () => numbersOf(heard).size === sent);
      const titles = () => new Set(hook.received.map(({ body }) => /number \d+/.exec(body)?.[0]));
      await until('all were delivered', async () => titles().size === sent);
    });

  it('what it cannot keep is not confirmed: the broker sends it again', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const { folder, gateway } = given();
    const hook = await receiver();
    ends.push(hook.stop);
    await notifying(hook.url);
    const running = await gateway({ mqtt: { url: broker.url } });
    await until('connected', async () => running.status().mqtt.connected);
    const { client: sender } = await client(broker.url, 'sender');
    const { default: Database } = await import('better-sqlite3');
    const other = new Database(join(folder, 'gateway', 'deliveries.db'));
    other.exec('BEGIN IMMEDIATE');
    await sender.publishAsync('notifications', '{"title":"kept in the end","tag":"inputs"}', { qos: 1 });
    await until('it has connected again', async () => running.status().mqtt.connections >= 2);
    other.exec('ROLLBACK');
    other.close();
    assert.equal(hook.received.length, 0);
    await until('it is delivered', async () => hook.received.length > 0);
    assert.match(hook.received[0]?.body ?? '', /kept in the end/);
  });

  it('topics that no rule reads any more are taken back, also those from before a restart', async () => {
    const { gateway, stop, store } = given();
    await store.putRules({ file: RULES, changed_ms: 1, changed_by: 'ada' });
    const settings = { mqtt: { url: broker.url, client_id: 'makai-here' } };
    const first = await gateway(settings);
    await until('connected', async () => first.status().mqtt.connected);
    await stop(first);
    await store.putRules({ file: { filters: [], rules: [] }, changed_ms: 2, changed_by: 'ada' });
    const second = await gateway(settings);
    await until('connected', async () => second.status().mqtt.connected);
    const { client: sender } = await client(broker.url, 'sender', 'none', 5);
    let reason: number | undefined;
    sender.on('packetreceive', (packet) => {
      if (packet.cmd === 'puback') reason = packet.reasonCode;
    });
    await until('nobody reads the topic', async () => {
      await sender.publishAsync('meters/7', '{"n":0}', { qos: 1 });
      return reason === NO_MATCHING_SUBSCRIBERS;
    });
    await stop(second);
    await sender.publishAsync('meters/7', '{"n":1}', { qos: 1 });
    await sender.publishAsync('notifications', '{"title":"x"}', { qos: 1 });
    const waiting: string[] = [];
    const same = connect(broker.url, { clientId: 'makai-here', clean: false, protocolVersion: 5 });
    same.on('message', (topic) => void waiting.push(topic));
    ends.push(async () => same.endAsync(true));
    await until('what waited came', async () => waiting.includes('notifications'));
    assert.deepEqual(waiting, ['notifications']);
  });

  it('what a bridge brings in is heard by rules, with the embedded broker too', async () => {
    const { gateway, store } = given();
    await store.putRules({ file: RULES, changed_ms: 1, changed_by: 'ada' });
    const topics = [{ filter: 'meters/#', direction: 'both' }];
    const running = await gateway({ bridge: { url: broker.url, topics } });
    await until('connected', async () => running.status().bridge?.connected === true);
    const here = await client(running.endpoints.mqtt ?? '', 'here', '#');
    const { client: sender } = await client(broker.url, 'sender');
    await until('what is published there comes here', async () => {
      await sender.publishAsync('meters/probe/1', '{}', { qos: 1 });
      return here.heard.some(({ topic }) => topic === 'meters/probe/1');
    });
    await sender.publishAsync('meters/7', '{"n":5}', { qos: 1 });
    await until('the rule fired', async () => numbersOf(here.heard).has(5));
    await sleep(500);
    assert.equal(here.heard.filter(({ topic }) => topic === '!heard').length, 1);
    assert.equal(here.heard.filter(({ topic }) => topic === 'meters/7').length, 1);
  });
});
