import assert from 'node:assert/strict';
import * as proto from '../../proto/index.js';
import { ManualClock } from './manual-clock.js';
import { cyclesBetween, type FakeBox, type FakeClient, type Rig, startRig, until } from './rig.js';

const window = (): { startMs: number; endMs: number } => {
  const endMs = Date.now() - 1000;
  return { startMs: endMs - 500, endMs };
};
const data = (asked = window(), wait = false): proto.CommandBody => ({ kind: 'data', ...asked, wait });

describe("acquisition broker: a client's Commands", () => {
  let rig: Rig;
  let client: FakeClient;
  let seven: FakeBox;
  let eight: FakeBox;

  before(async () => {
    rig = await startRig({ boxes: [7, 8] });
    client = await rig.client();
    seven = await rig.box(7, 3);
    eight = await rig.box(8, 3);
  });
  after(() => rig.stop());

  it('are routed with their identity as it stands, and no event is made of them', async () => {
    const { drawn } = rig.broker.status().event_ids;
    for (const identity of ['mauka_token_7', 'maukarate_x_1', 'maukainfo_x_0', 'viewer_1', 'data', 'x', '']) {
      await client.command({ boxId: 7, identity, body: data(), timestampMs: 12_345, seq: 3 });
      const command = await seven.command();
      assert.deepEqual([command.identity, command.timestampMs, command.boxId], [identity, 12_345, 7]);
      assert.ok(command.seq > 5);
      await seven.answerData(command, cyclesBetween(Date.now() - 500, Date.now() - 400));
      const [to, head] = await client.heard.next();
      assert.equal(to?.toString(), identity);
      assert.equal(proto.response.decode(head ?? Buffer.alloc(0)).seq, command.seq);
    }
    assert.equal(rig.broker.status().event_ids.drawn, drawn);
    await until(async () => (await rig.store.openRequests()).length === 0);
  });

  const INFO: proto.ResponseBody = {
    kind: 'info',
    macAddr: '',
    wifiNetwork: '',
    ip: '10.0.0.7\n',
    uptime: 77,
    calibrationConstant: 0,
    pubKey: '',
    measurementRate: 60,
  };

  it('of every kind get their reply', async () => {
    const bodies: [proto.CommandBody, proto.ResponseBody][] = [
      [{ kind: 'info' }, INFO],
      [
        { kind: 'samplingRate', measurementWindowCycles: 10 },
        { kind: 'samplingRate', oldRateCycles: 60 },
      ],
      [
        { kind: 'plugin', pluginName: 'THD', message: '{}' },
        { kind: 'plugin', ok: true },
      ],
    ];
    for (const [body, reply] of bodies) {
      await client.command({ boxId: 7, identity: 'viewer_1', body });
      const command = await seven.command();
      assert.deepEqual(command.body, body);
      await seven.answer(command.seq, reply);
      const [, head] = await client.heard.next();
      assert.deepEqual(proto.response.decode(head ?? Buffer.alloc(0)).body, reply);
    }
  });

  it('with one token are one event, numbered at the first, each box stored, no reply routed', async () => {
    const asked = window();
    for (const boxId of [7, 8, 7]) {
      await client.command({ boxId, identity: 'data_tokenA_service-x', body: data(asked) });
    }
    const number = await client.evnew();
    const cycles = cyclesBetween(asked.startMs + 1, asked.endMs);
    await seven.answerData(await seven.command('tokenA'), cycles);
    assert.equal((await client.notices.next())[0]?.toString(), 'service-x');
    await eight.answerData(await eight.command('tokenA'), cycles);
    await rig.stored(number, 2);
    const event = await rig.event(number);
    assert.deepEqual(event.boxes_triggered, ['7', '8']);
    assert.equal(event.description, 'Makai id service-x');
    assert.equal(event.target_event_start_timestamp_ms, asked.startMs);
    // The box asked twice answers twice: its second answer changes nothing.
    await seven.answerData(await seven.command('tokenA'), cyclesBetween(asked.startMs + 5, asked.endMs));
    await until(() => rig.broker.status().open.requests === 0);
    assert.equal((await rig.store.boxEvents(number)).length, 2);
    assert.equal(client.heard.length + client.notices.length, 0);
  });

  it('with two tokens are two events; data_ before another kind is routed alone', async () => {
    await client.command({ boxId: 7, identity: 'data_tokenB_s', body: data() });
    await client.command({ boxId: 7, identity: 'data_tokenC_s', body: data() });
    const numbers = [await client.evnew(), await client.evnew()];
    assert.notEqual(numbers[0], numbers[1]);
    for (const token of ['tokenB', 'tokenC']) await seven.answerData(await seven.command(token));
    const { drawn } = rig.broker.status().event_ids;
    await client.command({ boxId: 7, identity: 'data_tokenD_s', body: { kind: 'info' } });
    await seven.answer((await seven.command('tokenD')).seq, INFO);
    // v2's analysis service reads every message on this socket as a notice: of an event no reply is published there.
    assert.equal((await client.heard.next())[0]?.toString(), 'data_tokenD_s');
    assert.equal(client.heard.length, 0);
    assert.equal(rig.broker.status().event_ids.drawn, drawn);
  });
});

