import assert from 'node:assert/strict';
import { silentBoxes } from '../../store/boxes.js';
import type { EventDocument } from '../../store/documents.js';
import { withinOneDay } from '../support/one-day.js';
import { bytesOf, cyclesBetween, type FakeClient, type Rig, startRig, until } from './rig.js';

describe('acquisition broker: an event of both generations', () => {
  let rig: Rig;
  let client: FakeClient;
  const endMs = (): number => Date.now() - 1000;

  before(async () => {
    rig = await startRig();
    client = await rig.client();
  });
  after(() => rig.stop());

  it('numbers, stores, announces, asks in both dialects, stores what comes, announces the first waveform', async () => {
    const box2 = await rig.box(1001, 2);
    const box3 = await rig.box(7, 3);
    await rig.store.putBox({ box_id: '7', calibration_constant: 1, unplugged: false, location: 'test-lab' });
    const end = endMs();
    const window = { startMs: end - 1000, endMs: end };
    await client.request({
      ...window,
      boxIds: [1001, 7],
      triggerType: 'VOLTAGE_SAG',
      percentMagnitude: 12.5,
      description: 'a sag',
    });
    const number = await client.evnew();

    const read = await box2.read();
    assert.deepEqual(read, {
      type: 'READ',
      sequenceNumber: number,
      time: Math.floor((window.startMs + window.endMs) / 2),
      back: window.startMs,
      forward: window.endMs,
    });
    const [topic] = await box2.commands.next(); // A Box 2 hears the Commands too.
    assert.equal(topic?.toString(), '7');
    const command = await box3.command();
    assert.ok(command.seq > 5);
    assert.equal(command.identity, `data_${number}_test-broker`);
    assert.deepEqual(command.body, { kind: 'data', ...window, wait: false });

    const before = Date.now();
    const cycles2 = cyclesBetween(window.startMs + 20, window.endMs + 140);
    const cycles3 = cyclesBetween(window.startMs + 1, window.endMs);
    await box2.answerRead(read, cycles2);
    const [text, noticed] = await client.notices.next();
    await box3.answerData(command, cycles3);
    const stored = await rig.stored(number, 2);

    assert.deepEqual([text?.toString(), noticed?.toString()], ['test-broker', String(number)]);
    const event = await rig.event(number);
    assert.equal(event.type, 'VOLTAGE_SAG');
    assert.equal(event.percent_magnitude, 12.5);
    assert.equal(event.description, 'a sag');
    assert.deepEqual(event.boxes_triggered, ['1001', '7']);
    assert.deepEqual(event.boxes_received, ['1001', '7']);
    assert.equal(event.target_event_start_timestamp_ms, window.startMs);
    assert.equal(event.target_event_end_timestamp_ms, window.endMs);
    assert.equal(event.latencies_ms?.length, 2);
    for (const ms of event.latencies_ms ?? []) assert.ok(ms >= before && ms <= Date.now());
    const byBox = new Map(stored.map((document) => [document.box_id, document]));
    for (const [id, cycles] of [
      ['1001', cycles2],
      ['7', cycles3],
    ] as const) {
      const document = byBox.get(id);
      assert.deepEqual(document?.window_timestamps_ms, cycles.timesMs);
      assert.equal(document?.event_start_timestamp_ms, cycles.timesMs[0]);
      assert.equal(document?.event_end_timestamp_ms, (cycles.timesMs.at(-1) ?? 0) + 16);
      assert.equal(document?.data_fs_filename, `event_${number}_${id}`);
      assert.ok((await rig.store.waveform(`event_${number}_${id}`))?.equals(bytesOf(cycles.samples)));
    }
    assert.equal(byBox.get('7')?.location, 'test-lab');
    assert.equal(byBox.get('1001')?.location, 'unknown');
    assert.equal(client.notices.length, 0);
    await until(() => rig.broker.status().open.requests === 0);
    await until(async () => (await rig.store.openRequests()).length === 0);
    box2.close();
    box3.close();
    await until(() => rig.broker.status().boxes.box2?.connections === 0);
    await until(() => rig.broker.status().boxes.box3?.ids.length === 0);
  });
});

