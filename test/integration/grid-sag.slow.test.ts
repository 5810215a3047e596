/** A sag of the whole grid at a thousand boxes in one batch: with default settings each box gets its event, and nothing is refused. */
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

  it('gives each of a thousand boxes its event, none refused', async () => {
    // Receives the commands to all boxes, as every Box 2 does.
    const listener = await broker.box(1, 2);
    const client = await broker.client();
    await service.start({
      zmq_acquisition_endpoint: broker.broker.endpoints.backend_pull,
      identity: 'the-service',
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
