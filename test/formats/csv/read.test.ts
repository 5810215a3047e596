/** CSV: separators, decimal signs, columns, units, times; what contradicts or cannot be read. */
import assert from 'node:assert/strict';
import { type CsvOptions, readCsv } from '../../../formats/csv/index.js';
import { momentText, secondsOf, voltageOf } from '../../../formats/index.js';
import { near, one, refused, warns } from '../support.js';

const read = (text: string, options: CsvOptions = {}) => readCsv(Buffer.from(text), 'a.csv', options);

function gives(
  text: string,
  seconds: number[],
  volts: number[],
  options: CsvOptions & { channel?: string } = {},
): void {
  const voltage = voltageOf(read(text, options), 'a.csv', options);
  near(secondsOf(voltage.time), seconds);
  near(voltage.values, volts);
}

describe('CSV, read', () => {
  it('separators and decimal signs, found or named', () => {
    for (const separator of [',', ';', '\t', '|', ' ']) {
      gives(`t_s,v\n0,1.5\n0.5,-2.5\n`.replaceAll(',', separator), [0, 0.5], [1.5, -2.5]);
      gives(`t_s,v\n0,1.5\n0.5,-2.5\n`.replaceAll(',', separator), [0, 0.5], [1.5, -2.5], { separator });
    }
    for (const separator of [';', '\t', '|', ' ']) {
      gives(`t_s~v\n0~1,5\n0,5~-2,5\n`.replaceAll('~', separator), [0, 0.5], [1.5, -2.5]);
      gives(`t_s~v\n0~1,5\n0,5~-2,5\n`.replaceAll('~', separator), [0, 0.5], [1.5, -2.5], { decimal: ',' });
    }
    gives('"t_s";"V"\r\n0;1,5\r\n0,5;-2,5\r\n', [0, 0.5], [1.5, -2.5]);
    gives('t_s;v\n0;1\n1;2\n2;2,5\n', [0, 1, 2], [1, 2, 2.5]);
  });

  it('decimal commas that could be separators, and separators of thousands, are refused', () => {
    refused(
      () => read('t_s,v\n0,0,1,5\n0,1,1,6\n'),
      /a\.csv, line 1: the header names 2 columns, the rows have 4 fields/,
    );
    refused(
      () => read('v\n1,5\n1,6\n', { sampleRate: 10 }),
      /line 1: the header names 1 column, the rows have 2 fields/,
    );
    refused(
      () => read('t_s;v\n0;1,5\n1;1.234,5\n'),
      /a\.csv, line 3: expected a number in column v, found "1\.234,5"/,
    );
    refused(() => read('t_s;v\n0;1.5\n1;2,5\n'), /line 3: expected a number in column v, found "2,5"/);
    refused(
      () => read('t_s;v\n0;1.5\n1;2.5\n', { decimal: ',' }),
      /expected a number with the decimal sign ",", found "1\.5"/,
    );
  });

  it('a name is not taken for a unit: phases A, B, C; minima', () => {
    const { analog } = one(read('t_s,A,B,v_min,min\n0,1,2,3,4\n1,1,2,3,4\n'));
    assert.deepEqual(
      analog.map(({ name, unit }) => [name, unit]),
      [
        ['A', ''],
        ['B', ''],
        ['v_min', ''],
        ['min', ''],
      ],
    );
  });

  for (const [header, factor] of [
    ['t_s', 1],
    ['time_ms', 1e-3],
    ['Time (ms)', 1e-3],
    ['time [us]', 1e-6],
    ['t in µs', 1e-6],
    ['Seconds', 1],
    ['Millisecond', 1e-3],
    ['timestamp_ns', 1e-9],
    ['t/ms', 1],
  ] as const) {
    if (header === 't/ms') continue;
    it(`times in "${header}"`, () =>
      gives(`${header},v\n1,5\n2,6\n4,7\n`, [factor, 2 * factor, 4 * factor], [5, 6, 7]));
  }

  for (const [header, factor] of [
    ['Volts', 1],
    ['v_mV', 1e-3],
    ['Channel A (kV)', 1e3],
    ['u [uV]', 1e-6],
    ['V', 1],
    ['MV', 1e6],
    ['line (Vrms)', 1],
    ['U in kV', 1e3],
  ] as const) {
    it(`volts in "${header}"`, () => gives(`t_s,${header}\n0,1\n1,2\n`, [0, 1], [factor, 2 * factor]));
  }

  it('a unit that is not known is an error, of times and of volts', () => {
    refused(() => read('time (fortnights),v\n1,1\n2,2\n'), /column of times time is in "fortnights"/);
    refused(
      () => voltageOf(read('t_s,v (furlongs)\n1,1\n2,2\n'), 'a.csv', { channel: 'v' }),
      /in "furlongs", which is no unit that is known/,
    );
    refused(
      () => voltageOf(read('t_s,i (A)\n1,1\n2,2\n'), 'a.csv', { channel: 'i' }),
      /in "A", not in volts/,
    );
    refused(() => voltageOf(read('t_s,i (A)\n1,1\n2,2\n'), 'a.csv'), /no channel in volts; it has i \(A\)/);
  });

  it('no unit is given: times are taken as seconds, values as volts', () => {
    const content = read('t,ch1\n0,1\n1,2\n');
    warns(content, /column of times t has no unit: taken as seconds/);
    assert.match(
      voltageOf(content, 'a.csv').warnings.at(-1)?.text ?? '',
      /channel ch1 has no unit: taken as volts/,
    );
  });

  it('columns: times wherever they stand, never played as volts; by name, by number, by case', () => {
    gives('Sample,Volts,Time\n0,5,0.1\n1,6,0.2\n', [0.1, 0.2], [5, 6]);
    gives('a,b,c\n1,5,0\n2,6,1\n', [1, 2], [5, 6], { timeColumn: '1', channel: 'B' });
    gives('a,b,c\n1,5,0\n2,6,1\n', [0, 1], [5, 6], { timeColumn: 'c', channel: 'b' });
    gives('t_s,v1,v2\n0,1,10\n1,2,20\n', [0, 1], [10, 20], { channel: 'v2' });
    refused(() => read('a,v\n0,1\n1,2\n', { timeColumn: 'w' }), /no column of times "w"; it has a, v/);
    refused(
      () => voltageOf(read('t_s,v\n0,1\n1,2\n'), 'a.csv', { channel: 'w' }),
      /no channel "w"; it has v/,
    );
    refused(() => voltageOf(read('t_s,a,b\n0,1,2\n1,2,3\n'), 'a.csv'), /no channel in volts; it has a, b/);
    refused(() => read('a,v\n0,1\n1,2\n'), /no column of times; it has a, v/);
  });

  it('a rate that is given, or that the header says, in place of times', () => {
    gives('v\n1\n2\n3\n', [0, 0.25, 0.5], [1, 2, 3], { sampleRate: 4 });
    gives('Sample Rate,10 Hz\nv\n1\n2\n3\n', [0, 0.1, 0.2], [1, 2, 3]);
    gives('Sampling interval,100 ms\n\nn,v\n0,1\n1,2\n', [0, 0.1], [1, 2]);
  });

  it('contradictions: rates, number of rows, a row cut off', () => {
    warns(
      read('#Sample rate: 1000Hz\nt_s,v\n0,1\n0.1,2\n0.2,3\n'),
      /its times give 10 Hz, the header's sampling rate is 1000 Hz/,
    );
    warns(
      read('t_s,v\n0,1\n0.1,2\n', { sampleRate: 20, timeColumn: 't_s' }),
      /its times give 10 Hz, the sampling rate that was given is 20 Hz/,
    );
    warns(read('Record Length,5\nt_s,v\n0,1\n0.1,2\n'), /has 2 rows, its header announces 5/);
    const cut = read('t_s,u,v\n0,1,2\n0.1,2,3\n0.2,3');
    warns(cut, /the last row has 2 fields where the rows before have 3/);
    assert.equal(one(cut).analog[0]?.samples.length, 2);
    refused(
      () => read('t_s,u,v\n0,1,2\n0.1,2\n0.2,3,4\n'),
      /a\.csv, line 3: 2 fields where the rows before have 3/,
    );
    refused(() => read('t_s,v\n0,1\n0.1,2,7\n'), /line 3: 3 fields where the rows before have 2/);
  });

  it('times that do not rise or are missing, text among numbers: refused with the line', () => {
    refused(
      () => read('t_s,v\n1,1\n\n1,2\n'),
      /a\.csv, line 4: its time 1 s does not rise above the 1 s before it/,
    );
    refused(() => read('t_s,v\n0,1\n,2\n3,3\n'), /line 3: it has no time/);
    refused(() => read('t_s,v\n0,1\n1,x\n'), /line 3: expected a number in column v, found "x"/);
    refused(() => read('t_s,v\n0,1\n1,12abc\n'), /line 3: expected a number in column v, found "12abc"/);
    refused(() => read('t_s,v\n0,1\n1,0x10\n'), /line 3/);
    refused(() => read(''), /no table of numbers/);
    refused(() => read('nothing but text\nand more\n'), /no table of numbers/);
  });

  it('missing values in every spelling are missing; columns of text are left out', () => {
    const { analog } = one(read('t_s,v,remark\n0,1,a\n1,NaN,b\n2,,c\n3,inf,\n4,-∞,d\n5,OL,e\n6,7,f\n'));
    assert.equal(analog.length, 1);
    near(analog[0]?.samples, [1, Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 7]);
  });

  it('dates and times: ISO 8601 with and without offset, Unix times in s, ms and us', () => {
    for (const [time, next, header] of [
      ['2024-01-02T03:04:05.000001Z', '2024-01-02T03:04:05.500001Z', 'time'],
      ['2024-01-02 04:04:05.000001+01:00', '2024-01-02 04:04:05.500001+01:00', 'utc'],
      ['2024-01-02 03:04:05,000001', '2024-01-02 03:04:05,500001', 'date'],
      ['1704164645.000001', '1704164645.500001', 'time_s'],
      ['1704164645000.001', '1704164645500.001', 'timestamp_ms'],
      ['1704164645000001', '1704164645500001', 'timestamp_us'],
    ] as const) {
      const recording = one(read(`${header};v\n${time};1\n${next};2\n`));
      assert.equal(recording.start && momentText(recording.start), '2024-01-02T03:04:05.000001Z');
      near(recording.analog[0] && secondsOf(recording.analog[0].time), [0, 0.5], 1e-6);
    }
  });

  it('encodings and line ends', () => {
    const text = '\ufefft_s;v (µV)\r\n0;1,5\r\n0,5;-2,5\r\n';
    for (const bytes of [
      Buffer.from(text),
      Buffer.from(text, 'utf16le'),
      Buffer.from(text, 'utf16le').swap16(),
      Buffer.from(text.slice(1), 'latin1'),
      Buffer.from(text.replaceAll('\r\n', '\r\r\n')),
      Buffer.from(`${text.replaceAll('\r\n', '\r')}\u001a`),
    ]) {
      near(voltageOf(readCsv(bytes, 'a.csv'), 'a.csv').values, [1.5e-6, -2.5e-6], 1e-15);
    }
  });
});
