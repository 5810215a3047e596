/** Real recordings: what the classification says of them, against what is known of them. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readRecording, secondsOf, voltageOf } from '../../formats/index.js';
import {
  type AnalyseOptions,
  analyseWaveform,
  squareSums,
  synchronousHalfCycleRms,
  trackFundamental,
  type WaveformAnalysis,
  zeroCrossings,
} from '../../signal/index.js';
import { SHARED_DATA } from '../support/shared-data.js';

const COMTRADE = path.join(SHARED_DATA, 'comtrade');

/** A channel at the rate it was recorded with. */
function channel(file: string, name: string): { x: Float64Array; rate: number } {
  const recorded = path.join(COMTRADE, file);
  const { time, values: x } = voltageOf(readRecording(recorded), recorded, { channel: name });
  const times = secondsOf(time);
  const seconds = (times[x.length - 1] ?? 0) - (times[0] ?? 0);
  return { x, rate: (x.length - 1) / seconds };
}

function opqBox(name: string, calibration: number, nominalVoltage: number): WaveformAnalysis {
  const bytes = readFileSync(path.join(SHARED_DATA, 'opq-box', name));
  const counts = Int16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(2 * i));
  return analyseWaveform(counts, {
    rate: 12_000,
    nominalVoltage,
    nominalFrequency: 60,
    calibration,
    startMs: 0,
  });
}

describe('signal/recordings', () => {
  if (!existsSync(SHARED_DATA)) {
    it('are not here: SKIPPED', function () {
      process.stderr.write(`\n*** TESTS WITH RECORDINGS ARE SKIPPED: there is no ${SHARED_DATA} ***\n\n`);
      this.skip();
    });
    return;
  }

  it('the sag of 1 November 2017, box 1: 122.2 V to 102.2 V, 0.836 of the voltage before', () => {
    const { incidents, remarks } = opqBox('event_9354_1', 147.06, 122.2);
    assert.deepEqual(remarks, []);
    assert.equal(incidents.length, 1, JSON.stringify(incidents));
    const [sag] = incidents;
    assert.ok(sag !== undefined);
    assert.deepEqual(sag.classes, ['VOLTAGE_SAG']);
    assert.ok(Math.abs(sag.worst - 102.2) < 0.2, `${sag.worst}`);
    assert.ok(Math.abs(Number(sag.metadata.residual_pu) - 0.836) < 0.002, `${sag.metadata.residual_pu}`);
    assert.equal(sag.ieeeDuration, 'INSTANTANEOUS');
    const cycles = Number(sag.metadata.duration_cycles);
    assert.ok(cycles > 8 && cycles < 11, `${cycles}`);
    assert.equal(sag.metadata.en50160_cell, 'A1');
    assert.equal((sag.metadata.itic as { region: string }).region, 'no interruption');
  });

  it('the same at box 4: 0.912, no sag; a rapid voltage change of 0.18 s', () => {
    const { incidents, summary } = opqBox('event_9354_4', 144.93, 122.4);
    assert.ok(Math.abs(summary.halfCycleMin / 122.4 - 0.912) < 0.002, `${summary.halfCycleMin}`);
    assert.equal(incidents.length, 1, JSON.stringify(incidents));
    assert.equal(incidents[0]?.metadata.class, 'RAPID_VOLTAGE_CHANGE');
    const ms = (incidents[0]?.endMs ?? 0) - (incidents[0]?.startMs ?? 0);
    assert.ok(Math.abs(ms - 180) < 25, `${ms}`);
  });

  it('keating_1999: an impulsive transient, 581 V against 490 V, at 22.2 ms', () => {
    const { x, rate } = channel('keating_1999.CFG', 'U3');
    const options: AnalyseOptions = {
      rate,
      nominalVoltage: 347,
      nominalFrequency: 60,
      calibration: 1,
      startMs: 0,
    };
    const { incidents } = analyseWaveform(x, options);
    assert.equal(incidents.length, 1, JSON.stringify(incidents));
    const [transient] = incidents;
    assert.ok(transient !== undefined);
    assert.ok(transient.classes.includes('IMPULSIVE_TRANSIENT'), JSON.stringify(transient));
    assert.ok(Math.abs(Number(transient.metadata.instantaneous_v) - 581) < 1);
    assert.ok(Math.abs(Number(transient.metadata.peak_ms) - 22.2) < 0.1);
  });

  it('dips_and_swells: B falls to 0.59 to 0.64 again and again, C rises to 1.4', () => {
    const events = (name: string): { pu: number; first: string | undefined }[] => {
      const { x, rate } = channel('dips_and_swells.cfg', name);
      // secondary volts: nominal is what stands there for most of the time
      const track = trackFundamental(x, { rate, nominalFrequency: 50 });
      assert.ok(track !== undefined);
      const urms = synchronousHalfCycleRms(squareSums(x), zeroCrossings(track)).sort();
      const nominalVoltage = urms[urms.length >> 1] ?? 0;
      const options = { rate, nominalVoltage, nominalFrequency: 50, calibration: 1, startMs: 0 };
      return analyseWaveform(x, options)
        .incidents.filter(({ quantity }) => quantity === 'VOLTAGE')
        .map(({ worst, classes }) => ({ pu: worst / nominalVoltage, first: classes[0] }));
    };
    const deep = events('UB').filter(({ pu }) => pu < 0.7);
    assert.equal(deep.length, 5, JSON.stringify(deep));
    for (const { pu, first } of deep) {
      assert.ok(pu > 0.57 && pu < 0.65, `${pu}`);
      assert.equal(first, 'VOLTAGE_SAG');
    }
    const highest = Math.max(...events('UC').map(({ pu }) => pu));
    assert.ok(highest > 1.38 && highest < 1.5, `${highest}`);
  });
});
