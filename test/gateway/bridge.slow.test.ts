/** The bridge to a second broker, and the announcements of boxes to Home Assistant. */
import assert from 'node:assert/strict';
import { discoveryConfigs } from '../../gateway/home-assistant/discovery.js';
import { until } from '../support/until.js';
import { givenGateway, incidentOf, START } from './given.js';
import { Mosquitto, needsMosquitto, subscriber } from './mosquitto.js';

describe('gateway: bridge and Home Assistant', function () {
  this.timeout(300_000);
  const given = givenGateway();
  let program = '';
  const ends: (() => Promise<unknown>)[] = [];
  before(function () {
    program = needsMosquitto(this);
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function mosquitto(): Promise<Mosquitto> {
    const broker = await Mosquitto.start(program);
    ends.push(() => broker.remove());
    return broker;
  }
  async function listening(url: string, clientId: string) {
    const one = await subscriber(url, { clientId });
    ends.push(() => one.client.endAsync(true));
    return one;
  }
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  for (const local of ['the embedded broker', 'mosquitto'])
    it(`${local}: in, out and both ways with prefixes; what comes back is not passed on again`, async () => {
      const { gateway, store } = given();
      const [first, second] = [local === 'mosquitto' ? await mosquitto() : undefined, await mosquitto()];
      const topics = [
        { filter: 'makai/incidents/#', direction: 'out', remote_prefix: 'site1/' },
        { filter: 'weather/#', direction: 'in', local_prefix: 'from/' },
        { filter: 'chat/#', direction: 'both' },
      ];
      const mqtt = first === undefined ? { listen: '127.0.0.1:0', login: 'off' } : { url: first.url };
      const running = await gateway({ mqtt, bridge: { url: second.url, topics } });
      await until('both are connected', async () => {
        const { bridge, mqtt: own } = running.status();
        return own.connected && bridge?.connected === true;
      });
      const here = await listening(running.endpoints.mqtt ?? '', 'here');
      const there = await listening(second.url, 'there');
      await store.putIncident({ incident: incidentOf('1001', START), samples: new Int16Array() });
      await until('the incident is there', async () =>
        there.heard.some(({ topic }) => topic === 'site1/makai/incidents/VOLTAGE_SAG/1001'),
      );
      await there.client.publishAsync('weather/wind', '{"v":1}', { qos: 1 });
      await until('the weather is here', async () =>
        here.heard.some(({ topic }) => topic === 'from/weather/wind'),
      );
      await there.client.publishAsync('chat/a', '{"from":"there"}', { qos: 1 });
      await here.client.publishAsync('chat/b', '{"from":"here"}', { qos: 1 });
      await here.client.publishAsync('chat/b', '{"from":"here"}', { qos: 1 });
      await until('both heard both', async () =>
        [here, there].every(
          ({ heard }) => heard.filter(({ topic }) => topic.startsWith('chat/')).length >= 3,
        ),
      );
      await pause(1500);
      for (const { heard } of [here, there]) {
        const chat = heard.filter(({ topic }) => topic.startsWith('chat/')).map(({ topic }) => topic);
        assert.deepEqual(chat.sort(), ['chat/a', 'chat/b', 'chat/b']);
      }
      assert.equal(there.heard.filter(({ topic }) => topic.startsWith('weather')).length, 1);
      const bridge = running.status().bridge;
      assert.deepEqual([bridge?.buffer_size, bridge?.buffer_max, bridge?.buffer_dropped], [0, 2000, 0]);
    });

  it('a second broker that is not there: the newest wait, the oldest are dropped and counted', async () => {
    const { gateway, store } = given();
    const second = await mosquitto();
    const topics = [{ filter: 'makai/incidents/#', direction: 'out' }];
    const running = await gateway({ bridge: { url: second.url, topics, max_messages: 5 } });
    await until('connected', async () => running.status().bridge?.connected === true);
    await second.down('SIGKILL');
    await until('lost', async () => running.status().bridge?.connected === false);
    for (let i = 0; i < 8; i++)
      await store.putIncident({ incident: incidentOf('1', START + 1000 * i), samples: new Int16Array() });
    await until('three were dropped', async () => running.status().bridge?.buffer_dropped === 3);
    await second.up();
    const there = await listening(second.url, 'there');
    await until('the others come', async () => there.heard.length >= 1 || running.status().bridge?.out === 5);
    await until('all are out', async () => running.status().bridge?.out === 5);
  });

  it('Home Assistant: a box in use is announced with its values, an unplugged one is not', async () => {
    const { gateway, store } = given();
    const box = { box_id: '1001', name: 'roof', calibration_constant: 1, unplugged: false, location: 'lab' };
    await store.putBox(box);
    await store.putBox({ ...box, box_id: '1002', name: 'cellar', unplugged: true });
    const broker = await mosquitto();
    const running = await gateway({ mqtt: { url: broker.url }, home_assistant: 'homeassistant' });
    await until('connected', async () => running.status().mqtt.connected);
    const { heard } = await listening(broker.url, 'ha');
    const topic = 'homeassistant/sensor/makai_1001/voltage/config';
    await until('it is announced', async () => heard.some((one) => one.topic === topic));
    const found = heard.find((one) => one.topic === topic);
    assert.equal(found?.payload.state_topic, 'makai/boxes/1001/measurement');
    assert.equal(found?.payload.unit_of_measurement, 'V');
    assert.ok(heard.every((one) => !one.topic.includes('makai_1002')));
    const configs = discoveryConfigs('homeassistant', box);
    const ids = Object.values(configs).map((config) => Reflect.get(config, 'unique_id') as string);
    assert.equal(new Set(ids).size, 4);
  });
});
