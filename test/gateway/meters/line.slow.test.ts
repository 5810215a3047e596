/**
 * The whole line of a meter: mosquitto_pub (or the client, where it is not installed) → embedded broker or mosquitto → gateway → triggering broker → triggering service → store, with an
 * event of the threshold plugin for which nobody is asked for a waveform.
 */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connectAsync, type MqttClient } from 'mqtt';
import { Child } from '../../../cli/up/children.js';
import { prepareWorkspace, type Workspace } from '../../../cli/up/workspace.js';
import { silentLogger } from '../../../common/log.js';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { parseSettings } from '../../../config/parse.js';
import { type Gateway, startGateway } from '../../../gateway/index.js';
import { openStore } from '../../../store/open.js';
import type { EventDocument, MeasurementDocument, Store } from '../../../store/store.js';
import { until } from '../../support/until.js';
import { Mosquitto, needsMosquitto } from '../mosquitto.js';

const run = promisify(execFile);
const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
const [KITCHEN, CELLAR] = ['1000000000', '1000000001'];
const TOPICS = [
  { topic: 'tele/{name}/SENSOR', voltage: { path: 'ENERGY.Voltage' }, silent_after_seconds: 20 },
  {
    ...{ topic: 'zigbee2mqtt/{name}', name: 'zigbee {name}' },
    ...{ voltage: { path: 'voltage' }, frequency: { path: 'ac_frequency' } },
  },
  { topic: '#', name: 'any', voltage: { path: 'v' }, time: { path: 't', unit: 's' } },
];

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