describe('acquisition broker: an event whose boxes are not all asked', () => {
  let rig: Rig;
  let client: FakeClient;
  const budget = { waveform_mb_per_box: 1, waveform_mb_in_all: 3 };

  beforeEach(async () => {
    await withinOneDay(10_000);
    rig = await startRig({ boxes: [7, 8], config: { limits: budget } });
    client = await rig.client();
  });
  afterEach(() => rig.stop());

  /** @returns the event as it is stored */
  async function eventOf(seconds: number, more: object): Promise<EventDocument> {
    const endMs = Date.now() - 1000;
    await client.request({ startMs: endMs - 1000 * seconds, endMs, boxIds: [7], ...more });
    return await rig.event(await client.evnew());
  }

  it('says when none was: by its request, or because the budget of the day is used up', async () => {
    assert.equal((await eventOf(1, { requestData: false })).request_data, false);
    assert.equal((await eventOf(1, {})).request_data, undefined);
    // A minute takes 1.44 MB.
    const { boxes_refused, description, request_data } = await eventOf(60, {});
    assert.equal(request_data, false);
    assert.deepEqual(boxes_refused, [{ reason: 'waveform_budget_of_box', boxes: ['7'] }]);
    assert.match(description, / \(waveforms not asked for: the budget of the day is used up\)$/);
  });

  it('says which boxes were refused and why; those are not silent, and only their own budget is a finding', async () => {
    await eventOf(30, {});
    const event = await eventOf(20, { boxIds: [7, 8] });
    assert.equal(event.request_data, undefined);
    assert.deepEqual(event.boxes_refused, [{ reason: 'waveform_budget_of_box', boxes: ['7'] }]);
    assert.deepEqual(silentBoxes(event), ['8']);
    assert.match(event.description, / \(waveforms of 7 not asked for: the budget of the day is used up\)$/);
    const { box_health, open, waveform_budget } = rig.broker.status();
    assert.deepEqual(
      waveform_budget.boxes.map(({ box_id, refused }) => [box_id, refused]),
      [['7', 1]],
    );
    assert.deepEqual(
      box_health.worst.map(({ box_id, findings }) => [box_id, findings]),
      [['7', 'WAVEFORM_BUDGET']],
    );
    assert.equal(box_health.worst[0]?.info, 'its budget of 1 MB is used up until midnight UTC');
    assert.equal(open.boxes, 2, 'box 7 is asked for the first event, box 8 for the second');
  });

  it('the budget of all: refused with that reason, and no finding of a box', async () => {
    for (const boxId of [1, 2, 3]) await eventOf(40, { boxIds: [boxId] });
    const event = await eventOf(40, { boxIds: [8] });
    assert.deepEqual(event.boxes_refused, [{ reason: 'waveform_budget_of_all', boxes: ['8'] }]);
    assert.match(event.description, /: the budget of the day of all boxes is used up\)$/);
    assert.equal(rig.broker.status().box_health.boxes, 0);
  });

  it('Commands of one token that come together do not pass the budget together', async () => {
    const endMs = Date.now() - 1000;
    const command = (rest: string) => ({
      ...{ boxId: 7, identity: `data_token_${rest}`, timestampMs: endMs, seq: 1 },
      body: { kind: 'data' as const, startMs: endMs - 30_000, endMs, wait: false },
    });
    await client.command(command('one'));
    await client.command(command('two'));
    await until(() => rig.broker.status().requests.received === 2);
    const { requests, waveform_budget } = rig.broker.status();
    assert.equal(waveform_budget.refused.waveform_budget_of_box, 1);
    assert.equal(requests.tokens, 1);
    // A minute takes 1.44 MB.
    const body = { ...command('').body, startMs: endMs - 60_000 };
    await client.command({ ...command(''), identity: 'data_other_rest', body });
    await until(() => rig.rejected('waveform_budget_of_box') === 2);
    assert.equal(rig.broker.status().requests.tokens, 1, 'what is refused takes no token');
  });
});

describe('acquisition broker: Commands of more tokens than it takes', () => {
  it('leave nothing reserved', async () => {
    const rig = await startRig({ boxes: [7], config: { limits: { open_requests: 1 } } });
    try {
      const client = await rig.client();
      const box = await rig.box(7, 3);
      const endMs = Date.now() - 1000;
      const body = { kind: 'data' as const, startMs: endMs - 100, endMs, wait: false };
      await client.command({ boxId: 7, identity: 'data_a_rest', body });
      await box.answerData(await box.command(), cyclesBetween(body.startMs, endMs));
      await until(() => rig.broker.status().open.requests === 0);
      await client.command({ boxId: 7, identity: 'data_b_rest', body });
      await until(() => rig.rejected('too_many_tokens') === 1);
      assert.equal(rig.broker.status().waveform_budget.reserved_bytes, 0);
    } finally {
      await rig.stop();
    }
  });
});
