/** What somebody with rights at NATS may send to acquisition brokers: refused and counted, and no box is hurt. */
import assert from 'node:assert/strict';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { encode } from '../../../acquisition-broker/cluster/messages.js';
import { REQUEST_STREAM } from '../../../nats/kept-requests.js';
import * as proto from '../../../proto/index.js';
import { givenNats, NatsServer } from '../../support/nats-server.js';
import { type FakeBox, type FakeClient, until } from '../rig.js';
import { Pair } from './pair.js';

const MANY = 300;

describe('acquisition broker: hostile messages of NATS', function () {
  this.timeout(300_000);
  const binary = givenNats();
  let nats: NatsServer;
  let pair: Pair;
  let intruder: NatsConnection;
  let client: FakeClient;
  let box: FakeBox;

  before(async () => {
    nats = await NatsServer.start(binary());
    pair = await Pair.start(nats.url, [7]);
    intruder = await connect({ servers: nats.url });
    client = await pair.client(pair.a);
    box = pair.fakeBox(7, 3, pair.a);
    await until(() => pair.a.status().boxes.box3?.ids.includes('7') === true);
  });
  after(async () => {
    await intruder?.close();
    await pair?.stop();
    await nats?.stop();
  });

  const member = (): string => pair.a.status().nats?.member ?? '';
  const malformed = (): number => pair.a.status().nats?.malformed ?? 0;
  const dropped = (reason: string): number => pair.a.status().dropped[reason] ?? 0;
  const presence = { member: 'x', name: 'x', revision: 1, isLeaving: false, wantsBoxes: false };

  it('what is no message is counted', async () => {
    const before = malformed();
    const subjects = ['presence', 'claims', 'notices', `commands.${member()}`, `pieces.${member()}`];
    const bodies = [
      Buffer.alloc(0),
      Buffer.from('x'),
      Buffer.from([255, 255, 255, 255, 1]),
      Buffer.from([4, 0, 0, 0, 123, 125, 32, 32]),
      encode({ version: 2 }),
      encode({ ...presence, boxes: { box3: { ids: [-1], anonymous: 0 } } }),
      encode({ ...presence, member: 'a.b' }),
      encode({ from: 'x', frames: 1, bytes: 2 ** 40 }, Buffer.from('x')),
      encode({ from: 'x', kind: 'evnew', text: '', eventId: -1 }),
      encode({ from: 'x', dialect: 'box9', name: 'command', topic: '7' }),
      encode({ from: 'x', dialect: 'box3', name: 'constructor', topic: '7' }),
    ];
    for (const subject of subjects)
      for (const body of bodies) intruder.publish(`makai.acquisition.${subject}`, body);
    await intruder.flush();
    await until(() => malformed() >= before + subjects.length * bodies.length);
    assert.equal(dropped('malformed_cluster_message'), malformed());
  });

  it('a command that would stop a box is not sent', async () => {
    const head = { from: 'x', dialect: 'box3', name: 'command', topic: '7' };
    const withoutBody = Buffer.from([0x08, 0x64, 0x10, 0x07]);
    intruder.publish(`makai.acquisition.commands.${member()}`, encode(head, withoutBody));
    intruder.publish(`makai.acquisition.commands.${member()}`, encode({ ...head, topic: '' }, withoutBody));
    await until(() => dropped('unsafe_for_boxes') === 2);
    assert.equal(box.commands.length, 0);
  });

  it('pieces that nobody asked for, out of order, or too long', async () => {
    const subject = `makai.acquisition.pieces.${member()}`;
    const ask = async (data: Uint8Array): Promise<string> =>
      Buffer.from((await intruder.request(subject, data, { timeout: 60_000 })).data).toString('latin1');
    assert.match(await ask(encode({ grant: 'none', index: 0, isLast: true })), /"isTaken":false/);
    const endMs = Date.now() - 1000;
    await client.request({ startMs: endMs - 500, endMs, boxIds: [7] });
    const event = await client.evnew();
    const command = await box.command(event);
    const head = proto.response.encode({
      boxId: 7,
      seq: command.seq,
      timestampMs: Date.now(),
      body: { kind: 'data', startTs: 0, endTs: 0 },
    });
    const grant = async (): Promise<string> => {
      const reply = await intruder.request(
        'makai.acquisition.claims',
        encode({ from: 'x', frames: 1, bytes: 100 }, head),
        { timeout: 60_000 },
      );
      return /"grant":"([^"]+)"/.exec(Buffer.from(reply.data).toString('latin1'))?.[1] ?? '';
    };
    const before = malformed();
    const wrong = [
      encode({ grant: await grant(), index: 1, isLast: false }, Buffer.alloc(10)),
      encode({ grant: await grant(), index: 0, isLast: false }, Buffer.alloc(101)),
      encode({ grant: await grant(), index: 0, isLast: true }, Buffer.alloc(3)),
    ];
    for (const one of wrong) intruder.publish(subject, one);
    await until(() => malformed() === before + wrong.length);
    // Frames that are no waveform: counted as those of a box.
    const frames = Buffer.from([3, 0, 0, 0, 255, 255, 255]);
    assert.match(
      await ask(encode({ grant: await grant(), index: 0, isLast: true }, frames)),
      /"isTaken":true/,
    );
    await until(() => dropped('malformed_waveform') === 1);
  });

  it('copies in the stream that are none are not taken up, and those behind them are', async () => {
    const endMs = Date.now() - 1000;
    const sound = {
      version: 2,
      acceptedAtMs: Date.now(),
      window: { startMs: endMs - 500, endMs },
      event: {
        event_id: 9_000,
        description: '',
        boxes_triggered: ['7'],
        target_event_start_timestamp_ms: endMs - 500,
        target_event_end_timestamp_ms: endMs,
        type: 'OTHER',
        percent_magnitude: 0,
      },
      noticeText: '',
      everyone: false,
      asks: [{ boxId: 7, numbers: { box3: 1000 } }],
    };
    const bad: [string, string][] = [
      ['gone.event.9001', 'x'],
      ['gone.event.9002', JSON.stringify({ ...sound, asks: [{ boxId: 2 ** 40, numbers: { box3: 1000 } }] })],
      ['gone.event.9003', JSON.stringify({ ...sound, asks: [{ boxId: 7, numbers: { box3: -6 } }] })],
      ['gone.event.9004', JSON.stringify({ ...sound, window: { startMs: -1.5, endMs } })],
      ['gone.event.9005', JSON.stringify({ ...sound, event: { ...sound.event, event_id: 2 ** 40 } })],
      // No key, and one that has a colon of its own: neither can be read again.
      ['gone', JSON.stringify(sound)],
      ['gone.a:b', JSON.stringify(sound)],
    ];
    box.commands.clear();
    for (const [subject, body] of [...bad, ['gone.event.9000', JSON.stringify(sound)] as const]) {
      const reply = await intruder.request(`makai.open_requests.${subject}`, body, { timeout: 60_000 });
      assert.match(reply.string(), new RegExp(`"stream":"${REQUEST_STREAM}"`));
    }
    const taken = await box.command(9_000);
    assert.deepEqual(taken.body, { kind: 'data', ...sound.window, wait: false });
    await until(async () => (await pair.store.openRequests()).every(({ key }) => !/900[1-5]$/.test(key)));
    assert.equal(dropped('unsafe_for_boxes'), 2, 'as before');
  });

  it('names of many brokers are forgotten, and requests are served', async () => {
    // Again, where the machine stands still until they are forgotten.
    await until(async () => {
      for (let i = 0; i < MANY; i += 1)
        intruder.publish('makai.acquisition.presence', encode({ ...presence, member: `x${i}`, boxes: {} }));
      await intruder.flush();
      return (pair.a.status().nats?.brokers.length ?? 0) >= 100;
    });
    assert.equal(pair.a.status().nats?.brokers.length, 100);
    await until(() => pair.a.status().nats?.brokers.length === 1);
    await client.number('');
  });
});
