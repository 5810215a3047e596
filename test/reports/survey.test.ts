import assert from 'node:assert/strict';
import fc from 'fast-check';
import { sendersIn } from '../../cli/commands/survey.js';
import { surveyWindows } from '../../cli/survey/collect.js';
import { surveyText } from '../../cli/survey/text.js';
import { joinParts, stepOfCounts, type WaveformPart } from '../../reports/survey/join.js';
import { survey } from '../../reports/survey/survey.js';
import { runs } from '../support/property.js';

const START = 1_780_000_000_000;
const RATE = 12_000;
const CALIBRATION = 150;
const REFERENCE = { voltage: 120, frequency: 60 };

/** Cycles `from` to `to - 1` of a waveform that is the same at each call; timestamps with a jitter of up to 3 ms. */
function part(from: number, to: number, volts = wave): WaveformPart {
  return {
    timestampsMs: Array.from({ length: to - from }, (_, i) => {
      const cycle = from + i;
      return START + Math.floor(((cycle + 1) * 1000) / 60) + ((cycle * 7919) % 4);
    }),
    samples: Int16Array.from({ length: 200 * (to - from) }, (_, i) =>
      Math.round(CALIBRATION * volts((200 * from + i) / RATE)),
    ),
  };
}

/** 120 V with 5 % of the third and 2 % of the seventh harmonic. */
function wave(t: number): number {
  const w = 2 * Math.PI * 60 * t;
  return 120 * Math.SQRT2 * (Math.sin(w) + 0.05 * Math.sin(3 * w + 1) + 0.02 * Math.sin(7 * w));
}

const surveyOf = (parts: readonly WaveformPart[]) =>
  survey(joinParts(parts), { boxId: '7', calibration: CALIBRATION, reference: REFERENCE });

