import assert from 'node:assert/strict';
import { BoxClocks } from '../../analysis-service/clocks/box-clocks.js';
import { measurement, triggerMessage } from '../../proto/index.js';

const NOW = 1_795_315_200_000;
const RMS = { rms: { min: 120, max: 120, average: 120 } };

const box3 = (boxId: number, timestampMs: number) => measurement.encode({ boxId, timestampMs, metrics: RMS });
const box2 = (id: number, time: number) => triggerMessage.encode({ id, time, frequency: 60, rms: 120 });

function given(most?: number) {
  let ms = 0;
  let setBy = 0;
  const clocks = new BoxClocks({ now: () => NOW + setBy + ms, monotonic: () => ms }, most);
  return {
    clocks,
    now: () => NOW + setBy + ms,
    setClock: (byMs: number) => {
      setBy += byMs;
    },
    /** Seconds of a box's stream. @param offsetMs time in a message less our time when it arrives, by message */
    hear: (
      boxId: string,
      seconds: number,
      offsetMs: (message: number) => number,
      encode: (id: number, ms: number) => Uint8Array = box3,
    ) => {
      for (let message = 0; message < 2 * seconds; message += 1) {
        ms += 500;
        clocks.heard(boxId, encode(Number(boxId), NOW + setBy + ms + offsetMs(message)));
      }
    },
  };
}

describe('analysis-service: clocks of boxes', () => {
  it('a clock that may be right is right, whatever the generation adds to the age of a measurement', () => {
    const { clocks, hear, now } = given();
    hear('1', 40, (i) => -(i % 5) * 10);
    hear('2', 40, (i) => -180 - (i % 5) * 10, box2);
    hear('3', 40, (i) => -350 - (i % 5) * 10, box2);
    for (const boxId of ['1', '2', '3', '4'])
      assert.equal(clocks.of(boxId, { boxMs: now() }), undefined, `box ${boxId}`);
  });

  it('a clock that is off is known within what the way of a measurement takes', () => {
    const { clocks, hear, now } = given();
    for (const [boxId, errorMs, ageMs, encode] of [
      ['1', 5000, 20, box3],
      ['2', -5000, 20, box3],
      ['3', 700, 200, box2],
      ['4', -36_000_000, 300, box2],
    ] as const) {
      hear(boxId, 40, (i) => errorMs - ageMs - (i % 4) * 10, encode);
      const found = clocks.of(boxId, { boxMs: now() + errorMs });
      assert.ok(found, `box ${boxId}`);
      assert.ok(Math.abs(found.offsetMs - errorMs) <= found.uncertaintyMs, `box ${boxId}: ${found.offsetMs}`);
      assert.ok(found.uncertaintyMs < 200, `box ${boxId}: ± ${found.uncertaintyMs}`);
      assert.deepEqual(clocks.of(boxId, { ourMs: now() }), found);
    }
  });

  it('says nothing after few samples, of a long time ago, of a clock that was just set or a queue that is delivered late', () => {
    const { clocks, hear, now } = given();
    hear('1', 12, () => 5000);
    assert.equal(clocks.of('1', { ourMs: now() }), undefined);
    hear('1', 12, () => 5000);
    assert.ok(clocks.of('1', { ourMs: now() }));
    assert.equal(clocks.of('1', { ourMs: now() - 700_000 }), undefined);
    assert.ok(clocks.of('1', { ourMs: now() - 500_000 }));
    hear('1', 16, () => 0);
    assert.equal(clocks.of('1', { ourMs: now() }), undefined);
    hear('1', 40, () => 0);
    assert.equal(clocks.of('1', { ourMs: now() }), undefined);
    hear('2', 60, (i) => -60_000 + i * 400);
    assert.equal(clocks.of('2', { ourMs: now() }), undefined);
  });

  it('what was measured before the clock of this machine was set is forgotten', () => {
    const { clocks, hear, now, setClock } = given();
    hear('1', 40, () => 5000);
    setClock(5000);
    hear('1', 4, () => 0);
    assert.equal(clocks.of('1', { ourMs: now() }), undefined);
    hear('1', 40, () => 0);
    assert.equal(clocks.of('1', { ourMs: now() }), undefined);
    // What follows is measured by the clock as it is now.
    hear('1', 40, () => -3000);
    assert.ok(clocks.of('1', { ourMs: now() }));
  });

  it('a message that is no measurement of the box counts for nothing; of invented ids those heard first are forgotten', () => {
    const { clocks, hear, now } = given(3);
    hear(
      '1',
      40,
      () => 5000,
      (_, ms) => box3(2, ms),
    );
    hear(
      '1',
      40,
      () => 5000,
      () => Buffer.from('ffffffffffffff', 'hex'),
    );
    hear(
      '1',
      40,
      () => 5000,
      () => new Uint8Array(),
    );
    assert.equal(clocks.of('1', { ourMs: now() }), undefined);
    hear('1', 40, () => 5000);
    assert.ok(clocks.of('1', { ourMs: now() }));
    for (const invented of ['7', '8', '9']) hear(invented, 40, () => 5000);
    assert.equal(clocks.of('1', { ourMs: now() }), undefined);
    assert.ok(clocks.of('9', { ourMs: now() }));
  });
});
