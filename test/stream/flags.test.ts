import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createColumns, FLAG_INTERRUPTION, FLAG_SAG, FLAG_SWELL } from '../../proto/columns.js';
import { References } from '../../store/reference.js';
import { FLAG_LIMITS, Flagger } from '../../stream/flags.js';

const START = 1_780_000_000_000;

type Volts = number | [min: number, average: number, max: number];

/** One box, one measurement after another. */
class Rig {
  readonly references: References;
  readonly flagger: Flagger;
  readonly #columns = createColumns(1);

  constructor(voltage = 120, frequency = 60) {
    this.references = new References({ voltage, frequency });
    this.flagger = new Flagger(this.references);
  }

  judge(seconds: number, volts: Volts, boxId = 7, slot = 0): number {
    const [min, average, max] = typeof volts === 'number' ? [volts, volts, volts] : volts;
    const { rms } = this.#columns;
    this.#columns.boxId[0] = boxId;
    this.#columns.timestampMs[0] = START + Math.round(1000 * seconds);
    rms.min[0] = min;
    rms.average[0] = average;
    rms.max[0] = max;
    this.flagger.judge(this.#columns, 0, slot);
    return this.#columns.flags[0] ?? 0;
  }

  /** Measurements a second apart. */
  all(volts: readonly Volts[], from = 0): number[] {
    return volts.map((one, i) => this.judge(from + i, one));
  }
}

describe('stream: flags of measurements', () => {
  it('are those of the limits of the standard, at their edges', () => {
    const flags = (volts: Volts) => new Rig().judge(0, volts);
    assert.equal(flags(120), 0);
    assert.equal(flags(108), 0);
    assert.equal(flags(107.9), FLAG_SAG);
    assert.equal(flags(132), 0);
    assert.equal(flags(132.1), FLAG_SWELL);
    assert.equal(flags(12), FLAG_SAG);
    assert.equal(flags(11.9), FLAG_INTERRUPTION);
    assert.equal(flags(0), FLAG_INTERRUPTION);
  });

  it('a single cycle of a Box 3 decides, in both directions', () => {
    const flags = (volts: Volts) => new Rig().judge(0, volts);
    assert.equal(flags([70, 119, 121]), FLAG_SAG);
    assert.equal(flags([5, 118, 121]), FLAG_INTERRUPTION);
    assert.equal(flags([119, 120, 150]), FLAG_SWELL);
    assert.equal(flags([70, 118, 150]), FLAG_SAG | FLAG_SWELL);
  });

  it('the measurement after a deviation is flagged too, the one after that is not', () => {
    assert.deepEqual(new Rig().all([120, 80, 120, 120]), [0, FLAG_SAG, FLAG_SAG, 0]);
    assert.deepEqual(new Rig().all([120, 0, 60, 120, 120]), [0, FLAG_INTERRUPTION, FLAG_SAG, FLAG_SAG, 0]);
    const gap = new Rig();
    gap.judge(0, 80);
    assert.equal(gap.judge(100, 120), 0, 'not when they lie more than a minute apart');
  });

  it('ends with the hysteresis', () => {
    assert.deepEqual(new Rig().all([107, 109, 110.3, 110.5, 120]), [
      FLAG_SAG,
      FLAG_SAG,
      FLAG_SAG,
      FLAG_SAG,
      0,
    ]);
    assert.deepEqual(new Rig().all([133, 130, 129.5, 129.5]), [FLAG_SWELL, FLAG_SWELL, FLAG_SWELL, 0]);
  });

  it('a sag or swell is flagged for a minute; an interruption for as long as it lasts, and what follows it too', () => {
    const rig = new Rig();
    const sag = rig.all(new Array<number>(90).fill(100));
    assert.deepEqual(
      [sag.slice(0, 60), sag.slice(60)],
      [new Array<number>(60).fill(FLAG_SAG), new Array<number>(30).fill(0)],
    );
    assert.equal(rig.judge(90, 120), 0, 'after a long deviation nothing follows');
    const gone = rig.all(new Array<number>(200).fill(1), 100);
    assert.ok(gone.every((flags) => flags === FLAG_INTERRUPTION));
    assert.deepEqual(rig.all([60, 120, 120], 300), [FLAG_SAG, FLAG_SAG, 0]);
  });

  it('a site with a wrong reference is judged again after a minute', () => {
    const flags = new Rig().all(new Array<number>(120).fill(230));
    assert.deepEqual([...new Set(flags.slice(60))], [0]);
  });

  it('without a voltage nothing is flagged, and what there was goes on', () => {
    assert.deepEqual(new Rig().all([0, Number.NaN, 0, 120, 120]), [
      FLAG_INTERRUPTION,
      0,
      FLAG_INTERRUPTION,
      FLAG_INTERRUPTION,
      0,
    ]);
  });

  it('a clock that steps back begins a new deviation', () => {
    const rig = new Rig();
    rig.all(new Array<number>(100).fill(100));
    assert.equal(rig.judge(-3600, 100), FLAG_SAG);
  });

  it('goes by the reference of the box, also when it changes, and a slot that gets another box begins again', () => {
    const rig = new Rig();
    assert.equal(rig.judge(0, 120), 0);
    rig.references.update({ sources: [{ from: 'makai_config', boxes: [[7, { voltage: 230 }]] }] });
    assert.equal(rig.judge(1, 120), FLAG_SAG);
    rig.flagger.forget(0);
    assert.equal(rig.judge(2, 120, 8), 0);
    assert.equal(rig.judge(3, 120, 7, 5000), FLAG_SAG, 'a slot far beyond the others');
  });

  it('at 50 Hz the ripple of a Box 3 is no sag: its average and the lifted minimum count', () => {
    const flags = (volts: Volts) => new Rig(230, 50).judge(0, volts);
    assert.equal(flags([192, 220, 232]), 0);
    assert.equal(flags([188, 220, 232]), FLAG_SAG);
    assert.equal(flags(206), FLAG_SAG, 'the averages of a Box 2 have no ripple');
    assert.equal(new Rig(230, 60).judge(0, [192, 220, 232]), FLAG_SAG);
  });

  it('is that of a plain model, whatever the voltages', () => {
    const volts = fc.array(
      fc.oneof(fc.constantFrom(0, 60, 100, 120, 140), fc.double({ min: 0, max: 300, noNaN: true })),
      {
        maxLength: 150,
      },
    );
    fc.assert(
      fc.property(volts, (values) => {
        const flags = new Rig().all(values);
        values.forEach((value, i) => {
          const flag = flags[i] ?? 0;
          if (value < 12) assert.equal(flag, FLAG_INTERRUPTION);
          if (value >= 110.4 && value <= 129.6 && (flags[i - 1] ?? 0) === 0) assert.equal(flag, 0);
          if (flag === FLAG_SAG) assert.ok(value < 110.4 || (flags[i - 1] ?? 0) !== 0);
        });
      }),
    );
    assert.equal(FLAG_LIMITS.longMs, 60_000);
  });
});