describe('reports/survey: joining', () => {
  it('overlapping windows in any order are one waveform, each cycle once', () => {
    const whole = part(0, 120);
    const cuts = fc.array(fc.tuple(fc.integer({ min: 0, max: 119 }), fc.integer({ min: 1, max: 40 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(cuts, (pairs) => {
        const parts = pairs.map(([from, length]) => part(from, Math.min(120, from + length)));
        const has = (cycle: number) => pairs.some(([from, length]) => cycle >= from && cycle < from + length);
        const cycles = Array.from({ length: 120 }, (_, i) => i).filter(has);
        const joined = joinParts(parts);
        assert.deepEqual(
          joined.timestampsMs,
          cycles.map((i) => whole.timestampsMs[i]),
        );
        const expected = cycles.flatMap((i) => [...whole.samples.subarray(200 * i, 200 * i + 200)]);
        assert.deepEqual([...joined.samples], expected);
      }),
      { numRuns: runs(60) },
    );
  });

  it('nothing, and windows without samples, join to nothing', () => {
    assert.equal(joinParts([]).samples.length, 0);
    const empty = { timestampsMs: [], samples: new Int16Array() };
    assert.equal(
      joinParts([empty, { timestampsMs: [START], samples: new Int16Array() }]).timestampsMs.length,
      0,
    );
  });

  it('the step of the converter is the usual distance between values', () => {
    const ramp = (step: number) => Int16Array.from({ length: 100 }, (_, i) => step * (i - 50));
    assert.deepEqual(
      [1, 4, 256].map((step) => stepOfCounts(ramp(step))),
      [1, 4, 256],
    );
    assert.deepEqual(
      [[], [3], [3, 9], [3, 9, 12], [-32_768, 32_767]].map((list) => stepOfCounts(Int16Array.from(list))),
      [0, 0, 6, 3, 65_535],
    );
    const oneFault = Int16Array.from({ length: 3_000_000 }, (_, i) => (i === 9 ? 5 : 256 * ((i % 100) - 50)));
    assert.equal(stepOfCounts(oneFault), 256);
  });
});

describe('reports/survey: values', () => {
  it('RMS, frequency, THD and orders of a waveform that is known', () => {
    const found = surveyOf([part(0, 700), part(600, 1300)]);
    assert.equal(found.gaps.length, 0);
    assert.ok(Math.abs(found.measured_s - 1300 / 60) < 0.001);
    const rms = 120 * Math.sqrt(1 + 0.05 ** 2 + 0.02 ** 2);
    for (const value of [found.rms?.min, found.rms?.median, found.half_cycle_rms?.max])
      assert.ok(Math.abs((value ?? 0) - rms) < 0.02, `${value} V`);
    assert.ok(Math.abs((found.frequency?.median ?? 0) - 60) < 0.001);
    assert.ok(Math.abs((found.thd?.p95 ?? 0) - 100 * Math.hypot(0.05, 0.02)) < 0.02);
    const order = (h: number) => found.harmonics.find((one) => one.order === h)?.mean ?? 0;
    assert.ok(Math.abs(order(3) - 5) < 0.01 && Math.abs(order(7) - 2) < 0.01 && order(5) < 0.02);
    assert.ok(found.interharmonics.every(({ p95 }) => p95 < 0.05));
    assert.deepEqual(found.resolution, {
      step_v: 1 / CALIBRATION,
      percent: 100 / (CALIBRATION * 120),
      reliable: true,
    });
    assert.deepEqual(found.pst, []);
    assert.match(found.pst_missing ?? '', /630 s without a gap/);
    const text = surveyText(found);
    assert.match(text, /no gap/);
    assert.match(text, /Pst: none/);
  });

  it('a missing window is a gap, named with its time; what is there is measured', () => {
    const found = surveyOf([part(0, 300), part(600, 1000)]);
    assert.equal(found.gaps.length, 1);
    assert.ok(Math.abs((found.gaps[0]?.seconds ?? 0) - 5) < 0.01);
    assert.ok(Math.abs(found.longest_s - 400 / 60) < 0.001);
    assert.match(surveyText(found), /1 gaps?, 5\.0\d s in all/);
  });

  it('eight bits are not reliable', () => {
    const coarse = part(0, 300);
    const found = surveyOf([
      { ...coarse, samples: coarse.samples.map((count) => 256 * Math.round(count / 256)) },
    ]);
    assert.equal(found.resolution.reliable, false);
    assert.equal(found.resolution.step_v, 256 / CALIBRATION);
    assert.match(surveyText(found), /NOT RELIABLE/);
  });

  it('noise, a dead input and a single cycle give no values and say so', () => {
    const silent = surveyOf([part(0, 100, () => 0)]);
    assert.equal(silent.rms, undefined);
    assert.match(surveyText(silent), /no grid voltage/);
    assert.deepEqual(surveyOf([part(0, 1)]).harmonics, []);
    assert.equal(surveyOf([]).measured_s, 0);
  });
});

describe('cli: survey', () => {
  it('windows overlap, reach to the end and are no longer than the broker takes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7000 }),
        fc.integer({ min: 3000, max: 60_000 }),
        (seconds, longest) => {
          const windows = surveyWindows(START, seconds, longest);
          assert.equal(windows[0]?.startMs, START);
          assert.equal(windows.at(-1)?.endMs, START + 1000 * seconds);
          windows.forEach(({ endMs, startMs }, i) => {
            assert.ok(endMs > startMs && endMs - startMs <= Math.min(20_000, longest));
            const next = windows[i + 1];
            if (next !== undefined) assert.ok(endMs - next.startMs >= 1000, 'no overlap');
          });
        },
      ),
      { numRuns: runs(200) },
    );
  });

  it('a READ makes every Box 2 send; a Box 3 alone; what the broker does not know is not known', () => {
    const details = { boxes: { box2: { ids: ['1001', '1002'] }, box3: { ids: ['7', '8'] } } };
    assert.deepEqual(sendersIn(details, '1002'), ['1001', '1002']);
    assert.deepEqual(sendersIn(details, '7'), ['7']);
    assert.deepEqual(
      [sendersIn(details, '9'), sendersIn({}, '7'), sendersIn(null, '7')],
      [undefined, undefined, undefined],
    );
  });
});
