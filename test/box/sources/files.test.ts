/** Recordings of every kind as a box replays them: raw counts, padding, scaling, and what is refused. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { analysisOf } from '../../../box/analysis.js';
import {
  type CycleSource,
  memorySource,
  openPlayable,
  openSources,
  padded,
  rawSource,
} from '../../../box/index.js';
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

  it('scales a recording to a nominal voltage, by its median or by a given nominal voltage', () => {
    const place = file(
      'tone.csv',
      `v\n${Array.from({ length: 24_000 }, (_, i) => 3 * Math.sin((2 * Math.PI * 60 * i) / 6000)).join('\n')}`,
    );
    const rmsOf = (source: CycleSource): number => analysisOf(source).rms(30);
    assert.ok(Math.abs(rmsOf(openSources(place, { sampleRate: 6000, nominalV: 120 })(1)) - 120) < 0.1);
    const byNominal = openSources(place, {
      sampleRate: 6000,
      nominalV: 120,
      recordedNominalV: 6 / Math.SQRT2,
    })(1);
    assert.ok(Math.abs(rmsOf(byNominal) - 60) < 0.1);
    const plain = openSources(place, { sampleRate: 6000, calibrationConstant: 1000 })(1);
    assert.ok(Math.abs(rmsOf(plain) - 3 / Math.SQRT2) < 0.01);
    assert.equal(plain.calibrationConstant, 1000);
  });

  it('refuses what is too short, silent, or too loud for 16 bits', () => {
    const csv = (name: string, f: (i: number) => number): string =>
      file(name, `v\n${Array.from({ length: 2400 }, (_, i) => f(i)).join('\n')}`);
    refused(
      () => openSources(file('s.csv', 'v\n1\n2\n'), { sampleRate: 12_000 }),
      /shorter than one measurement: .*less than a cycle/,
    );
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

  it('a recording that lasts too long by its own times, and one whose times jump', () => {
    refused(
      () => openSources(file('slow.csv', 'v\n1\n2\n3\n'), { sampleRate: 1e-6 }),
      /it lasts 2\.00000e\+6 s by its times/,
    );
    refused(
      () => openSources(file('jump.csv', 't_s,v\n0,1\n1e9,2\n1000000001,3\n')),
      /it lasts 1\.00000e\+9 s/,
    );
  });

  it('by content: other files are not played as raw counts, whatever their name', () => {
    const noise = Uint8Array.from(
      { length: 4000 },
      (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 16) & 0xff,
    );
    for (const [name, bytes, word] of [
      ['noise', noise, /no recording that can be read, and its bytes are no 16-bit samples/],
      ['odd', new Uint8Array(4001), /no 16-bit samples/],
      [
        'a.pqd',
        Buffer.concat([Buffer.from('4014114a9fe4cf119900505144494600', 'hex'), Buffer.alloc(4000)]),
        /a\.pqd, byte 0: a record/,
      ],
      ['a.zip', Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(4000)]), /ZIP archive/],
      ['a.gz', gzipSync('frequency_hz\n59.98\n59.99\n'), /no column of times/],
      ['text', 'a note about the recording\n', /no table of numbers/],
    ] as const) {
      refused(() => openSources(file(name, Buffer.from(bytes))), word);
    }
    const sine = Int16Array.from({ length: 2400 }, (_, i) =>
      Math.round(16_000 * Math.sin((2 * Math.PI * i) / 200)),
    );
    const { kind, sourceAt, startMs } = openPlayable(file('raw.csv', Buffer.from(sine.buffer)));
    assert.deepEqual([kind, sourceAt(1).cycles, startMs], ['counts', 12, undefined]);
  });

  it("a recording's own start and what is odd in it reach the caller", () => {
    const rows = Array.from(
      { length: 2000 },
      (_, i) => `${1_700_000_000_000 + i / 2},${100 * Math.sin(i / 5)}`,
    );
    const { kind, startMs, warnings, sourceAt } = openPlayable(
      file('when.csv', `timestamp_ms,ch1\n${rows.join('\n')}\n`),
    );
    assert.deepEqual([kind, startMs], ['recording', 1_700_000_000_000]);
    assert.match(sourceAt(1).description, /when\.csv channel ch1, recorded 2023-11-14T22:13:20\.000000Z/);
    assert.match(warnings.join(), /when\.csv: channel ch1 has no unit: taken as volts/);
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
