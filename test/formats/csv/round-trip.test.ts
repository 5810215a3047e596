import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type CsvWriteOptions, readCsv, writeCsv } from '../../../formats/csv/index.js';
import { secondsOf, valuesOf } from '../../../formats/index.js';
import { later } from '../../../formats/moment.js';
import { rateBases, recordings, stampBases } from '../arbitraries.js';
import { near, one, refused } from '../support.js';

describe('CSV, written and read', () => {
  const options: fc.Arbitrary<CsvWriteOptions> = fc.constantFrom<CsvWriteOptions>(
    {},
    { separator: ';' },
    { separator: '\t', decimal: ',' },
    { decimal: ',' },
    { time: 'seconds' },
  );

  it('samples, times, names and units', () => {
    fc.assert(
      fc.property(fc.oneof(recordings(rateBases), recordings(stampBases)), options, (recording, choice) => {
        const kept = {
          ...recording,
          digital: [],
          analog: recording.analog.map((channel, i) => ({ ...channel, name: `${i} ${channel.name}` })),
        };
        const [first] = kept.analog;
        assert.ok(first);
        // a column without a value has no numbers to know it by
        fc.pre(kept.analog.every((channel) => !Number.isNaN(valuesOf(channel)[0])));
        fc.pre(!kept.analog.some(({ name, unit }) => unit === '' && /[([]|_/.test(name)));
        const read = one(
          readCsv(Buffer.concat([...writeCsv(kept, choice)]), 'a.csv', {
            ...(choice.separator !== undefined && { separator: choice.separator }),
          }),
        );
        const iso = kept.start !== undefined && choice.time !== 'seconds';
        const seconds = secondsOf(first.time).map((second, _, all) => second - (all[0] ?? 0));
        if (iso && kept.start !== undefined)
          assert.equal(read.start?.unixNs, later(kept.start, secondsOf(first.time)[0] ?? 0).unixNs);
        assert.equal(read.analog.length, kept.analog.length);
        for (const [i, channel] of kept.analog.entries()) {
          const found = read.analog[i];
          assert.ok(found);
          near(valuesOf(found), valuesOf(channel), 0);
          near(secondsOf(found.time), seconds, 1e-9);
          if (channel.unit !== '') assert.deepEqual([found.name, found.unit], [channel.name, channel.unit]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('refuses signs that cannot be told apart', () => {
    const [recording] = fc.sample(recordings(rateBases), 1);
    assert.ok(recording);
    for (const choice of [
      { separator: ',', decimal: ',' },
      { separator: '-' },
      { separator: '1' },
      { separator: '"' },
    ] as const) {
      refused(() => [...writeCsv(recording, choice)], /separator/);
    }
  });
});
