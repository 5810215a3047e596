import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import fc from 'fast-check';
import { Dealer, Push, Request, Subscriber, XSubscriber } from 'zeromq';
import { newKeyPair } from '../../keys/key.js';
import * as proto from '../../proto/index.js';
import { cyclesBetween, type FakeBox, type FakeClient, type Rig, startRig, until } from './rig.js';

const MANY = 2000;

describe('acquisition broker: hostile peers', () => {
  let rig: Rig;
  let client: FakeClient;
  let one: FakeBox;
  let seven: FakeBox;
  const others: { close(): void }[] = [];

  before(async () => {
    rig = await startRig({ boxes: [1001, 7], config: { max_window_ms: 60_000 } });
    client = await rig.client();
    one = await rig.box(1001, 2);
    seven = await rig.box(7, 3);
  });
  after(async () => {
    for (const other of others) other.close();
    await rig.stop();
  });
  /** Whatever happened: an event still goes its whole way. */
  afterEach(async () => {
    client.heard.clear();
    seven.commands.clear();
    const endMs = Date.now() - 1000;
    await client.request({ startMs: endMs - 100, endMs, boxIds: [7], requestee: 'afterwards' });
    const number = await client.evnew();
    await seven.answerData(await seven.command(number), cyclesBetween(endMs - 90, endMs));
    await rig.stored(number, 1);
  });

  const rejected = async (reason: string, more: number, send: () => Promise<unknown>): Promise<void> => {
    const before = rig.rejected(reason);
    await send();
    await until(() => rig.rejected(reason) >= before + more);
    assert.equal(rig.rejected(reason), before + more, reason);
  };
  const requestsSeen = (): number => rig.broker.status().requests.received;

  it('requests with impossible contents are dropped, each by its reason', async () => {
    const now = Date.now();
    const sound = { startMs: now - 2000, endMs: now - 1000 };
    const { drawn } = rig.broker.status().event_ids;
    const bad: [string, Partial<proto.RequestEventMessage>][] = [
      ['start_not_before_end', { startMs: now, endMs: now }],
      ['start_not_before_end', { startMs: now, endMs: now - 1 }],
      ['window_too_long', { startMs: now - 70_000, endMs: now }],
      ['window_too_long', { startMs: 0, endMs: Number.MAX_SAFE_INTEGER }],
      // More than five minutes ahead, and still so if the machine is slow to get here.
      ['window_in_the_future', { startMs: now + 3_580_000, endMs: now + 3_600_000 }],
      ['window_without_a_date', { startMs: 0, endMs: 1000 }],
      ['box_id_out_of_range', { boxIds: [7, -7] }],
      ['box_id_out_of_range', { boxIds: [-1] }],
      ['too_many_boxes', { boxIds: Array.from({ length: 10_001 }, (_, i) => i + 1) }],
    ];
    for (const [reason, fields] of bad) {
      await rejected(reason, 1, () => client.request({ ...sound, ...fields }));
    }
    const command = {
      boxId: 7,
      identity: 'mauka_x_7',
      body: { kind: 'data' as const, ...sound, wait: false },
    };
    await rejected('start_not_before_end', 1, () =>
      client.command({ ...command, body: { ...command.body, endMs: sound.startMs } }),
    );
    await rejected('window_too_long', 1, () =>
      client.command({ ...command, body: { ...command.body, startMs: now - 100_000 } }),
    );
    await rejected('box_id_out_of_range', 1, () => client.command({ ...command, boxId: -5 }));
    await rejected('identity_not_usable', 1, () => client.command({ ...command, identity: 'evnew' }));
    await rejected('identity_not_usable', 1, () => client.command({ ...command, identity: 'y'.repeat(300) }));
    const read = { type: 'READ' as const, sequenceNumber: 0, time: now };
    await rejected('window_missing', 1, () => client.send(proto.requestData.encode(read)));
    await rejected('request_type_not_read', 1, () =>
      client.send(
        proto.requestData.encode({ ...read, type: 'PING', back: sound.startMs, forward: sound.endMs }),
      ),
    );
    assert.equal(rig.broker.status().event_ids.drawn, drawn);
  });

  it('a Command without its oneof never reaches a box', async () => {
    // box_id 7, timestamp 1, identity "viewer_1": what kills a Box 3.
    const fatal = Buffer.concat([
      Buffer.from('1007180122', 'hex'),
      Buffer.from([8]),
      Buffer.from('viewer_1'),
    ]);
    await rejected('malformed_request', 1, () => client.send(fatal));
    const { command = 0 } = rig.broker.status().sent;
    await client.command({ boxId: 7, identity: 'viewer_1', body: { kind: 'info' } });
    // A command that was repeated to a box that is slow to reply may come late.
    let heard = await seven.command();
    while (heard.identity !== 'viewer_1') heard = await seven.command();
    assert.deepEqual(heard.body, { kind: 'info' });
    assert.equal(rig.broker.status().sent.command, command + 1);
  });

  it('a window older than every buffer is numbered and stored all the same', async () => {
    const endMs = Date.now() - 30 * 86_400_000;
    await client.request({ startMs: endMs - 1000, endMs, boxIds: [1001] });
    const number = await client.evnew();
    assert.equal((await rig.event(number)).target_event_end_timestamp_ms, endMs);
    // As a Box 2 does: the oldest ten cycles there are.
    const { empty } = rig.broker.status().open;
    await one.answerRead(
      await one.read(number),
      cyclesBetween(Date.now() - 3_600_000, Date.now() - 3_599_850),
    );
    await until(() => rig.broker.status().open.empty === empty + 1);
    assert.deepEqual(await rig.store.boxEvents(number), []);
  });

  it('magnitudes and texts without sense are tamed', async () => {
    const endMs = Date.now() - 1000;
    const cases: [number, number][] = [
      [Number.NaN, 0],
      [Number.POSITIVE_INFINITY, 0],
      [-12.5, 12.5],
    ];
    for (const [percentMagnitude, expected] of cases) {
      await client.request({
        startMs: endMs - 100,
        endMs,
        boxIds: [7, 7, 7],
        requestData: false,
        percentMagnitude,
        description: '\u0000'.repeat(10_000),
      });
      const event = await rig.event(await client.evnew());
      assert.equal(event.percent_magnitude, expected);
      assert.equal(event.description.length, 4096);
      assert.deepEqual(event.boxes_triggered, ['7']);
    }
  });

  it('each frame of a multipart message on backend_pull is a request of its own', async () => {
    const endMs = Date.now() - 1000;
    const sound = proto.requestEvent.encode({
      startMs: endMs - 100,
      endMs,
      triggerType: 'OTHER',
      percentMagnitude: 1,
      boxIds: [],
      requestee: 'parts',
      description: '',
      requestData: false,
    });
    await rejected('malformed_request', 3, () =>
      client.send(sound, 'nonsense', sound, '', Buffer.alloc(100), sound),
    );
    const numbers = [await client.evnew(), await client.evnew(), await client.evnew()];
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
  });

  it('random and cut requests are refused', async () => {
    const sound = proto.requestEvent.encode({
      startMs: 1,
      endMs: 2,
      triggerType: 'OTHER',
      percentMagnitude: 1,
      boxIds: [7],
      requestee: 'cut',
      description: 'cut',
      requestData: true,
    });
    const random = fc.sample(fc.uint8Array({ maxLength: 80 }), MANY);
    const cut = Array.from(sound, (_, i) => sound.subarray(0, i));
    const before = requestsSeen();
    for (const frame of [...random, ...cut]) await client.send(frame);
    await until(() => requestsSeen() === before + random.length + cut.length);
    assert.equal(rig.rejected('unsafe_for_boxes'), 0);
  });

  it('random, cut and wrongly composed answers are refused', async () => {
    const endMs = Date.now() - 1000;
    await client.request({ startMs: endMs - 500, endMs, boxIds: [1001, 7] });
    const number = await client.evnew();
    const read = await one.read(number);
    const command = await seven.command(number);
    const cycles = cyclesBetween(endMs - 500, endMs);
    const block = proto.encodeCycles2(1001, cycles);
    const head2 = proto.requestData.encode({ ...read, type: 'RESP', boxId: 1001 });
    const head3 = proto.response.encode({
      boxId: 7,
      seq: command.seq,
      timestampMs: 1,
      body: { kind: 'data', startTs: 1, endTs: 2 },
    });
    await rejected('malformed_reply', 3, async () => {
      await one.send(['']);
      await one.send(['evget', block]);
      await one.send([block]);
    });
    for (const [head, frames] of [
      [head2, [block.subarray(0, block.length - 1)]],
      [head2, [block, 'garbage']],
      [head2, [proto.encodeCycles2(1002, cycles)]],
      [head3, proto.encodeCycles3(cycles).map((frame) => frame.subarray(0, frame.length - 1))],
      [head3, [Buffer.alloc(50, 0xff)]],
    ] as const) {
      await rejected('malformed_waveform', 1, () => one.send([head, ...frames]));
    }
    const many = Array.from({ length: 30_000 }, () => Buffer.alloc(0));
    const { received } = rig.broker.status().replies;
    await one.send([head3, ...many]);
    const random = fc.sample(
      fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 4 }),
      MANY,
    );
    for (const frames of random) await one.send(frames);
    await until(() => rig.broker.status().replies.received === received + random.length + 1);
    await until(() => rig.broker.status().waveforms.held === 0);
    assert.deepEqual(await rig.store.boxEvents(number), []);
    // After all that the right answers still count.
    await one.answerRead(read, cycles);
    await seven.answerData(command, cycles);
    await rig.stored(number, 2);
  });

  it('answers in the name of a box without a certificate are dropped', async () => {
    const pong = { type: 'PONG' as const, sequenceNumber: 0, time: Date.now() };
    await rejected('unknown_box', 4, async () => {
      await one.send([proto.requestData.encode({ ...pong, boxId: 31_337 })]);
      await one.send([proto.requestData.encode(pong)]);
      await one.answer(6, { kind: 'plugin', ok: true }, undefined, 31_337);
      await one.answer(6, { kind: 'plugin', ok: true }, undefined, -7);
    });
    await rejected('reply_of_wrong_type', 1, () =>
      one.send([proto.requestData.encode({ ...pong, type: 'READ', boxId: 1001 })]),
    );
    await rejected('pong_with_data', 1, () =>
      one.send([proto.requestData.encode({ ...pong, boxId: 1001 }), 'x']),
    );
    assert.deepEqual(rig.broker.status().boxes.box2?.ids, ['1001']);
  });

  it('a subscriber with strange subscriptions is counted, not believed', async () => {
    const keys = rig.keysOf(7);
    const curve = {
      curveServerKey: rig.serverKey,
      curvePublicKey: keys.publicKey,
      curveSecretKey: keys.secretKey.reveal(),
      linger: 0,
    };
    const strange = new XSubscriber(curve);
    others.push(strange);
    strange.connect(rig.broker.endpoints.box_pub ?? '');
    await rejected('strange_subscription', 4, async () => {
      await strange.send('\u0001evget');
      await strange.send('\u00010007');
      await strange.send(`\u0001${'x'.repeat(1000)}`);
      await strange.send('a message, no subscription');
    });
    assert.deepEqual(rig.broker.status().boxes.box3?.ids, ['7']);
    strange.close();
  });

  it('questions for a number: without an empty frame dropped, else answered under the envelope they came in', async () => {
    const dealer = new Dealer({ linger: 0 });
    others.push(dealer);
    dealer.connect(rig.broker.endpoints.zmq_event_id_endpoint ?? '');
    await rejected('request_without_delimiter', 2, async () => {
      await dealer.send(['no', 'delimiter']);
      await dealer.send(['x']);
    });
    await dealer.send(['hop', 'another hop', '', 'a number', '', 'please']);
    const [hop, other, delimiter, number, ...rest] = (await dealer.receive()).map(String);
    assert.deepEqual([hop, other, delimiter, rest], ['hop', 'another hop', '', []]);
    assert.ok(Number(number) > 0);
  });

  it('who comes under an identity that is in use is answered, and keeps nothing of the other', async () => {
    for (let i = 0; i < 3; i += 1) {
      const request = new Request({ linger: 0, routingId: 'the same' });
      others.push(request);
      request.connect(rig.broker.endpoints.zmq_event_id_endpoint ?? '');
      await request.send('');
      const [number] = await request.receive();
      assert.ok(Number(String(number)) > 0);
    }
  });

  it('a frame that is too long ends the connection it came by, and no other', async () => {
    const push = new Push({ linger: 0, reconnectInterval: -1 });
    others.push(push);
    const gone = new Promise((resolve) => push.events.on('disconnect', resolve));
    push.connect(rig.broker.endpoints.backend_pull ?? '');
    await push.send(Buffer.alloc(1_000_000));
    await gone;
  });

  it('strangers on every endpoint do no harm', async () => {
    const stranger = newKeyPair();
    const curve = {
      curveServerKey: rig.serverKey,
      curvePublicKey: stranger.publicKey,
      curveSecretKey: stranger.secretKey.reveal(),
      linger: 0,
    };
    const push = new Push(curve);
    const plain = new Subscriber({ linger: 0 });
    others.push(push, plain);
    push.connect(rig.broker.endpoints.box_pull ?? '');
    plain.subscribe();
    plain.connect(rig.broker.endpoints.box_pub ?? '');
    await until(() => rig.broker.status().access.gate.refused.unknown > 0);
    const { replies } = rig.broker.status();
    for (const endpoint of Object.values(rig.broker.endpoints)) {
      const port = Number(endpoint.split(':').at(-1));
      const socket = createConnection(port, '127.0.0.1');
      socket.on('error', () => undefined);
      await new Promise((resolve) => socket.write('GET / HTTP/1.1\r\n\r\n', resolve));
      socket.destroy();
    }
    assert.deepEqual(rig.broker.status().replies, replies);
  });
});