for (const kind of ['embedded', 'mosquitto'] as const)
  describe(`meters: the whole line, ${kind}`, function () {
    this.timeout(400_000);
    let folder: string;
    let workspace: Workspace;
    let store: Store;
    let gateway: Gateway | undefined;
    let broker: Mosquitto | undefined;
    let client: MqttClient;
    const children: Child[] = [];
    /** published once a second until the end */
    let volts = 120;
    let beat: NodeJS.Timeout | undefined;

    before(async function () {
      if (kind === 'mosquitto') broker = await Mosquitto.start(needsMosquitto(this));
      folder = await mkdtemp(join(tmpdir(), 'makai-meters-'));
      workspace = await prepareWorkspace(folder, []);
      store = await openStore(workspace.storeUrl, { retention: RETENTION });
      for (const name of ['triggering-broker', 'acquisition-broker', 'triggering-service'] as const) {
        const onDeath = (message: string): void => void process.stderr.write(`${message}\n`);
        children.push(
          await Child.start({ name, args: [name, workspace.configs[name]], logs: workspace.logs, onDeath }),
        );
      }
      await start();
      client = await connectAsync(gateway?.endpoints.mqtt ?? '', { reconnectPeriod: 200 });
      client.on('error', () => undefined);
    });
    after(async () => {
      clearInterval(beat);
      await client?.endAsync(true);
      await gateway?.stop();
      for (const child of children.reverse()) await child.stop();
      await store?.close();
      await broker?.remove();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    });

    async function start(): Promise<void> {
      const file = JSON.parse(readFileSync(workspace.configs.gateway, 'utf8')) as {
        mqtt: object;
        meters: object;
      };
      const mqtt = broker === undefined ? { ...file.mqtt } : { url: broker.url };
      const settings = parseSettings('gateway', {
        ...file,
        mqtt,
        meters: { ...file.meters, topics: TOPICS },
      });
      gateway = await startGateway(settings, {
        log: silentLogger(),
        openStore: () => openStore(workspace.storeUrl, { retention: RETENTION }),
      });
      await until('the stream of meters is subscribed to', async () => meters().connected);
      await until('the broker is there', async () => gateway?.status().mqtt.connected === true);
    }

    const meters = () => {
      const status = gateway?.status().meters;
      if (status === undefined) throw new Error('no meters');
      return status;
    };
    const refused = (reason: string): number => gateway?.status().refused[reason] ?? 0;
    const measurements = (id: string): Promise<MeasurementDocument[]> => listed(store.measurements(id));
    const events = (): Promise<EventDocument[]> => listed(store.events());
    const publish = (topic: string, payload: string | Buffer | object) =>
      client.publishAsync(
        topic,
        typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload),
        { qos: 1 },
      );
    const kitchen = (v: number) => ({ Time: '2026-01-01T00:00:00', ENERGY: { Voltage: v, Power: 7 } });

    it('the first messages make records, and measurements follow a minute later', async () => {
      const { port } = new URL(gateway?.endpoints.mqtt ?? '');
      const args = ['-h', '127.0.0.1', '-p', port, '-t', 'tele/kitchen/SENSOR'];
      if (spawnSync('mosquitto_pub', ['--help']).error === undefined)
        await run('mosquitto_pub', [...args, '-m', JSON.stringify(kitchen(120))]);
      else await publish('tele/kitchen/SENSOR', kitchen(120));
      await until('the record', async () => (await store.box(KITCHEN)) !== undefined);
      const box = await store.box(KITCHEN);
      assert.deepEqual(
        [box?.name, box?.kind, box?.unplugged, box?.meter],
        ['kitchen', 'meter', true, 'kitchen'],
      );
      await publish('zigbee2mqtt/cellar', { voltage: 119, ac_frequency: 59.9 });
      await until('a second meter', async () => (await store.box(CELLAR)) !== undefined);
      assert.equal((await store.box(CELLAR))?.meter, 'zigbee cellar');
      await publish('elsewhere', { v: 118, t: Date.now() / 1000 });
      await until('a third meter', async () => (await store.boxes()).length === 3);
      beat = setInterval(() => {
        publish('tele/kitchen/SENSOR', kitchen(volts)).catch(() => undefined);
      }, 1000);
      await until('measurements', async () => (await measurements(KITCHEN)).length > 3);
      for (const one of await measurements(KITCHEN))
        assert.deepEqual(
          [one.voltage, one.frequency, one.thd, one.invalid],
          [120, undefined, undefined, undefined],
        );
    });

    it('a sag is an event for which no box is asked', async () => {
      volts = 90;
      await until('the sag is measured', async () => {
        const lower = (await measurements(KITCHEN)).filter(({ voltage }) => voltage === 90);
        return lower.length >= 4;
      });
      volts = 120;
      await until('the event', async () => (await events()).length > 0);
      const [event] = await events();
      assert.deepEqual(
        [
          event?.type,
          event?.boxes_triggered,
          event?.boxes_refused,
          event?.request_data,
          event?.boxes_received,
        ],
        ['VOLTAGE_SAG', [KITCHEN], [{ reason: 'meter', boxes: [KITCHEN] }], false, []],
      );
      assert.ok(!event?.description.includes('budget'), event?.description);
    });

    it('trends of the minute', async () => {
      await until('a trend', async () => (await listed(store.trends(KITCHEN))).length > 0);
      const [trend] = await listed(store.trends(KITCHEN));
      assert.ok((trend?.voltage?.max ?? 0) === 120 && (trend?.voltage?.min ?? 0) >= 90);
      assert.equal(trend?.frequency, undefined);
    });

    it('an id stays that of its name over a restart, also when the record gets another name', async () => {
      const box = await store.box(KITCHEN);
      if (box === undefined) throw new Error('no record');
      await store.putBox({ ...box, name: 'Kitchen, ground floor' });
      await gateway?.stop();
      await start();
      await until('the client is there again', async () => client.connected);
      const before = (await measurements(KITCHEN)).length;
      await until('measurements go on', async () => (await measurements(KITCHEN)).length > before + 2);
      assert.equal((await store.boxes()).length, 3);
    });

    it('hostile messages are counted, and nothing stops', async () => {
      const topic = 'zigbee2mqtt/cellar';
      const count = async (reason: string, payload: string | Buffer | object, to = topic): Promise<void> => {
        const before = refused(reason);
        await publish(to, payload);
        await until(reason, async () => refused(reason) > before);
      };
      await count('meter_no_json', '{"voltage":NaN}');
      await count('meter_no_json', Buffer.from([0xff, 0xfe]));
      await count('meter_wrong_type', { voltage: '119' });
      await count('meter_out_of_range', { voltage: -5 });
      await count('meter_no_values', '{"__proto__":{"voltage":1},"constructor":{}}');
      await count('meter_too_long', Buffer.alloc(kind === 'mosquitto' ? 10 * 2 ** 20 : 200_000, 0x31));
      await count('meter_name', { voltage: 1 }, `zigbee2mqtt/${'x'.repeat(101)}`);
      await count('meter_time', { v: 1, t: 5 }, 'anything');
      // Ours, which a mapping of everything has too.
      await count('meter_own_topic', { v: 1, t: Date.now() / 1000 }, 'makai/requests/event');
      await Promise.all(Array.from({ length: 60 }, () => publish(topic, { voltage: 119 })));
      await until('too often', async () => refused('meter_too_often') > 0);
      assert.equal(Reflect.get({}, 'voltage'), undefined);
      // Those of the burst that were taken have no frequency, and may be stored later.
      const isNext = ({ frequency, voltage }: { frequency?: number; voltage?: number }): boolean =>
        voltage === 118 && frequency === Math.fround(59.8);
      await until('it goes on', async () => {
        await publish(topic, { voltage: 118, ac_frequency: 59.8 });
        return (await measurements(CELLAR)).some(isNext);
      });
    });

    it('its own time; what the broker had kept counts only with it', async () => {
      const t = Math.floor(Date.now() / 1000) - 100;
      await until('a measurement with its own time', async () => {
        await publish('elsewhere', { v: 118, t });
        const [any] = (await store.boxes()).filter(({ meter }) => meter === 'any');
        return (
          any !== undefined && (await measurements(any.box_id)).some((one) => one.timestamp_ms === 1000 * t)
        );
      });
      if (broker === undefined) return;
      await client.publishAsync('tele/old/SENSOR', JSON.stringify(kitchen(1)), { qos: 1, retain: true });
      await gateway?.stop();
      await start();
      await until('the kept message is refused', async () => refused('meter_retained') > 0);
    });

    it('a meter that is silent for too long has a finding, and no outage; the tables know meters', async () => {
      clearInterval(beat);
      const silentAt = Date.now();
      const status = async () => {
        const args = [join(PACKAGE_ROOT, 'dist/cli/main.js'), 'boxes', 'status', '--json', '--dir', folder];
        const { stdout } = await run(process.execPath, args).catch((error: { stdout: string }) => error);
        const rows = stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown>);
        return new Map(rows.map((row) => [row.box_id, row]));
      };
      const rows = await status();
      assert.deepEqual([...rows.keys()].sort().slice(0, 2), [KITCHEN, CELLAR]);
      assert.deepEqual(
        [rows.get(CELLAR)?.kind, rows.get(CELLAR)?.heard, rows.get(CELLAR)?.findings],
        ['meter', true, []],
      );
      assert.equal(rows.get(CELLAR)?.why, undefined);
      await until('the finding', async () =>
        String((await status()).get(KITCHEN)?.findings).includes('METER_SILENT'),
      );
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, silentAt + 25_000 - Date.now())));
      for (const { description, type } of await events())
        assert.ok(!description.includes('outage'), `${type}: ${description}`);
      await publish('tele/kitchen/SENSOR', kitchen(120));
      await until('it is over', async () => (await status()).get(KITCHEN)?.findings?.toString() === '');
    });
  });
