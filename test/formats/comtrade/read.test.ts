/** COMTRADE: each revision and data format, from recordings made here by the standard's layout. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readCff, readComtrade } from '../../../formats/comtrade/index.js';
import { momentText, readRecording, secondsOf, valuesOf, voltageOf } from '../../../formats/index.js';
import { near, one, refused, warns } from '../support.js';
import { ASCII, configLines, type Made, parts, records, VOLTS } from './made.js';

const volts = (made: Made, options = {}) => voltageOf(readComtrade(parts(made)), 'made.cfg', options).values;

describe('COMTRADE, read', () => {
  for (const [what, made] of [
    [
      '1991 ASCII',
      {
        year: '',
        tail: [],
        start: '02/01/24,00:00:00.000000',
        trigger: '02/01/24,00:00:00.000100',
        channels: ['1,VA,A,line,kV,0.001,0.5,0,0,999', '2,IA,A,line,A,2,0,0,0,999'],
      },
    ],
    [
      '1991 binary',
      {
        year: '',
        tail: [],
        start: '02/01/24,00:00:00.000000',
        trigger: '02/01/24,00:00:00.000100',
        format: 'BINARY',
        data: records('BINARY'),
      },
    ],
    ['1999 ASCII', {}],
    ['1999 ASCII with an empty time column', { data: ASCII.replace(/^(\d),\d+/gm, '$1,') }],
    ['1999 binary', { format: 'binary', data: records('BINARY') }],
    ['2013 binary', { year: '2013', format: 'BINARY', tail: ['1', '0,0', 'B,0'], data: records('BINARY') }],
    ['2013 BINARY32', { year: '2013', format: 'BINARY32', data: records('BINARY32') }],
    ['2013 FLOAT32', { year: '2013', format: 'FLOAT32', data: records('FLOAT32') }],
  ] as [string, Made][]) {
    it(`${what}: names, units, volts, times, digital channels, start`, () => {
      const content = readComtrade(parts(made));
      if (what !== '1991 ASCII') warns(content);
      const recording = one(content);
      assert.equal(recording.station, 'station');
      assert.equal(recording.device, 'device');
      assert.equal(recording.nominalFrequencyHz, 60);
      assert.equal(recording.start && momentText(recording.start, 9), '2024-02-01T00:00:00.000000000Z');
      assert.equal(recording.trigger && momentText(recording.trigger), '2024-02-01T00:00:00.000100Z');
      const [va, ia] = recording.analog;
      assert.ok(va && ia);
      assert.deepEqual([va.name, va.phase, va.component, va.unit], ['VA', 'A', 'line', 'kV']);
      near(
        valuesOf(va),
        VOLTS.map((v) => v / 1000),
      );
      near(valuesOf(ia), [14, 14, 14, 14]);
      near(secondsOf(va.time), [0, 1 / 4800, 2 / 4800, 3 / 4800]);
      const [trip] = recording.digital;
      assert.deepEqual([trip?.name, trip?.normal, [...(trip?.states ?? [])]], ['trip', 0, [0, 0, 1, 0]]);
      near(voltageOf(content, 'made.cfg').values, VOLTS);
    });
  }

  it('a CFF of 2013, with ASCII and with binary data, its sections in any order', () => {
    for (const [format, data, header] of [
      ['ASCII', Buffer.from(ASCII), 'DAT ASCII'],
      ['BINARY', records('BINARY'), `DAT BINARY: ${records('BINARY').length}`],
      ['FLOAT32', records('FLOAT32'), `DAT FLOAT32: ${records('FLOAT32').length}`],
    ] as const) {
      const cfg = Buffer.from(
        `--- file type: CFG ---\r\n${configLines({ year: '2013', format }).join('\r\n')}\r\n`,
      );
      const notes = Buffer.from('--- file type: INF ---\r\n\r\n--- file type: HDR ---\r\nhello\r\n');
      const dat = Buffer.concat([Buffer.from(`--- file type: ${header} ---\r\n`), data]);
      for (const order of [[cfg, notes, dat], ...(format === 'ASCII' ? [] : [[dat, notes, cfg]])]) {
        const content = readCff(Buffer.concat(order), 'made.cff');
        warns(content);
        near(voltageOf(content, 'made.cff').values, VOLTS);
        assert.equal(one(content).metadata.hdr, 'hello');
      }
    }
  });

  it('files on the disk: any of them may be named, in upper or lower case, and as the content says', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'comtrade-'));
    try {
      writeFileSync(path.join(folder, 'a.CFG'), configLines({ format: 'BINARY' }).join('\r\n'));
      writeFileSync(path.join(folder, 'a.dat'), records('BINARY'));
      writeFileSync(path.join(folder, 'a.HDR'), 'from the relay');
      for (const name of ['a.CFG', 'a.dat', 'a.HDR']) {
        const content = readRecording(path.join(folder, name));
        near(voltageOf(content, name).values, VOLTS);
        assert.equal(one(content).metadata.hdr, 'from the relay');
      }
      writeFileSync(path.join(folder, 'alone.cfg'), configLines().join('\r\n'));
      refused(() => readRecording(path.join(folder, 'alone.cfg')), /no alone\.dat beside it/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('turns primary volts into secondary ones, and leaves them where they are that', () => {
    near(
      volts({}, { side: 'secondary' }),
      VOLTS.map((v) => v / 120),
    );
    near(volts({}, { side: 'primary' }), VOLTS);
  });

  it('takes the first channel in volts, or one by its name or number; refuses one that is not there or not in volts', () => {
    near(volts({}, { channel: 'va' }), VOLTS);
    near(volts({}, { channel: '1' }), VOLTS);
    refused(() => volts({}, { channel: 'VB' }), /no channel "VB"; it has VA \(kV\), IA \(A\)/);
    refused(() => volts({}, { channel: 'IA' }), /channel IA is in "A", not in volts/);
  });

  it('several rates: a section each', () => {
    const { analog } = one(
      readComtrade(parts({ rates: ['4800,2', '600,4'], data: ASCII.replace('625', '1875') })),
    );
    assert.deepEqual(analog[0]?.time, {
      kind: 'rates',
      startS: 0,
      sections: [
        { count: 2, rateHz: 4800 },
        { count: 2, rateHz: 600 },
      ],
    });
    near(analog[0] && secondsOf(analog[0].time), [0, 1 / 4800, 1 / 4800 + 1 / 600, 1 / 4800 + 2 / 600]);
  });

  it('without a rate: times from the time column and its multiplier; nanoseconds where 2013 says so', () => {
    const times = (made: Made) =>
      secondsOf(
        one(readComtrade(parts(made))).analog[0]?.time ?? {
          kind: 'timestamps',
          seconds: new Float64Array(0),
        },
      );
    near(times({ rates: ['0,4'], tail: ['10'] }), [0, 0.00208, 0.00417, 0.00625]);
    const start = '01/02/2024,00:00:00.000000000';
    near(times({ year: '2013', rates: ['0,4'], start }), [0, 208e-9, 417e-9, 625e-9]);
    near(times({ rates: ['0,4'], rateCount: '1' }), [0, 0.000208, 0.000417, 0.000625]);
  });

  it('time codes, time quality and leap second of 2013', () => {
    const { start } = one(readComtrade(parts({ year: '2013', tail: ['1', '-10h30,+5h30', '7,2'] })));
    assert.deepEqual(start, {
      unixNs: BigInt(Date.UTC(2024, 1, 1, 10, 30)) * 1_000_000n,
      zone: 'known',
      utcOffsetMin: 330,
      uncertaintyNs: 1_000_000n,
      leapSecond: 2,
    });
    const unknown = one(readComtrade(parts({ year: '2013', tail: ['1', 'x,x', '0,0'] }))).start;
    assert.equal(unknown?.zone, 'unknown');
  });

  it('skew is kept', () => {
    const { analog } = one(
      readComtrade(
        parts({
          channels: [
            '1,VA,A,line,kV,0.001,0.5,12.5,-32767,32767,14400,120,P',
            '2,IA,A,line,A,2,0,0,-32767,32767,1,1,S',
          ],
        }),
      ),
    );
    near([analog[0]?.skewS ?? 0], [12.5e-6], 1e-15);
  });

  it('missing samples, as each revision writes them', () => {
    const gap = (row: string, mark: string) =>
      `1,0,100,7,0\n2,208,${mark},7,0\n${row},417,300,7,1\n4,625,400,7,0\n`;
    const at = (made: Made) => valuesOf(one(readComtrade(parts(made))).analog[0] ?? assert.fail())[1] ?? 0;
    assert.ok(Number.isNaN(at({ year: '', tail: [], data: gap('3', '999999') })));
    assert.ok(Number.isNaN(at({ data: gap('3', '99999') })));
    assert.ok(Number.isNaN(at({ data: gap('3', '') })));
    assert.ok(Number.isNaN(at({ year: '2013', data: gap('3', '') })));
    // 1991 and a channel of 2013 that goes so far may have the number itself
    near([at({ year: '', tail: [], data: gap('3', '99999') })], [100.499]);
    near(
      [
        at({
          year: '2013',
          channels: [
            '1,VA,A,line,kV,0.001,0.5,0,-999999,999999,1,1,P',
            '2,IA,A,line,A,2,0,0,-32767,32767,1,1,S',
          ],
          data: gap('3', '99999'),
        }),
      ],
      [100.499],
    );
    for (const [format, mark] of [
      ['BINARY', -0x8000],
      ['BINARY32', -0x8000_0000],
      ['FLOAT32', Number.NaN],
    ] as const) {
      const made = { year: '2013', format, data: records(format, [mark, 300, 0, 0]) };
      const content = readComtrade(parts(made));
      assert.ok(Number.isNaN(valuesOf(one(content).analog[0] ?? assert.fail())[0]), format);
      const filled = voltageOf(content, 'x');
      near(filled.values, [800, 800, 500, 500]);
      assert.equal(filled.missing, 1);
      assert.match(filled.warnings.at(-1)?.text ?? '', /1 of 4 samples of VA are missing/);
    }
    refused(() => volts({ rates: ['4800,1'], data: '1,0,99999,7,0\n' }), /channel VA has no sample/);
  });
});
