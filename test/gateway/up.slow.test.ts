/** The whole line in `makai up`: live measurements, the sag of the demo as event and incident, a request for waveforms with its reply, and requests that are none. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { until } from '../support/until.js';
import { upForWeb, type WebUp } from '../web-service/up.js';
import { type Heard, subscriber } from './mosquitto.js';

describe('gateway: makai up', function () {
  this.timeout(400_000);
  let folder: string;
  let up: WebUp;
  let client: MqttClient;
  let heard: Heard[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'makai-gateway-up-'));
    up = await upForWeb(folder, ['--boxes', '3']);
    const file = await readFile(join(folder, 'demo', 'gateway.json'), 'utf8');
    const { mqtt } = JSON.parse(file) as { mqtt: { listen: string } };
    ({ client, heard } = await subscriber(`mqtt://${mqtt.listen}`));
  });
  after(async () => {
    await client?.endAsync(true);
    await up?.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const under = (prefix: string): Heard[] => heard.filter(({ topic }) => topic.startsWith(prefix));
  let replies = 0;
  async function ask(payload: string | Buffer): Promise<Record<string, unknown>> {
    const before = under('makai/replies/me').length;
    await client.publishAsync('makai/requests/event', payload, { qos: 1 });
    replies += 1;
    await until('a reply', async () => under('makai/replies/me').length > before);
    return under('makai/replies/me').at(-1)?.payload ?? {};
  }

  it('live measurements of each box, one in a second', async () => {
    await until('three boxes are heard', async () =>
      ['1001', '1002', '1003'].every((box) => under(`makai/boxes/${box}/measurement`).length > 2),
    );
    const [one] = under('makai/boxes/1001/measurement');
    assert.equal(one?.payload.box_id, '1001');
    assert.ok(Math.abs(Number(one?.payload.voltage) - 120) < 60);
    assert.ok(Number(one?.payload.frequency) > 50);
    const of1002 = (): Heard[] => under('makai/boxes/1002/measurement');
    const wanted = of1002().length + 5;
    await until('five more', async () => of1002().length >= wanted);
    // By their own times, which do not depend on how fast this machine is.
    const times = of1002().map(({ payload }) => Number(payload.timestamp_ms));
    const spanMs = Math.max(...times) - Math.min(...times);
    assert.ok(spanMs >= 500 * (times.length - 1), `${times.length} in ${spanMs} ms`);
  });

  it('the sag of the demo is an event and an incident', async () => {
    // It comes after 12 s. A busy machine may miss it; the next one comes after two minutes.
    await until('an event', async () => under('makai/events/').length > 0, 300_000);
    await until('an incident', async () => under('makai/incidents/').length > 0, 300_000);
    const [incident] = under('makai/incidents/');
    assert.equal(incident?.topic.split('/')[3], incident?.payload.box_id);
    assert.ok(Number(incident?.payload.incident_id) > 0);
  });

  it('all daemons are said to run, and boxes to be well', async () => {
    // One that was slow to reply is said not to run at first.
    await until('all run', async () => {
      const last = new Map(under('makai/daemons/').map(({ payload }) => [payload.daemon, payload.running]));
      return last.size >= 6 && [...last.values()].every((running) => running === true);
    });
    await until('the health of a box', async () => under('makai/boxes/1001/health').length > 0);
  });

  it('a request for waveforms: a reply with the number of the event, and the event', async () => {
    const now = Date.now();
    const request = {
      from_ms: now - 5000,
      to_ms: now - 4000,
      boxes: ['1001', '1002'],
      description: 'by MQTT',
    };
    const reply = await ask(JSON.stringify({ ...request, reply_to: 'makai/replies/me', request_id: 'r1' }));
    assert.deepEqual([reply.ok, reply.request_id], [true, 'r1']);
    await until('the event with its waveforms', async () =>
      under(`makai/events/${String(reply.event_id)}`).some(
        ({ payload }) => (payload.boxes_received as string[]).length === 2,
      ),
    );
    const [event] = under(`makai/events/${String(reply.event_id)}`);
    assert.match(String(event?.payload.description), /^by MQTT \(MQTT, /);
  });

  const good = { from_ms: 1_000, to_ms: 2_000, boxes: ['1001'], reply_to: 'makai/replies/me' };
  for (const [name, wrong] of [
    ['an end before its begin', { ...good, to_ms: 500 }],
    ['a window of a day', { ...good, to_ms: 86_400_000 }],
    ['text where a number belongs', { ...good, from_ms: '1000' }],
    ['NaN, which JSON.stringify makes null', { ...good, from_ms: Number.NaN }],
    ['an id that no box can have', { ...good, boxes: ['9999999999'] }],
    ['an id with a wildcard', { ...good, boxes: ['+'] }],
    ['boxes as one text', { ...good, boxes: '1001' }],
    ['an unknown type', { ...good, type: 'EARTHQUAKE' }],
    ['an unknown setting', { ...good, more: 1 }],
  ] as const)
    it(`refuses ${name}, with a reply that says why`, async () => {
      const reply = await ask(JSON.stringify(wrong));
      assert.equal(reply.ok, false);
      assert.equal((reply.error as { code: string }).code, 'REQUEST_INVALID');
    });

  it('refuses prototype names without harm', async () => {
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      const text = `{"${name}":{"polluted":1},${JSON.stringify(good).slice(1)}`;
      const reply = await ask(text);
      assert.equal(reply.ok, false, name);
    }
    assert.equal(Reflect.get({}, 'polluted'), undefined);
  });

  it('what is no JSON, a wildcard as the place of the reply, a reply that would look like ours: no reply, and it goes on', async () => {
    const before = heard.filter(({ topic }) => topic.startsWith('makai/incidents/forged')).length;
    for (const payload of ['', '{', '[]', 'null', 'NaN', '"x"', Buffer.from([0xff, 0xfe])])
      await client.publishAsync('makai/requests/event', payload, { qos: 1 });
    for (const reply_to of ['#', 'a/+', 'makai/incidents/forged/1', '$SYS/x', '!rule', '', 7])
      await client.publishAsync('makai/requests/event', JSON.stringify({ ...good, reply_to, to_ms: 1 }), {
        qos: 1,
      });
    const reply = await ask(JSON.stringify({ ...good, to_ms: 1 }));
    assert.equal(reply.ok, false);
    assert.equal(heard.filter(({ topic }) => topic.startsWith('makai/incidents/forged')).length, before);
    assert.equal(under('makai/replies/me').length, replies);
  });
});
