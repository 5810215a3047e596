/** Daemons as processes over CURVE and four boxes: one sag at three of them is one event, and the fourth, a Box 2 that nobody asked, has no waveform stored. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseScenario, scenarioSource } from '../../box/index.js';
import type { EventDocument, Store } from '../../store/store.js';
import { givenLine, type LineCase } from './line.js';

const CALM = { white_percent: 0, voltage_wander_percent: 0, frequency_wander_hz: 0 };
const QUIET_BOX = 3;

/** Boxes 1, 2 and 4 see the sag, each a little deeper than the one before; box 3 is undisturbed. */
const sagAtThree: LineCase = {
  title: 'a sag at three boxes of four',
  available: true,
  boxes: { 1: 2, 2: 2, 3: 2, 4: 3 },
  source: (id) =>
    scenarioSource(
      parseScenario({
        name: 'sag',
        duration_s: 8,
        grid: { harmonics: [], noise: CALM },
        events:
          id === QUIET_BOX
            ? []
            : // Boxes start one after the other: long enough to overlap all the same.
              [{ type: 'sag', at_s: 0.8, duration_s: 6, to_pu: 0.85 - 0.05 * id, edge_s: 0 }],
      }),
    ),
  minimum: { 1: 96, 4: 78 },
  // A busy machine is slow.
  settings: { 'triggering-service': { plugins: [{ path: 'threshold' }], merge_ms: 10_000 } },
};

async function events(store: Store): Promise<EventDocument[]> {
  const found: EventDocument[] = [];
  for await (const event of store.events()) found.push(event);
  return found;
}

describe('one sag at several boxes, with the daemons as processes', function () {
  this.timeout(400_000);
  const line = givenLine(sagAtThree);

  it('is one event with the waveforms of the boxes that were asked', async () => {
    const { deaths, store } = line();
    const isWhole = ({ boxes_received: received, boxes_triggered: triggered }: EventDocument) =>
      triggered.length === received.length;
    let found: EventDocument[] = [];
    do {
      await sleep(250);
      found = await events(store);
    } while (!(found.length > 0 && found.every(isWhole)));
    // What a Box 2 sends unasked would be there by now or soon.
    await sleep(5000);
    found = await events(store);
    const boxes = found.flatMap(({ boxes_triggered: triggered }) => triggered).toSorted();
    assert.deepEqual(boxes, ['1', '2', '4'], 'each box in one event');
    for (const { event_id: eventId, boxes_received: received, boxes_triggered: triggered } of found) {
      assert.deepEqual(received.toSorted(), triggered.toSorted());
      const stored = (await store.boxEvents(eventId)).map(({ box_id: boxId }) => boxId);
      assert.deepEqual(stored.toSorted(), triggered.toSorted());
    }
    assert.equal(found.length, 1);
    assert.match(
      found[0]?.description ?? '',
      /voltage sag to .* on box 4 \(the largest of 3 boxes, found within 10000 ms\)/,
    );
    assert.deepEqual(deaths, []);
  });
});
