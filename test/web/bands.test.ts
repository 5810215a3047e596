/** Waveforms as they are drawn: nothing is averaged away, gaps are gaps, and what is no waveform is refused. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { changeBetween, drawn, type Run, valueNear } from '../../web/logic/bands.js';
import { isFineEnough, partToLoad } from '../../web/logic/detail.js';
import { readWaveform, voltsExtent } from '../../web/logic/waveform.js';

const run = (startMs: number, values: number[], stepMs = 1): Run => ({
  startMs,
  stepMs,
  values: Float64Array.from(values),
});

describe('a waveform as it is drawn', () => {
  it('has every sample while there are fewer than two a pixel', () => {
    const result = drawn([run(0, [1, 2, 3, 4])], 0, 3, 100, 2);
    assert.equal(result.mode, 'samples');
    assert.deepEqual(result.times, [0, 1, 2, 3]);
    assert.deepEqual(result.min, [2, 4, 6, 8]);
    assert.equal(result.max, result.min);
  });

  it('has the lowest and highest of every column otherwise, each sample in one column', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 50, maxLength: 400 }),
        fc.integer({ min: 2, max: 20 }),
        (values, columns) => {
          const result = drawn([run(0, values)], 0, values.length, columns);
          assert.equal(result.mode, 'bands');
          assert.ok(result.times.length <= columns + 1);
          assert.equal(Math.min(...result.min.map(Number)), Math.min(...values));
          assert.equal(Math.max(...result.max.map(Number)), Math.max(...values));
          for (let i = 1; i < result.times.length; i += 1) {
            assert.ok((result.times[i] ?? 0) > (result.times[i - 1] ?? 0));
          }
        },
      ),
    );
  });

  it('keeps a spike of one sample among a million', () => {
    const values = new Int16Array(1_000_000);
    values[654_321] = 30_000;
    const result = drawn([{ startMs: 0, stepMs: 1 / 12, values }], 0, 1_000_000 / 12, 1000);
    assert.equal(Math.max(...result.max.map(Number)), 30_000);
    assert.ok(result.times.length <= 1001);
  });

  it('has a null between two runs', () => {
    for (const columns of [100, 2]) {
      const result = drawn([run(0, [1, 2, 3, 4]), run(10, [5, 6, 7, 8])], 0, 14, columns);
      const gap = result.min.indexOf(null);
      assert.ok(gap > 0 && (result.times[gap] ?? 0) > 3 && (result.times[gap] ?? 0) < 10, `${columns}`);
      assert.equal(result.max[gap], null);
    }
  });

  it('takes bands of the service with their own lowest and highest', () => {
    const bands: Run = {
      startMs: 0,
      stepMs: 10,
      values: Int16Array.from([-5, -9, -1]),
      max: Int16Array.from([5, 7, 8]),
    };
    const fine = drawn([bands], 0, 30, 100);
    assert.deepEqual(
      [fine.mode, fine.times, fine.min, fine.max],
      ['bands', [5, 15, 25], [-5, -9, -1], [5, 7, 8]],
    );
    const coarse = drawn([bands], 0, 30, 1);
    assert.deepEqual([coarse.min, coarse.max], [[-9], [8]]);
  });

  it('is empty outside of its time', () => {
    assert.deepEqual(drawn([run(0, [1, 2])], 100, 200, 50).times, []);
    assert.deepEqual(drawn([], 0, 1, 50).times, []);
  });

  it('has a value at a cursor, none in a gap', () => {
    const runs = [run(0, [1, 2, 3]), run(10, [4, 5])];
    assert.deepEqual(valueNear(runs, 1.4), { ms: 1, min: 2, max: 2 });
    assert.deepEqual(valueNear(runs, 10.6), { ms: 11, min: 5, max: 5 });
    assert.equal(valueNear(runs, 6), undefined);
    assert.equal(valueNear(runs, -3), undefined);
    assert.equal(changeBetween(valueNear(runs, 1), valueNear(runs, 10)), 2);
    assert.equal(changeBetween(valueNear(runs, 1), valueNear(runs, 6)), undefined);
  });

  it('has both ends of a band at a cursor, and no change from one band to another', () => {
    const bands: Run = {
      startMs: 0,
      stepMs: 10,
      values: Int16Array.from([-5, -9, -1]),
      max: Int16Array.from([5, 7, 8]),
    };
    const at = (ms: number) => valueNear([bands], ms);
    // a band covers the time from its start on
    assert.deepEqual(at(19.9), { ms: 10, min: -9, max: 7 });
    assert.deepEqual(at(29.9), { ms: 20, min: -1, max: 8 });
    assert.deepEqual([at(-0.1), at(30)], [undefined, undefined]);
    assert.equal(changeBetween(at(0), at(25)), undefined);
  });

  it('is loaded finer when its bands are wider than a pixel', () => {
    const bands = [run(0, [1, 2, 3], 10)];
    assert.ok(isFineEnough(bands, 'samples', { fromMs: 0, toMs: 1 }, 1000));
    assert.ok(isFineEnough(bands, 'bands', { fromMs: 0, toMs: 10_000 }, 1000));
    assert.ok(!isFineEnough(bands, 'bands', { fromMs: 0, toMs: 9000 }, 1000));
    assert.deepEqual(partToLoad({ fromMs: 10, toMs: 20 }), { fromMs: 0, toMs: 30 });
  });
});

/** A waveform as web-service/api/waveform.ts describes it, written by hand. */
function bytesOf(form: 0 | 1, values: number[], runs: [number, number, number, number][]): ArrayBuffer {
  const buffer = new ArrayBuffer(48 + runs.length * 24 + values.length * 2);
  const view = new DataView(buffer);
  for (const [i, letter] of [...'MKW1'].entries()) view.setUint8(i, letter.charCodeAt(0));
  view.setUint8(4, 1);
  view.setUint8(5, form);
  view.setFloat64(8, 150, true);
  view.setFloat64(16, 1_700_000_000_000, true);
  view.setFloat64(24, 1_700_000_001_000, true);
  view.setUint32(32, runs.length, true);
  view.setUint32(36, form === 1 ? values.length / 2 : values.length, true);
  view.setUint32(40, 12_000, true);
  view.setUint32(44, 12_000, true);
  runs.forEach(([startMs, stepMs, first, count], i) => {
    view.setFloat64(48 + i * 24, startMs, true);
    view.setFloat64(56 + i * 24, stepMs, true);
    view.setUint32(64 + i * 24, first, true);
    view.setUint32(68 + i * 24, count, true);
  });
  for (const [i, value] of values.entries()) view.setInt16(48 + runs.length * 24 + i * 2, value, true);
  return buffer;
}

