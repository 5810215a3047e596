import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pause, systemClock } from '../../common/clock.js';
import * as proto from '../../proto/index.js';
import { goldenFrame, goldenFrames, hasGolden, SHARED } from './golden.js';
import { type FakeBox, type FakeClient, type Rig, startRig, until } from './rig.js';

/** When the frames were captured, so that their windows are of the past on any machine's clock. */
const CAPTURED_MS = 1_795_315_800_000;

describe('acquisition broker: golden frames of existing programs', () => {
  let rig: Rig;
  let client: FakeClient;
  let box2: FakeBox;
  let box3: FakeBox;

  before(async function () {
    if (!hasGolden) {
      process.stderr.write('    golden frames are not here: skipped\n');
      this.skip();
    }
    const start = Date.now();
    const clock = { ...systemClock, now: () => CAPTURED_MS + Date.now() - start };
    rig = await startRig({ clock, boxes: [1001, 1002, 7, 8] });
    client = await rig.client();
    box2 = await rig.box(1001, 2);
    box3 = await rig.box(7, 3);
  });
  after(() => rig?.stop());
  afterEach(() => {
    for (const inbox of [client.heard, client.notices, box2.commands, box2.pings, box3.commands])
      inbox.clear();
  });

  /** Draws numbers until the next one is `number`. */
  const drawTo = async (number: number): Promise<void> => {
    while ((await client.number('')) < number - 1);
  };

  it('request_event: evnew, READ with the same fields, the events document', async () => {
    await client.send(goldenFrame('v2/request_event'));
    const number = await client.evnew();
    const read = await box2.read(number);
    const golden = proto.requestData.decode(goldenFrames('v2/read')[1] ?? Buffer.alloc(0));
    assert.deepEqual(read, { ...golden, sequenceNumber: number });
    const event = await rig.event(number);
    assert.equal(event.type, 'OTHER');
    assert.equal(event.percent_magnitude, 50);
    assert.equal(event.description, 'Test event');
    assert.deepEqual(event.boxes_triggered, ['1001', '1002']);
    assert.equal(event.target_event_start_timestamp_ms, 1_795_315_359_160);
  });

  it('evnew and READ are byte for byte those of existing programs, except the event id', async () => {
    await client.send(goldenFrame('v2/request_event'));
    const evnew = await client.heard.next();
    assert.deepEqual(evnew.slice(0, 1), goldenFrames('v2/evnew').slice(0, 1));
    const [goldenTopic, goldenRead] = goldenFrames('v2/read');
    const number = Number(evnew[1]?.toString());
    let [topic, read] = await box2.commands.next();
    // A command of the test before, sent again, may come first.
    while (read?.[3] !== number) [topic, read] = await box2.commands.next();
    assert.deepEqual(topic, goldenTopic);
    assert.ok(number < 128, 'one byte, as in the golden frame');
    const expected = Buffer.from(goldenRead ?? []);
    expected[3] = number;
    assert.deepEqual(read, expected);
  });

  it('request_event_makaiwriter, request_event_voltage_sag: without boxes, everybody is asked', async () => {
    for (const [name, type] of [
      ['v2/request_event_makaiwriter', 'OTHER'],
      ['v2/request_event_voltage_sag', 'VOLTAGE_SAG'],
    ] as const) {
      await client.send(goldenFrame(name));
      const event = await rig.event(await client.evnew());
      assert.equal(event.type, type);
      assert.deepEqual(event.boxes_triggered, ['7', '1001']);
      assert.equal((await box2.read(event.event_id)).sequenceNumber, event.event_id);
      assert.equal((await box3.command(event.event_id)).identity, `data_${event.event_id}_test-broker`);
      await box2.commands.next(); // the same Command
    }
  });

  it('request_event_no_data: an event, evnew, nothing to the boxes', async () => {
    await client.send(goldenFrame('v2/request_event_no_data'));
    const number = await client.evnew();
    assert.deepEqual((await rig.event(number)).boxes_triggered, ['1001', '1002']);
    await client.send(goldenFrame('v2/request_event'));
    const next = await client.evnew();
    let read = await box2.read();
    for (; read.sequenceNumber !== next; read = await box2.read())
      assert.notEqual(read.sequenceNumber, number);
  });

  it('request_data_read_from_client: an event as well', async () => {
    await client.send(goldenFrame('v2/request_data_read_from_client'));
    const number = await client.evnew();
    const { back, forward } = await box2.read(number);
    const event = await rig.event(number);
    assert.deepEqual([back, forward], [1_795_315_387_165, 1_795_315_388_165]);
    assert.deepEqual([event.target_event_start_timestamp_ms, event.type], [1_795_315_387_165, 'OTHER']);
  });

  it('resp_1s: 60 cycles stored, sample for sample the recording', async () => {
    await drawTo(42);
    await client.request({ startMs: 1_795_315_177_683, endMs: 1_795_315_178_683, boxIds: [1001] });
    assert.equal(await client.evnew(), 42);
    await box2.send(goldenFrames('v2/resp_1s'));
    const [document] = await rig.stored(42, 1);
    assert.equal(document?.window_timestamps_ms.length, 60);
    assert.equal(document?.event_start_timestamp_ms, 1_795_315_177_795);
    const stored = await rig.store.waveform('event_42_1001');
    assert.equal(stored?.length, 60 * 400);
    assert.ok(cyclesAreOf(stored, readFileSync(join(SHARED, 'opq-box/event_9354_1'))));
  });

  it('resp_100ms, resp_before_buffer, resp_no_window: cycles of another time, nothing is stored', async () => {
    const cases = [
      [43, 'v2/resp_100ms', 1_795_315_179_685, 1_795_315_179_785],
      [44, 'v2/resp_before_buffer', 1_795_307_986_686, 1_795_307_987_686],
      [45, 'v2/resp_no_cycles', 1_795_315_248_687, 1_795_315_249_687],
    ] as const;
    for (const [number, name, startMs, endMs] of cases) {
      await client.request({ startMs, endMs, boxIds: [1001] });
      assert.equal(await client.evnew(), number);
      const { replied, empty } = rig.broker.status().open;
      await box2.send(goldenFrames(name));
      await until(() => rig.broker.status().open.replied === replied + 1);
      assert.equal(rig.broker.status().open.empty, empty + 1, name);
      assert.deepEqual(await rig.store.boxEvents(number), []);
      assert.deepEqual((await rig.event(number)).boxes_received, []);
    }
    const other = rig.rejected('reply_to_nothing');
    await box2.send(goldenFrames('v2/resp_no_window'));
    await until(() => rig.rejected('reply_to_nothing') === other + 1);
  });

  it('pong, pong_to_box3_command, error: heard, counted', async () => {
    const before = rig.broker.status().replies;
    await box2.send([goldenFrame('v2/pong')]);
    await box2.send([goldenFrame('v2/pong_to_box3_command')]);
    await box2.send([goldenFrame('v2/error')]);
    await until(() => rig.rejected('error_from_box') === 1);
    assert.equal(rig.broker.status().replies.pong, (before.pong ?? 0) + 2);
  });

  it('client_command_*: to the box with a number of ours, the reply untouched to the identity', async () => {
    const cases = [
      ['v3/client_command_get_data', 'v3/command_get_data', 'v3/response_get_data'],
      ['v3/client_command_get_data_empty', 'v3/command_get_data_empty', 'v3/response_get_data_empty'],
      [
        'v3/client_command_set_measurement_rate',
        'v3/command_set_measurement_rate',
        'v3/response_set_measurement_rate',
      ],
      [
        'v3/client_command_send_command_to_plugin',
        'v3/command_send_command_to_plugin',
        'v3/response_command_to_plugin',
      ],
    ] as const;
    const events = rig.broker.status().event_ids.drawn;
    for (const [request, command, response] of cases) {
      await client.send(goldenFrame(request));
      const [topic, sent] = await box3.commands.next();
      const [goldenTopic, goldenCommand] = goldenFrames(command);
      assert.deepEqual(topic, goldenTopic);
      const decoded = proto.command.decode(sent ?? Buffer.alloc(0));
      assert.deepEqual(
        { ...decoded, seq: 0 },
        { ...proto.command.decode(goldenCommand ?? Buffer.alloc(0)), seq: 0 },
      );
      const [head, ...cycles] = goldenFrames(response);
      const reply = proto.response.encode({
        ...proto.response.decode(head ?? Buffer.alloc(0)),
        seq: decoded.seq,
      });
      await box3.send([reply, ...cycles]);
      const heard = await client.heard.next();
      assert.equal(heard[0]?.toString(), decoded.identity);
      assert.deepEqual(heard.slice(1), [Buffer.from(reply), ...cycles]);
    }
    assert.equal(rig.broker.status().event_ids.drawn, events, 'no event is made of them');
  });

  it('client_command_get_info: a Command without a reply here', async () => {
    await client.send(goldenFrame('v3/client_command_get_info'));
    const command = await box3.command();
    assert.deepEqual([command.identity, command.body], ['mauka_4711_7', { kind: 'info' }]);
  });

  it('client_command_triggering_service: an event, its waveform, the v3 notice', async () => {
    const box8 = await rig.box(8, 3);
    const [, message] = goldenFrames('v3/client_command_triggering_service');
    await client.send(message ?? Buffer.alloc(0));
    const number = await client.evnew();
    const command = await box8.command();
    assert.equal(command.identity, proto.command.decode(message ?? Buffer.alloc(0)).identity);
    const [, ...cycles] = goldenFrames('v3/response_get_data');
    // The golden reply's cycles are of another time: 119.076 s before this window.
    const moved = proto.decodeCycles3(cycles);
    const shift = 1_795_315_476_320 - (moved.timesMs[0] ?? 0);
    const waveform = { ...moved, timesMs: moved.timesMs.map((time) => time + shift) };
    await box8.answerData(command, waveform);
    const [document] = await rig.stored(number, 1);
    assert.equal(document?.window_timestamps_ms.length, 12);
    const notice = await client.notices.next();
    const golden = goldenFrames('v3/event_notice_v3');
    assert.equal(notice[0]?.toString(), golden[0]?.toString());
    assert.equal(notice[1]?.toString(), String(number));
    const event = await rig.event(number);
    assert.equal(event.description, 'Makai id e29e3a4a-5a7c-428c-b802-175c59af0f1b');
    assert.deepEqual(event.boxes_triggered, ['8']);
    // What is routed goes out when the reply comes, before it is stored.
    await pause(systemClock, 500);
    assert.equal(client.heard.length, 0, 'what is stored is not routed as well');
  });

  it('event_id_service: any text, also empty, also exit', async () => {
    const first = await client.number('');
    assert.equal(await client.number('exit'), first + 1);
    assert.equal(await client.number('x'.repeat(1000)), first + 2);
  });
});

/** Whether each cycle stored is one of the recording, which the captured box played in a loop. */
function cyclesAreOf(stored: Buffer | undefined, recording: Buffer): boolean {
  if (stored === undefined || stored.length === 0) return false;
  for (let at = 0; at < stored.length; at += 400) {
    if (recording.indexOf(stored.subarray(at, at + 400)) < 0) return false;
  }
  return true;
}
