import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { EventRequest } from '../../plugins/sdk/plugin.js';
import { RequestMerger } from '../../triggering-service/requests/request-merger.js';
import { ManualClock } from '../acquisition-broker/manual-clock.js';

const MERGE_MS = 500;

function request(
  startMs: number,
  endMs: number,
  boxIds: number[],
  more: Partial<EventRequest> = {},
): EventRequest {
  const triggerType = 'VOLTAGE_SAG' as const;
  const description = `p: sag on box ${boxIds.join()}`;
  return {
    startMs,
    endMs,
    boxIds,
    triggerType,
    percentMagnitude: 10,
    description,
    requestData: true,
    ...more,
  };
}

function given(mergeMs = MERGE_MS) {
  const clock = new ManualClock();
  const sent: EventRequest[] = [];
  const merger = new RequestMerger({ mergeMs, clock, send: (one) => void sent.push(one) });
  const brief = () => sent.map(({ boxIds, endMs, startMs }) => [startMs, endMs, boxIds]);
  return { brief, clock, merger, sent };
}

describe('triggering-service: requests of several boxes', () => {
  it('for overlapping windows within the time are one, with the largest deviation and its words', () => {
    const { clock, merger, sent } = given();
    merger.add(request(1000, 2000, [1], { familyStartMs: 1000 }), 'p');
    clock.advance(400);
    merger.add(request(1900, 2500, [2], { percentMagnitude: 30, familyStartMs: 1900 }), 'p');
    merger.add(request(2400, 2600, [3, 1]), 'p');
    clock.advance(99);
    assert.deepEqual(
      sent,
      [],
      'the first one waits for half a second, and no longer for those that come late',
    );
    clock.advance(1);
    assert.deepEqual(sent, [
      request(1000, 2600, [1, 2, 3], {
        ...{ percentMagnitude: 30, familyStartMs: 1000 },
        description: 'p: sag on box 2 (the largest of 3 boxes, found within 500 ms)',
      }),
    ]);
    assert.equal(merger.merged, 2);
    assert.equal(clock.timers, 0);
  });

  it('one box alone is asked in its own words', () => {
    const { clock, merger, sent } = given();
    merger.add(request(1000, 2000, [7]), 'p');
    clock.advance(MERGE_MS);
    assert.deepEqual(sent, [request(1000, 2000, [7])]);
  });

  it('other windows, types and plugins stay events of their own', () => {
    const { brief, clock, merger } = given();
    merger.add(request(1000, 2000, [1]), 'p');
    merger.add(request(2000, 3000, [2]), 'p');
    merger.add(request(1000, 2000, [3], { triggerType: 'VOLTAGE_SWELL' }), 'p');
    merger.add(request(1000, 2000, [4]), 'q');
    merger.add(request(1000, 2000, [5], { requestData: false }), 'p');
    clock.advance(MERGE_MS);
    assert.deepEqual(brief(), [
      [1000, 2000, [1]],
      [2000, 3000, [2]],
      [1000, 2000, [3]],
      [1000, 2000, [4]],
      [1000, 2000, [5]],
    ]);
  });

  it('what is urgent, and everything with 0, goes immediately and alone', () => {
    const { brief, clock, merger } = given();
    merger.add(request(1000, 2000, [1]), 'p');
    merger.add(request(1000, 2000, [2], { urgent: true }), 'p');
    assert.deepEqual(brief(), [[1000, 2000, [2]]]);
    clock.advance(MERGE_MS);
    const off = given(0);
    off.merger.add(request(1000, 2000, [1]), 'p');
    off.merger.add(request(1000, 2000, [2]), 'p');
    assert.deepEqual([off.sent.length, off.clock.timers, off.merger.merged], [2, 0, 0]);
  });

  it('later windows of a deviation name the event that its first one went into', () => {
    const { clock, merger, sent } = given();
    for (const box of [1, 2])
      merger.add(request(1000 + box, 2000, [box], { familyStartMs: 1000 + box }), 'p');
    clock.advance(MERGE_MS);
    merger.add(request(600_000, 601_000, [2], { familyStartMs: 1002 }), 'p');
    merger.add(request(700_000, 701_000, [3], { familyStartMs: 1002 }), 'p');
    merger.flush();
    assert.deepEqual(
      sent.map(({ familyStartMs }) => familyStartMs),
      [1001, 1001, 1002],
    );
  });

  it('whatever comes, each window of each box is asked for, and nothing waits longer than it should', () => {
    const one = fc.record({
      afterMs: fc.nat(400),
      startMs: fc.nat(3000),
      lengthMs: fc.integer({ min: 1, max: 1500 }),
      box: fc.nat(5),
      plugin: fc.constantFrom('p', 'q'),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 30 }), (all) => {
        const { clock, merger, sent } = given();
        for (const { afterMs, box, lengthMs, plugin, startMs } of all) {
          clock.advance(afterMs);
          merger.add(request(startMs, startMs + lengthMs, [box]), plugin);
        }
        clock.advance(MERGE_MS);
        assert.equal(sent.length + merger.merged, all.length);
        for (const { box, lengthMs, startMs } of all) {
          const asked = sent.some(
            (request) =>
              request.boxIds.includes(box) &&
              request.startMs <= startMs &&
              request.endMs >= startMs + lengthMs,
          );
          assert.ok(asked);
        }
      }),
    );
  });
});
