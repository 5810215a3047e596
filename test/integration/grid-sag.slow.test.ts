/** A sag of the whole grid at a thousand boxes in one batch: one event of all of them, or with `merge_ms` 0 one for each, and nothing is refused. */
import assert from 'node:assert/strict';
import { type Rig, startRig } from '../acquisition-broker/rig.js';
import { ServiceRig, until } from '../triggering-service/rig.js';

const BOXES = 1000;
const FIRST = 1000;
const STEP_MS = 1000;

describe('a sag of the whole grid', function () {
  this.timeout(400_000);
  let broker: Rig;
  let service: ServiceRig;
  beforeEach(async () => {
    broker = await startRig({ boxes: [1] });
    service = new ServiceRig();
  });
  afterEach(async () => {
    await service.end();
    await broker.stop();
  });

  /** Measurements of all boxes: normal, a sag, normal again. The last ones end the sag, so `threshold` requests it. */
  async function sag(): Promise<void> {
    const start = Date.now() - 10 * STEP_MS;
    for (const [i, rms] of [120, 90, 120].entries()) {
      const metrics = { rms: { min: rms, max: rms, average: rms } };
      for (let n = 0; n < BOXES; n++) await service.send3(FIRST + n, start + i * STEP_MS, metrics);
    }
  }

  it('is one event of a thousand boxes', async () => {
    const client = await broker.client();
    await service.start({
      zmq_acquisition_endpoint: broker.broker.endpoints.backend_pull,
      // Longer than a busy machine takes for the batch.
      merge_ms: 10_000,
      plugins: [{ path: 'threshold' }],
    });
    await until(() => service.service.status().plugins[0]?.state === 'running');
    await sag();
    const event = await broker.event(await client.evnew());
    assert.equal(event.boxes_triggered.length, BOXES);
    assert.match(event.description, /^threshold: voltage sag to 90\.00 V .*\(the largest of 1000 boxes/);
    const { dropped, requests } = service.service.status();
    assert.deepEqual([dropped, requests], [{}, { data: 1, log: 0, merged: BOXES - 1, waiting: 0 }]);
    assert.deepEqual(broker.broker.status().dropped, {});
  });

  it("a client's own request for an overlapping window stays an event of its own", async () => {
    const client = await broker.client();
    await service.start({
      zmq_acquisition_endpoint: broker.broker.endpoints.backend_pull,
      merge_ms: 10_000,
      plugins: [{ path: 'threshold' }],
    });
    await until(() => service.service.status().plugins[0]?.state === 'running');
    // One before the plugins' requests leave, one while they wait to be merged.
    // Long enough for a busy machine: the sag lies in it.
    const windowNow = () => ({ startMs: Date.now() - 55 * STEP_MS, endMs: Date.now(), requestData: false });
    const boxes = [FIRST, FIRST + 1, FIRST + 2];
    await client.request({ ...windowNow(), boxIds: boxes, description: 'of a client, before' });
    const first = await broker.event(await client.evnew());
    await sag();
    await client.request({ ...windowNow(), boxIds: boxes, description: 'of a client, meanwhile' });
    // Which of the two comes first is not what this is about.
    const both = [await broker.event(await client.evnew()), await broker.event(await client.evnew())];
    const [second, third] = both.sort((a, b) => a.boxes_triggered.length - b.boxes_triggered.length);
    assert.ok(second !== undefined && third !== undefined);
    const asked = boxes.map(String);
    for (const [event, when] of [
      [first, 'before'],
      [second, 'meanwhile'],
    ] as const) {
      assert.deepEqual(event.boxes_triggered.toSorted(), asked);
      assert.equal(event.description, `of a client, ${when}`);
    }
    assert.equal(third.boxes_triggered.length, BOXES);
    assert.ok(asked.every((box) => third.boxes_triggered.includes(box)));
    assert.ok(third.target_event_start_timestamp_ms < second.target_event_end_timestamp_ms);
    assert.ok(third.target_event_end_timestamp_ms > second.target_event_start_timestamp_ms);
    assert.match(third.description, /^threshold: voltage sag .*\(the largest of 1000 boxes/);
    const { requests } = service.service.status();
    assert.deepEqual([requests.data, requests.merged], [1, BOXES - 1]);
  });

  it('with merge_ms 0 gives each of a thousand boxes its event, none refused', async () => {
    // Receives the commands to all boxes, as every Box 2 does.
    const listener = await broker.box(1, 2);
    const client = await broker.client();
    await service.start({
      zmq_acquisition_endpoint: broker.broker.endpoints.backend_pull,
      identity: 'the-service',
      merge_ms: 0,
      plugins: [{ path: 'threshold' }],
    });
    await until(() => service.service.status().plugins[0]?.state === 'running');
    await sag();
    const numbers = new Set<number>();
    while (numbers.size < BOXES) numbers.add(await client.evnew());
    const asked = new Set<number>();
    while (asked.size < BOXES) {
      const [topic] = await listener.commands.next();
      if (topic?.toString() !== 'evget') asked.add(Number(topic?.toString()));
    }
    const { dropped: droppedByBroker, requests } = broker.broker.status();
    assert.deepEqual([droppedByBroker, requests.taken], [{}, BOXES]);
    const { dropped, plugins, requests: sent } = service.service.status();
    assert.deepEqual(dropped, {});
    assert.deepEqual([sent.data, sent.waiting], [BOXES, 0]);
    assert.equal(plugins[0]?.dropped_requests, 0);
    const events = await Promise.all([...numbers].map((number) => broker.event(number)));
    const boxes = events.map(({ boxes_triggered }) => boxes_triggered.join());
    assert.equal(new Set(boxes).size, BOXES, 'each box has an event of its own');
  });
});
