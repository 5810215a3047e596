/** COMTRADE: each revision and data format, from files made here by the standard's layout, and the real recordings. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openSources } from '../../../box/index.js';
import { readComtrade } from '../../../box/sources/comtrade/index.js';
import { MakaiError } from '../../../common/errors.js';
import { cycleRms, halfCycleRms, rms } from '../../../signal/index.js';
import { hasShared, SHARED } from '../support.js';

describe('COMTRADE recordings', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'comtrade-'));
  });

  after(() => rmSync(folder, { recursive: true }));

  interface Made {
    name?: string;
    year?: string;
    format?: string;
    rates?: string[];
    /** lines after the format */
    tail?: string[];
    start?: string;
    channels?: string[];
    data: string | Buffer;
  }

  /** Two analog channels, one digital. */
  function configText({
    year = '1999',
    format = 'ASCII',
    rates = ['4800,4'],
    tail = ['1'],
    start,
    channels,
  }: Made): string {
    return [
      year === '' ? 'station,device' : `station,device,${year}`,
      '3,2A,1D',
      ...(channels ?? [
        '1,VA,A,line,kV,0.001,0.5,0,-32767,32767,14400,120,P',
        '2,IA,A,line,A,2,0,0,-32767,32767,1,1,S',
      ]),
      year === '' ? '1,trip,0' : '1,trip,,,0',
      '60',
      String(rates.filter((line) => !line.startsWith('0')).length),
      ...rates,
      start ?? '01/02/2024,00:00:00.000000',
      '01/02/2024,00:00:00.000100',
      format,
      ...tail,
    ].join('\r\n');
  }

  function make(made: Made): string {
    const file = path.join(folder, `${made.name ?? 'made'}.CFG`);
    writeFileSync(file, configText(made));
    writeFileSync(path.join(folder, `${made.name ?? 'made'}.dat`), made.data);
    return file;
  }

  const ascii = '1,0,100,7,0\r\n2,208,-200,7,0\r\n3,417,300,7,1\r\n4,625,0,7,0\r\n\u001a';
  const record = (values: (buffer: Buffer, at: number, x: number) => void, width: number): Buffer =>
    Buffer.concat(
      [100, -200, 300, 0].map((x, i) => {
        const buffer = Buffer.alloc(8 + 2 * width + 2);
        buffer.writeUInt32LE(i + 1, 0);
        buffer.writeUInt32LE(Math.round((i * 1e6) / 4800), 4);
        values(buffer, 8, x);
        values(buffer, 8 + width, 7);
        return buffer;
      }),
    );
  const binary = record((buffer, at, x) => buffer.writeInt16LE(x, at), 2);
  const binary32 = record((buffer, at, x) => buffer.writeInt32LE(x, at), 4);
  const float32 = record((buffer, at, x) => buffer.writeFloatLE(x, at), 4);
  /** (0.001 x + 0.5) kV */
  const volts = [600, 300, 800, 500];

  for (const [what, made] of [
    [
      '1991 ASCII',
      {
        year: '',
        tail: [],
        data: ascii,
        channels: ['1,VA,A,line,kV,0.001,0.5,0,0,9', '2,IA,A,line,A,2,0,0,0,9'],
      },
    ],
    ['1991 binary', { year: '', tail: [], format: 'BINARY', data: binary }],
    ['1999 ASCII', { data: ascii }],
    ['1999 ASCII with an empty time column', { data: ascii.replace(/^(\d),\d+/gm, '$1,') }],
    ['1999 binary', { format: 'binary', data: binary }],
    ['2013 binary', { year: '2013', format: 'BINARY', tail: ['1', '0,0', 'B,0'], data: binary }],
    ['2013 BINARY32', { year: '2013', format: 'BINARY32', data: binary32 }],
    ['2013 FLOAT32', { year: '2013', format: 'FLOAT32', data: float32 }],
  ] as const) {
    it(`${what}: the channel in volts, by name, with its times`, () => {
      const { pieces, lineFrequencyHz } = readComtrade(make(made as unknown as Made), { channel: 'va' });
      assert.equal(lineFrequencyHz, 60);
      assert.equal(pieces.length, 1);
      near(pieces[0]?.samples, volts);
      near(pieces[0]?.times, [0, 1 / 4800, 2 / 4800, 3 / 4800]);
    });
  }

  it('a CFF file of 2013, with ASCII and with binary data', () => {
    for (const [format, data, header] of [
      ['ASCII', Buffer.from(ascii), 'DAT ASCII'],
      ['BINARY', binary, `DAT BINARY: ${binary.length}`],
    ] as const) {
      const file = path.join(folder, `${format}.cff`);
      const text = `--- file type: CFG ---\r\n${configText({ year: '2013', format, data })}\r\n--- file type: INF ---\r\n\r\n--- file type: HDR ---\r\nhello\r\n--- file type: ${header} ---\r\n`;
      writeFileSync(file, Buffer.concat([Buffer.from(text), data]));
      near(readComtrade(file).pieces[0]?.samples, volts);
    }
  });

  it('takes the first channel in volts, or one by its number; refuses one that is not there, naming those that are', () => {
    const file = make({ data: ascii });
    near(readComtrade(file).pieces[0]?.samples, volts);
    near(readComtrade(file, { channel: '2' }).pieces[0]?.samples, [14, 14, 14, 14]);
    refused(() => readComtrade(file, { channel: 'VB' }), /no channel "VB"; it has VA \(kV\), IA \(A\)/);
  });

  it('turns primary volts into secondary ones, and back', () => {
    near(
      readComtrade(make({ data: ascii }), { side: 'secondary' }).pieces[0]?.samples,
      volts.map((v) => v / 120),
    );
    near(readComtrade(make({ data: ascii }), { side: 'primary' }).pieces[0]?.samples, volts);
  });

  it('several rates: near ones are one piece, far ones a piece each, with the times that the rates give', () => {
    const close = readComtrade(make({ rates: ['4800,2', '4700,4'], data: ascii }));
    assert.equal(close.pieces.length, 1);
    near(close.pieces[0]?.times, [0, 1 / 4800, 2 / 4800, 2 / 4800 + 1 / 4700]);
    const far = readComtrade(make({ rates: ['4800,2', '600,4'], data: ascii }));
    assert.deepEqual(
      far.pieces.map(({ samples }) => samples.length),
      [2, 2],
    );
    near(far.pieces[1]?.times, [2 / 4800, 2 / 4800 + 1 / 600]);
  });

  it('without a rate, times come from the time column and its multiplier; nanoseconds where 2013 says so', () => {
    const micro = readComtrade(make({ rates: ['0,4'], tail: ['10'], data: ascii }));
    near(micro.pieces[0]?.times, [0, 0.00208, 0.00417, 0.00625]);
    const start = '01/02/2024,00:00:00.000000000';
    const nano = readComtrade(make({ year: '2013', rates: ['0,4'], tail: ['1'], start, data: ascii }));
    near(nano.pieces[0]?.times, [0, 208e-9, 417e-9, 625e-9]);
  });

  it('puts missing samples on a line between their neighbours', () => {
    const gaps = '1,0,100,7,0\n2,208,99999,7,0\n3,417,,7,1\n4,625,400,7,0\n';
    near(readComtrade(make({ data: gaps })).pieces[0]?.samples, [600, 700, 800, 900]);
    const marked = Buffer.from(binary);
    marked.writeInt16LE(-0x8000, 8);
    near(readComtrade(make({ format: 'BINARY', data: marked })).pieces[0]?.samples, [300, 300, 800, 500]);
  });

  for (const [what, made, message] of [
    ['a data format of no revision', { format: 'EBCDIC', data: ascii }, /"EBCDIC" is not one of/],
    ['a line that is cut off', { data: '1,0,100' }, /made.CFG, line 1: expected 4 numbers/],
    ['text where a number belongs', { data: '1,0,abc,7,0' }, /line 1/],
    [
      'binary data shorter than a record',
      { format: 'BINARY', data: Buffer.alloc(5) },
      /5 bytes, a record has 14/,
    ],
    ['no times at all', { rates: ['0,4'], data: ascii.replace(/^(\d),\d+/gm, '$1,') }, /no sampling rate/],
    [
      'a channel line without numbers',
      { channels: ['1,VA', '2,IA'], data: ascii },
      /line 3: the multiplier a/,
    ],
    ['nothing but missing samples', { data: '1,0,99999,7,0\n' }, /no sample/],
  ] as const) {
    it(`refuses ${what}`, () => {
      refused(() => readComtrade(make(made as unknown as Made)), message);
    });
  }

  it('refuses a CFG without its DAT', () => {
    const file = path.join(folder, 'alone.cfg');
    writeFileSync(file, configText({ data: '' }));
    refused(() => readComtrade(file), /no alone.dat beside it/);
  });

  describe('real ones', () => {
    if (!hasShared) {
      it.skip(`SKIPPED: no recordings at ${SHARED}`);
      return;
    }

    it('keating_1999: an impulse of 581 V against 490 V, at 30,707 Hz with an empty time column', () => {
      const file = path.join(SHARED, 'comtrade/keating_1999.CFG');
      const { pieces } = readComtrade(file, { channel: 'U3' });
      const samples = Float64Array.from(pieces[0]?.samples ?? []);
      assert.equal(samples.length, 2048);
      assert.ok(Math.abs(Math.max(...samples) - 581) < 0.5);
      assert.ok(Math.abs(rms(samples, 0, 2047) - 347) < 6, `${rms(samples)}`);
      const source = openSources(file, { channel: 'U3', nominalV: 120 })(1);
      assert.equal(source.cycles, 4);
      const counts = source.cycle(0).map((count) => Math.abs(count));
      const others = [1, 2, 3].flatMap((n) => [...source.cycle(n)].map((count) => Math.abs(count)));
      const peak = Math.max(...counts, ...others) / source.calibrationConstant;
      assert.ok(peak > 180 && peak < 202, `peak ${peak} V: the impulse, less what lies above 6 kHz`);
    });

    it('dips_and_swells: phase B falls to 0.6 pu while C rises to 1.4 pu, a cycle of 50 Hz on each of the box', () => {
      const file = path.join(SHARED, 'comtrade/dips_and_swells.cfg');
      const perUnit = (channel: string): Float64Array => {
        const source = openSources(file, { channel, nominalV: 120 })(1);
        const counts = Array.from({ length: source.cycles }, (_, n) => [...source.cycle(n)]).flat();
        const cycles = cycleRms(counts).map((value) => value / source.calibrationConstant / 120);
        assert.ok(Math.abs((cycles.slice().sort()[Math.floor(cycles.length / 2)] ?? 0) - 1) < 1e-3, 'median');
        return halfCycleRms(counts).map((value) => value / source.calibrationConstant / 120);
      };
      const low = Math.min(...perUnit('UB'));
      const high = Math.max(...perUnit('UC'));
      assert.ok(low > 0.58 && low < 0.65, `B ${low}`);
      assert.ok(high > 1.38 && high < 1.5, `C ${high}`);
      const asIs = openSources(file, { channel: 'UB', nominalV: 120, keepFrequency: true })(1);
      const retimed = openSources(file, { channel: 'UB', nominalV: 120 })(1);
      assert.equal(asIs.cycles, 132, '2.2 s of windows of 1/60 s');
      assert.equal(retimed.cycles, 110, '110 cycles of 50 Hz');
    });
  });
});

function near(actual: ArrayLike<number> | undefined, expected: readonly number[]): void {
  assert.equal(actual?.length, expected.length);
  for (const [i, value] of expected.entries()) {
    assert.ok(
      Math.abs((actual?.[i] ?? Number.NaN) - value) <= 1e-9 * Math.max(1, Math.abs(value)),
      `${i}: ${actual?.[i]} and ${value}`,
    );
  }
}

function refused(act: () => unknown, message: RegExp): void {
  assert.throws(
    act,
    (error) =>
      error instanceof MakaiError && error.code === 'RECORDING_INVALID' && message.test(error.message),
  );
}