describe('the binary waveform', () => {
  const origin = 1_700_000_000_000;

  it('is read with its runs, times from the origin on', () => {
    const wave = readWaveform(
      bytesOf(
        0,
        [1, -2, 3, 4],
        [
          [origin + 0.25, 0.5, 0, 3],
          [origin + 100, 0.5, 3, 1],
        ],
      ),
      origin,
    );
    assert.equal(wave.form, 'samples');
    assert.equal(wave.totalSamples, 12_000);
    assert.deepEqual(
      wave.runs.map((one) => [one.startMs, one.stepMs, [...one.values]]),
      [
        [0.25, 0.5, [1, -2, 3]],
        [100, 0.5, [4]],
      ],
    );
    assert.equal(wave.factor, 1 / 150);
    assert.deepEqual(voltsExtent(wave), { low: -2 / 150, high: 4 / 150 });
  });

  it('is read as bands: minima, then maxima', () => {
    const wave = readWaveform(bytesOf(1, [-1, -2, 3, 4], [[origin, 10, 0, 2]]), origin);
    assert.deepEqual(
      [[...(wave.runs[0]?.values ?? [])], [...(wave.runs[0]?.max ?? [])]],
      [
        [-1, -2],
        [3, 4],
      ],
    );
    assert.deepEqual(voltsExtent(wave), { low: -2 / 150, high: 4 / 150 });
  });

  it('is refused where it is none, is cut, or names what it does not hold', () => {
    const good = bytesOf(0, [1, 2, 3], [[origin, 0.5, 0, 3]]);
    assert.throws(() => readWaveform(new ArrayBuffer(10), 0), /no waveform/);
    assert.throws(
      () => readWaveform(new TextEncoder().encode(`{"title":"gone"}${' '.repeat(60)}`).buffer, 0),
      /no waveform/,
    );
    assert.throws(() => readWaveform(good.slice(0, -2), 0), /were announced/);
    assert.throws(() => readWaveform(bytesOf(0, [1, 2, 3], [[origin, 0.5, 1, 3]]), 0), /outside/);
  });

  it('is refused or read, whatever the bytes are', () => {
    const good = new Uint8Array(bytesOf(0, [1, 2, 3], [[origin, 0.5, 0, 3]]));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }), (changes) => {
        const bytes = good.slice();
        for (const [at, value] of changes) bytes[at] = value;
        try {
          readWaveform(bytes.buffer, origin);
        } catch (error) {
          assert.ok(error instanceof Error && /waveform|run/.test(error.message), String(error));
        }
      }),
    );
  });
});
