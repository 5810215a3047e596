/** The gateway and Debian's mosquitto: what is published, and what happens when the broker is not there. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { columnsOf, newEvent } from '../store/contract/given.js';
import { until } from '../support/until.js';
import { certificates } from './certificates.js';
import { type GivenGateway, givenGateway, incidentOf, START } from './given.js';
import { Mosquitto, needsMosquitto, subscriber } from './mosquitto.js';

const GROUP = {
  group_id: 1,
  scope: 'location' as const,
  incident_ids: [1],
  box_ids: ['1001'],
  boxes_heard: 2,
  first_box: '1001',
  deepest_box: '1001',
  spread_ms: 0,
  spread_depth: 0,
  from_measurements: [],
  sentence: 'one of two boxes',
};

describe('gateway: with mosquitto', function () {
  this.timeout(300_000);
  const given = givenGateway();
  let program = '';
  const brokers: Mosquitto[] = [];
  const ends: (() => Promise<void>)[] = [];

  before(function () {
    program = needsMosquitto(this);
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
    for (const broker of brokers.splice(0)) await broker.remove();
  });

  async function mosquitto(more?: (folder: string) => string): Promise<Mosquitto> {
    const broker = await Mosquitto.start(program, more);
    brokers.push(broker);
    return broker;
  }

  async function listening(url: string, options: Parameters<typeof subscriber>[1] = {}) {
    const one = await subscriber(url, options);
    ends.push(() => one.client.endAsync(true));
    return one;
  }

  async function putIncidents({ store }: GivenGateway, from: number, to: number): Promise<void> {
    for (let i = from; i < to; i++)
      await store.putIncident({ incident: incidentOf('1001', START + 1000 * i), samples: new Int16Array() });
  }

  const idsOf = (heard: readonly { topic: string; payload: Record<string, unknown> }[]): unknown[] =>
    heard
      .filter(({ topic }) => topic.startsWith('makai/incidents/'))
      .map(({ payload }) => payload.incident_id);

  for (const version of ['3.1.1', '5'])
    it(`MQTT ${version}: publishes what is stored after its first start, each once, and again when it changed`, async () => {
      const { gateway, store } = given();
      await putIncidents(given(), 0, 1);
      const broker = await mosquitto();
      const { heard } = await listening(broker.url);
      await gateway({ mqtt: { url: broker.url, version } });
      await until('the gateway runs', async () =>
        heard.some(
          ({ topic, payload }) => topic === 'makai/daemons/gateway/status' && payload.running === true,
        ),
      );
      await store.insertEvent(newEvent(7, START, { boxes_triggered: [] }));
      await putIncidents(given(), 1, 2);
      await until('event and incident are there', async () =>
        ['makai/events/7', 'makai/incidents/VOLTAGE_SAG/1001'].every((wanted) =>
          heard.some(({ topic }) => topic === wanted),
        ),
      );
      assert.deepEqual(idsOf(heard), [2]);
      await store.apply({ kind: 'incident_group', group: { ...GROUP, group_id: 2, incident_ids: [2] } });
      await until('the group is there', async () =>
        heard.some(({ topic }) => topic === 'makai/incident-groups/2'),
      );
      await until('the incident came again', async () => idsOf(heard).length > 1);
      assert.deepEqual(idsOf(heard), [2, 2]);
      const [first] = heard.filter(({ topic }) => topic.startsWith('makai/incidents/'));
      assert.equal(first?.payload.start_timestamp_ms, START + 1000);
      assert.equal('measurements' in (first?.payload ?? {}), false);
      await store.insertMeasurements(columnsOf([{ box: 1001, at: Date.now(), metrics: { rms: 120 } }]));
      let minute = Date.now();
      await until('a trend is there', async () => {
        minute += 60_000;
        await store.putTrends([{ box_id: '1001', timestamp_ms: minute, location: 'lab' }]);
        return heard.some(({ topic }) => topic === 'makai/boxes/1001/trend');
      });
      const daemon = heard.find(({ topic }) => topic === 'makai/daemons/triggering-broker/status');
      assert.equal(daemon?.payload.running, false);
    });

  it('what is published while the broker is unavailable waits, and comes in order; states come again', async () => {
    const { gateway } = given();
    const broker = await mosquitto();
    const running = await gateway({ mqtt: { url: broker.url } });
    await until('connected', async () => running.status().mqtt.connected);
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const before = running.status().followed.incidents;
      // Its session stays at the broker: what is published before it is back waits there.
      const session = { clientId: `late-${signal}`, clean: false };
      await (await listening(broker.url, session)).client.endAsync();
      await broker.save();
      await broker.down(signal);
      await until('the loss is noticed', async () => !running.status().mqtt.connected);
      await putIncidents(given(), before, before + 20);
      await until('they wait', async () => running.status().outbox.messages === 20);
      await broker.up();
      const { heard } = await listening(broker.url, session);
      await until('all are there', async () => idsOf(heard).length >= 20);
      assert.deepEqual(
        [...new Set(idsOf(heard))],
        Array.from({ length: 20 }, (_, i) => before + 1 + i),
      );
      await until('its state came again', async () =>
        heard.some(({ topic }) => topic === 'makai/daemons/gateway/status'),
      );
      await until('the outbox is empty', async () => running.status().outbox.messages === 0);
    }
  });

  it('a gateway that stops without a broker keeps what waits, and publishes it after its next start', async () => {
    const { gateway, stop } = given();
    const broker = await mosquitto();
    const first = await gateway({ mqtt: { url: broker.url } });
    await until('connected', async () => first.status().mqtt.connected);
    await until('it follows', async () => first.status().store.available);
    await putIncidents(given(), 0, 1);
    await until('published', async () => first.status().published.kept === 1);
    await broker.down();
    await putIncidents(given(), 1, 4);
    await until('they wait', async () => first.status().outbox.messages === 3);
    await stop(first);
    await putIncidents(given(), 4, 6);
    await broker.up();
    const { heard } = await listening(broker.url, { clientId: 'later' });
    await gateway({ mqtt: { url: broker.url } });
    await until('all are there', async () => idsOf(heard).length >= 5);
    assert.deepEqual(idsOf(heard), [2, 3, 4, 5, 6]);
  });

  it('last will and goodbye: the broker keeps that the gateway does not run', async () => {
    const { gateway, stop } = given();
    const broker = await mosquitto();
    const running = await gateway({ mqtt: { url: broker.url } });
    await until('connected', async () => running.status().mqtt.connected);
    await stop(running);
    const { heard } = await listening(broker.url);
    await until('it is kept', async () =>
      heard.some(({ topic }) => topic === 'makai/daemons/gateway/status'),
    );
    const last = heard.find(({ topic }) => topic === 'makai/daemons/gateway/status');
    assert.deepEqual([last?.retain, last?.payload.running], [true, false]);
  });

  it('password: a wrong one is refused, nothing is lost, and the right one delivers', async () => {
    const { folder, gateway, stop } = given();
    const broker = await mosquitto((place) => {
      const file = join(place, 'passwords');
      execFileSync('mosquitto_passwd', ['-c', '-b', file, 'makai', 'secret of makai']);
      return `allow_anonymous false\npassword_file ${file}`;
    });
    const file = join(folder, 'password');
    const mqtt = { url: broker.url, user: 'makai', password_file: file };
    await writeFile(file, 'wrong\n', { mode: 0o600 });
    const refused = await gateway({ mqtt });
    await until('it is refused', async () =>
      /not authori[sz]ed|bad user/i.test(refused.status().mqtt.reason ?? ''),
    );
    await putIncidents(given(), 0, 3);
    await until('they wait', async () => refused.status().outbox.messages === 3);
    await stop(refused);
    await writeFile(file, 'secret of makai\n');
    const { heard } = await listening(broker.url, { username: 'makai', password: 'secret of makai' });
    await gateway({ mqtt });
    await until('all are there', async () => idsOf(heard).length === 3);
    await chmod(file, 0o604);
    await assert.rejects(gateway({ mqtt, state: join(folder, 'other') }), { code: 'SECRET_EXPOSED' });
  });

  it('a broker that closes each connection, and one that says nothing: nothing is lost, and nothing stops', async () => {
    const { gateway, stop } = given();
    for (const isSilent of [false, true]) {
      const sockets = new Set<Socket>();
      let accepted = 0;
      const bad = createServer((socket) => {
        accepted += 1;
        sockets.add(socket.on('error', () => undefined));
        if (!isSilent) socket.end(Buffer.from([0x20, 0x02]));
      }).listen(0, '127.0.0.1');
      await once(bad, 'listening');
      const address = bad.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const running = await gateway({ mqtt: { url: `mqtt://127.0.0.1:${port}` } });
      await until('it has tried', async () => accepted >= (isSilent ? 1 : 3));
      const before = running.status().outbox.messages;
      await putIncidents(given(), before, before + 2);
      await until('they wait', async () => running.status().outbox.messages === before + 2);
      assert.equal(running.status().mqtt.connected, false);
      await stop(running);
      for (const socket of sockets) socket.destroy();
      bad.close();
    }
    const broker = await mosquitto();
    const { heard } = await listening(broker.url);
    await gateway({ mqtt: { url: broker.url } });
    await until('all are there', async () => idsOf(heard).length === 4);
  });

  it('TLS with client certificates; a broker of an unknown authority is refused', async () => {
    const { folder, gateway } = given();
    const files = certificates(folder);
    const broker = await mosquitto(
      () =>
        `cafile ${files.ca}\ncertfile ${files.server.cert}\nkeyfile ${files.server.key}\nrequire_certificate true\nuse_identity_as_username true`,
    );
    const url = `mqtts://127.0.0.1:${broker.port}`;
    const trusted = { url, ca: files.ca, cert: files.client.cert, key: files.client.key };
    const stranger = await gateway({
      mqtt: { url, cert: files.client.cert, key: files.client.key },
      state: join(folder, 'stranger'),
    });
    await until('it is refused', async () => /certificate/i.test(stranger.status().mqtt.reason ?? ''));
    assert.equal(stranger.status().mqtt.connections, 0);
    const running = await gateway({ mqtt: trusted });
    await until('connected', async () => running.status().mqtt.connected);
    await putIncidents(given(), 0, 2);
    await until('published', async () => running.status().published.kept === 2);
  });
});
