/** WAV, CSV and raw recordings, padding and scaling. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { analysisOf } from '../../../box/analysis.js';
import { type CycleSource, memorySource, openSources, padded, rawSource } from '../../../box/index.js';
import { readCsv } from '../../../box/sources/csv.js';
import { readWav } from '../../../box/sources/wav.js';
import { MakaiError } from '../../../common/errors.js';
import { hasShared, SHARED } from '../support.js';

describe('recordings', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'recordings-'));
  });

  after(() => rmSync(folder, { recursive: true }));

  function file(name: string, content: string | Buffer): string {
    const place = path.join(folder, name);
    writeFileSync(place, content);
    return place;
  }

  function wav(code: number, bits: number, channels: number, data: Buffer, rate = 8000): Buffer {
    const format = Buffer.alloc(16);
    format.writeUInt16LE(code, 0);
    format.writeUInt16LE(channels, 2);
    format.writeUInt32LE(rate, 4);
    format.writeUInt32LE((rate * channels * bits) / 8, 8);
    format.writeUInt16LE((channels * bits) / 8, 12);
    format.writeUInt16LE(bits, 14);
    const chunk = (name: string, body: Buffer): Buffer => {
      const head = Buffer.alloc(8);
      head.write(name, 0, 'latin1');
      head.writeUInt32LE(body.length, 4);
      return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
    };
    const body = Buffer.concat([
      Buffer.from('WAVE'),
      chunk('LIST', Buffer.from('odd')),
      chunk('fmt ', format),
      chunk('data', data),
    ]);
    return chunk('RIFF', body);
  }

  const values = [0, 0.5, -0.5, -1];
  const bytes = (width: number, put: (buffer: Buffer, at: number, x: number) => void): Buffer => {
    // two channels; the first is silent
    const buffer = Buffer.alloc(values.length * width * 2);
    for (const [i, x] of values.entries()) put(buffer, i * width * 2 + width, x);
    return buffer;
  };

  for (const [what, code, bits, data] of [
    ['PCM 16', 1, 16, bytes(2, (b, at, x) => b.writeInt16LE(x * 2 ** 15, at))],
    ['PCM 24', 1, 24, bytes(3, (b, at, x) => b.writeIntLE(x * 2 ** 23, at, 3))],
    ['PCM 32', 1, 32, bytes(4, (b, at, x) => b.writeInt32LE(x * 2 ** 31, at))],
    ['float 32', 3, 32, bytes(4, (b, at, x) => b.writeFloatLE(x, at))],
    ['float 64', 3, 64, bytes(8, (b, at, x) => b.writeDoubleLE(x, at))],
  ] as const) {
    it(`WAV, ${what}: a channel of two, in volts of full scale`, () => {
      const place = file('a.wav', wav(code, bits, 2, data));
      const { pieces } = readWav(place, { channel: '2', fullScaleV: 200 });
      assert.deepEqual(Array.from(pieces[0]?.samples ?? []), [0, 100, -100, -200]);
      assert.equal(pieces[0]?.times[1], 1 / 8000);
    });
  }

  it('refuses what is no WAV, other encodings, and channels that are not there', () => {
    refused(() => readWav(file('b.wav', 'RIFX')), /not a WAV/);
    refused(() => readWav(file('c.wav', wav(6, 8, 1, Buffer.alloc(8)))), /format 6 with 8 bits/);
    refused(
      () => readWav(file('d.wav', wav(1, 16, 1, Buffer.alloc(8))), { channel: '2' }),
      /no channel 2; it has 1/,
    );
    refused(() => readWav(file('e.wav', wav(1, 16, 1, Buffer.alloc(8)).subarray(0, 30))), /cut off|no sound/);
  });

  it('CSV: a column by name, with a column of times or a rate, and a decimal comma', () => {
    const place = file('a.csv', 'time_s,v1,v2\n0,1,10\n0.001,2,20\n\n0.002,3,30\n');
    assert.deepEqual(readCsv(place, { channel: 'v1' }).pieces, [
      { samples: [1, 2, 3], times: [0, 0.001, 0.002] },
    ]);
    assert.deepEqual(readCsv(place).pieces[0]?.samples, [10, 20, 30]);
    assert.deepEqual(Array.from(readCsv(place, { sampleRate: 4 }).pieces[0]?.times ?? []), [0, 0.25, 0.5]);
    const comma = file('b.csv', '"t";"V"\r\n0;1,5\r\n0,5;-2,5\r\n');
    assert.deepEqual(readCsv(comma).pieces, [{ samples: [1.5, -2.5], times: [0, 0.5] }]);
  });

  it('CSV: refuses columns that are not there, text, and times that fall', () => {
    refused(() => readCsv(file('c.csv', 't,v\n0,1\n'), { channel: 'w' }), /no column "w"; it has t, v/);
    refused(() => readCsv(file('d.csv', 'a,v\n0,1\n')), /no column of times/);
    refused(() => readCsv(file('e.csv', 't,v\n0,1\n1,x\n')), /line 3/);
    refused(() => readCsv(file('f.csv', 't,v\n1,1\n1,2\n')), /line 3: its time 1 does not rise/);
  });

  it('scales a recording to a nominal voltage, by its median or by a given nominal voltage', () => {
    const place = file(
      'tone.csv',
      `v\n${Array.from({ length: 24_000 }, (_, i) => 3 * Math.sin((2 * Math.PI * 60 * i) / 6000)).join('\n')}`,
    );
    const rmsOf = (source: CycleSource): number => analysisOf(source).rms(30);
    assert.ok(Math.abs(rmsOf(openSources(place, { sampleRate: 6000, nominalV: 120 })(1)) - 120) < 0.1);
    const byNominal = openSources(place, { sampleRate: 6000, nominalV: 120, recordedNominalV: 6 / Math.SQRT2 })(1);
    assert.ok(Math.abs(rmsOf(byNominal) - 60) < 0.1);
    const plain = openSources(place, { sampleRate: 6000, calibrationConstant: 1000 })(1);
    assert.ok(Math.abs(rmsOf(plain) - 3 / Math.SQRT2) < 0.01);
    assert.equal(plain.calibrationConstant, 1000);
  });

  it('refuses what is too short, silent, or too loud for 16 bits', () => {
    const csv = (name: string, f: (i: number) => number): string =>
      file(name, `v\n${Array.from({ length: 2400 }, (_, i) => f(i)).join('\n')}`);
    refused(() => openSources(file('s.csv', 'v\n1\n2\n'), { sampleRate: 12_000 }), /less than a cycle/);
    refused(
      () =>
        openSources(
          csv('q.csv', () => 0),
          { sampleRate: 12_000, nominalV: 120 },
        ),
      /silent/,
    );
    refused(
      () =>
        openSources(
          csv('l.csv', (i) => (i % 2) * 1000),
          { sampleRate: 12_000 },
        ),
      /do not fit 16 bits/,
    );
    refused(
      () => openSources(file('r', Buffer.alloc(800)), { nominalV: 120 }),
      /raw counts are replayed as they are/,
    );
    assert.throws(() => rawSource(file('tiny', Buffer.alloc(100)), 1), RangeError);
  });

  it('pads with the first and the last whole cycle', () => {
    const samples = Int16Array.from({ length: 750 }, (_, i) => i);
    const source = padded(memorySource(samples, 1, 'steps'), 2, 3);
    assert.deepEqual(
      Array.from({ length: source.cycles }, (_, n) => source.cycle(n)[0]),
      [0, 0, 0, 200, 400, 400, 400, 400],
    );
    assert.throws(() => source.cycle(8), RangeError);
    assert.throws(() => source.cycle(-1), RangeError);
  });

  describe('of OPQ boxes', () => {
    if (!hasShared) {
      it.skip(`SKIPPED: no recordings at ${SHARED}`);
      return;
    }
    for (const [name, constant, low, perUnit] of [
      ['event_9354_1', 147.06, 102.2, 0.836],
      ['event_9354_4', 144.93, 111.6, 0.912],
    ] as const) {
      it(`${name}: the sag's RMS, within 0.5 %`, () => {
        const source = openSources(path.join(SHARED, 'opq-box', name), { calibrationConstant: constant })(1);
        const analysis = analysisOf(source);
        const cycles = Array.from({ length: source.cycles }, (_, n) => analysis.rms(n));
        const lowest = Math.min(...cycles);
        assert.ok(Math.abs(lowest / low - 1) < 0.005, `${lowest} V`);
        const before = cycles.slice(0, 20).reduce((sum, value) => sum + value, 0) / 20;
        assert.ok(Math.abs(lowest / before / perUnit - 1) < 0.005, `${lowest / before} pu`);
        const below = cycles.filter((value) => value < 0.97 * before).length / 60;
        assert.ok(Math.abs(below - 0.18) < 0.03, `below 97 % for ${below} s`);
      });
    }
  });
});

function refused(act: () => unknown, message: RegExp): void {
  assert.throws(
    act,
    (error) =>
      error instanceof MakaiError && error.code === 'RECORDING_INVALID' && message.test(error.message),
  );
}