describe('acquisition broker: many Commands together', () => {
  it('all reach their box, in their order', async () => {
    const count = 3000;
    const rig = await startRig({ boxes: [7], config: { limits: { requests_burst: 10_000 } } });
    try {
      const client = await rig.client();
      const seven = await rig.box(7, 3);
      const frames = Array.from({ length: count }, (_, i) =>
        proto.command.encode({
          seq: 0,
          boxId: 7,
          timestampMs: i,
          identity: `v_${i}`,
          body: { kind: 'info' },
        }),
      );
      await client.send(...frames);
      for (let i = 0; i < count; i += 1) assert.equal((await seven.command()).identity, `v_${i}`);
      assert.equal(rig.rejected('send_failed'), 0);
    } finally {
      await rig.stop();
    }
  });
});

describe('acquisition broker: Commands and time', () => {
  it('a token of more than 20 s ago is another event; a window of the future is asked for when it has passed', async () => {
    const clock = new ManualClock(Date.now());
    const rig = await startRig({ boxes: [7], clock });
    try {
      const client = await rig.client();
      const seven = await rig.box(7, 3);
      const numbers: number[] = [];
      for (const seconds of [0, 19, 2]) {
        clock.advance(seconds * 1000);
        await client.command({
          boxId: 7,
          identity: 'data_t_s',
          body: data({ startMs: clock.now() - 1000, endMs: clock.now() - 500 }),
        });
        const { received } = rig.broker.status().replies;
        await seven.answerData(await seven.command('t'));
        await until(() => rig.broker.status().replies.received === received + 1);
      }
      for (let i = 0; i < 2; i += 1) numbers.push(await client.evnew());
      assert.notEqual(numbers[0], numbers[1]);
      assert.equal(client.heard.length, 0);

      const later = { startMs: clock.now() + 1000, endMs: clock.now() + 2000 };
      await client.command({ boxId: 7, identity: 'viewer_1', body: data(later, true) });
      await client.command({ boxId: 7, identity: 'viewer_2', body: data(later) });
      assert.equal((await seven.command()).identity, 'viewer_2', 'without `wait` immediately');
      await client.request({ ...later, boxIds: [7] });
      const number = await client.evnew();
      clock.advance(2499);
      await client.command({ boxId: 7, identity: 'viewer_3', body: { kind: 'info' } });
      assert.equal((await seven.command()).identity, 'viewer_3');
      clock.advance(1);
      assert.equal((await seven.command()).identity, 'viewer_1');
      assert.equal((await seven.command()).identity, `data_${number}_test-broker`);
    } finally {
      await rig.stop();
    }
  });
});
