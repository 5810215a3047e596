import assert from 'node:assert/strict';
import fc from 'fast-check';
import { WaveformCsv } from '../../../formats/export/waveform-csv.js';
import { sampleRuns } from '../../../signal/index.js';
import { boxEvent, counts } from '../../store/contract/given.js';

describe('formats/export: waveforms as CSV', () => {
  const text = (...args: Parameters<WaveformCsv['rows']>): string =>
    Buffer.concat([...new WaveformCsv().rows(...args)]).toString();

  it('has event, box, time in ms with microseconds, counts and volts with six decimals', () => {
    const document = {
      ...boxEvent(7, '1001', 0),
      window_timestamps_ms: [1_700_000_000_016, 1_700_000_000_033],
    };
    const rows = text(document, Int16Array.of(-32768, 1525, 0, 7), 152.5).split('\n');
    assert.deepEqual(rows, [
      '7,1001,1700000000015.917,-32768,-214.872131',
      '7,1001,1700000000016.000,1525,10.000000',
      '7,1001,1700000000032.917,0,0.000000',
      '7,1001,1700000000033.000,7,0.045902',
      '',
    ]);
  });

  it('any waveform gives the rows that the obvious way gives', () => {
    const starts = fc.integer({ min: 100, max: 4e12 });
    const constants = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(starts, fc.int16Array({ maxLength: 700 }), constants, (start, samples, constant) => {
        const document = boxEvent(12, '4294967295', start, Math.ceil(samples.length / 200));
        const expected: string[] = [];
        for (const run of sampleRuns(document.window_timestamps_ms, samples.length, start)) {
          for (let j = 0; j < run.count; j += 1) {
            const value = samples[run.first + j] ?? 0;
            const time = run.startMs + j * run.stepMs;
            expected.push(`12,4294967295,${time},${value},${(value / constant).toFixed(6)}`);
          }
        }
        const rows = text(document, samples, constant).split('\n');
        assert.equal(rows.pop(), '');
        assert.equal(rows.length, expected.length);
        for (const [i, row] of rows.entries()) {
          const [found, wanted] = [row.split(','), expected[i]?.split(',') ?? []];
          // The last decimal of the time may be rounded the other way.
          assert.ok(Math.abs(Number(found[2]) - Number(wanted[2])) < 0.0012, `${row} for ${expected[i]}`);
          assert.match(found[2] ?? '', /^\d+\.\d{3}$/);
          assert.deepEqual(found.toSpliced(2, 1), wanted.toSpliced(2, 1));
        }
      }),
    );
  });

  it('long waveforms come in chunks, with every row whole and times rising over seconds', () => {
    const samples = counts(60_000);
    const document = boxEvent(1, '1', 1_700_000_000_000, 300);
    const chunks = [...new WaveformCsv().rows(document, samples, 1)];
    assert.ok(chunks.length > 5 && chunks.every((chunk) => chunk.at(-1) === 10));
    const rows = Buffer.concat(chunks).toString().trimEnd().split('\n');
    assert.equal(rows.length, 60_000);
    const times = rows.map((row) => Number(row.split(',')[2]));
    for (let i = 1; i < times.length; i += 1) {
      const step = (times[i] ?? 0) - (times[i - 1] ?? 0);
      assert.ok(step > 0.08 && step < 0.087, `step ${step} at ${i}`);
    }
  });
});