describe('acquisition broker: floods', () => {
  it('a client that asks without end is held to its rate; others are heard', async () => {
    const rig = await startRig({
      boxes: [7],
      // One a second: less than 80 s of requests stay below the hundred.
      config: { limits: { requests_per_second: 1, requests_burst: 20, open_requests: 100 } },
    });
    try {
      const client = await rig.client();
      const endMs = Date.now() - 1000;
      const window = { startMs: endMs - 100, endMs };
      for (let i = 0; i < MANY; i += 1) await client.request({ ...window, boxIds: [7], requestee: 'greedy' });
      await client.request({ ...window, boxIds: [7], requestee: 'modest' });
      await until(() => rig.broker.status().requests.received === MANY + 1);
      const { taken } = rig.broker.status().requests;
      assert.ok(taken >= 21 && taken < 100, `${taken} taken`);
      assert.equal(rig.rejected('too_many_requests'), MANY + 1 - taken);
    } finally {
      await rig.stop();
    }
  });

  it('open requests and tokens are bounded', async () => {
    const rig = await startRig({
      boxes: [7],
      config: { limits: { requests_per_second: 10_000, requests_burst: 10_000, open_requests: 50 } },
    });
    try {
      const client = await rig.client();
      const endMs = Date.now() - 1000;
      const body = { kind: 'data' as const, startMs: endMs - 100, endMs, wait: false };
      for (let i = 0; i < 200; i += 1) await client.command({ boxId: 7, identity: `data_t${i}_x`, body });
      for (let i = 0; i < 200; i += 1) await client.command({ boxId: 7, identity: `v_${i}`, body });
      for (let i = 0; i < 200; i += 1) await client.request({ ...body, boxIds: [7] });
      await until(() => rig.broker.status().requests.received === 600);
      await until(() => rig.broker.status().requests.waiting === 0);
      const { open, requests } = rig.broker.status();
      assert.ok(requests.tokens <= 50);
      // What waited for the store when the book filled up is asked too: at most as much again, twice.
      assert.ok(open.boxes <= 150, `${open.boxes} boxes asked`);
      const dropped = ['too_many_open_requests', 'too_many_tokens', 'too_many_waiting_requests'];
      assert.equal(dropped.reduce((sum, reason) => sum + rig.rejected(reason), 0) + requests.taken, 600);
    } finally {
      await rig.stop();
    }
  });
});
