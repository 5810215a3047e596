/** WAV, CSV and raw recordings, padding and scaling. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { analysisOf } from '../../../box/analysis.js';
import { type CycleSource, memorySource, openSources, padded, rawSource } from '../../../box/index.js';
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

  it('scales a recording to a nominal voltage, by its median or by the nominal told', () => {
    const place = file(
      'tone.csv',
      `v\n${Array.from({ length: 24_000 }, (_, i) => 3 * Math.sin((2 * Math.PI * 60 * i) / 6000)).join('\n')}`,
    );
    const rmsOf = (source: CycleSource): number => analysisOf(source).rms(30);
    assert.ok(Math.abs(rmsOf(openSources(place, { sampleRate: 6000, nominalV: 120 })(1)) - 120) < 0.1);
    const told = openSources(place, { sampleRate: 6000, nominalV: 120, recordedNominalV: 6 / Math.SQRT2 })(1);
    assert.ok(Math.abs(rmsOf(told) - 60) < 0.1);
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
        const least = Math.min(...cycles);
        assert.ok(Math.abs(least / low - 1) < 0.005, `${least} V`);
        const before = cycles.slice(0, 20).reduce((sum, value) => sum + value, 0) / 20;
        assert.ok(Math.abs(least / before / perUnit - 1) < 0.005, `${least / before} pu`);
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
