/** Recordings of real instruments and reports of what went wrong with them (../shared/data): read with what is in them, or refused with why. */
import assert from 'node:assert/strict';
import { momentText, readRecording, type Voltage, voltageOf } from '../../formats/index.js';
import { refused, shared } from './support.js';

/** RMS of each cycle of 60 Hz, by time. */
function cycles({ values, time }: Voltage, hertz = 60): number[] {
  assert.equal(time.kind, 'rates');
  const rate = time.kind === 'rates' ? (time.sections[0]?.rateHz ?? 0) : 0;
  const length = Math.round(rate / hertz);
  return Array.from({ length: Math.floor(values.length / length) }, (_, i) => {
    const cycle = values.subarray(i * length, (i + 1) * length);
    return Math.sqrt(cycle.reduce((sum, value) => sum + value * value, 0) / length);
  });
}

/** 120 V, 0.6 pu from 0.2 to 0.3 s. */
function hasDip(voltage: Voltage): void {
  const all = cycles(voltage);
  assert.ok(Math.abs((all[0] ?? 0) - 120) < 0.5, `${all[0]} V`);
  assert.ok(Math.abs((all[14] ?? 0) - 72) < 0.5, `${all[14]} V`);
  assert.equal(all.length, 30);
}

describe('reports of real recordings', () => {
  for (const [name, ...words] of [
    ['00-baseline.cfg'],
    ['01-missing-999999-rev1991.cfg', /is no date as month\/day/, /\d+ of 960 samples of VA are missing/],
    ['02b-format-line-then-0x1A.cfg'],
    ['02c-dat-padded-with-many-0x1A.cfg'],
    ['03-line-frequency-blank.cfg', /there is no line frequency/],
    ['09-line-frequency-0.cfg', /line frequency of 0 Hz cannot be meant/],
    ['20-cff-ascii.cff'],
  ] as [string, ...RegExp[]][]) {
    it(`${name}: the dip, and its own start`, function () {
      const file = shared(this, `reports/${name}`);
      const voltage = voltageOf(readRecording(file), file);
      const texts = voltage.warnings.map(({ text }) => text);
      assert.equal(texts.length, words.length, texts.join(' | '));
      for (const word of words)
        assert.ok(
          texts.some((text) => word.test(text)),
          texts.join(' | '),
        );
      if (!name.startsWith('01')) hasDip(voltage);
      assert.match(
        voltage.start ? momentText(voltage.start) : '',
        name.startsWith('20') ? /^2026-11-28T12:00:00\.000000Z/ : /^2026-11-28T02:00:00\.000000Z/,
      );
    });
  }

  it('06: a status word that the CFG does not have is no voltage', function () {
    const file = shared(this, 'reports/06-binary-cfg-says-0D-dat-has-a-status-word.cfg');
    refused(() => readRecording(file), /status-word\.dat, byte 12: .*records of 14 bytes/);
  });

  for (const [name, ...words] of [
    [
      '07-binary-dat-cut-off-in-record-501.cfg',
      /6005 bytes are 500 records of 12 bytes and 5 more/,
      /has 500 samples, the CFG announces 960/,
    ],
    ['07b-cfg-says-960-dat-has-50-rows.cfg', /has 50 samples, the CFG announces 960/],
    ['16d-rail-16.7Hz-4s-comma.cfg', /"16,7" has a comma in the line frequency: read as 16\.7/],
  ] as [string, ...RegExp[]][]) {
    it(`${name}: read with a word`, function () {
      const file = shared(this, `reports/${name}`);
      const { warnings, nominalFrequencyHz } = voltageOf(readRecording(file), file);
      assert.equal(warnings.length, words.length);
      for (const [i, word] of words.entries()) assert.match(warnings[i]?.text ?? '', word);
      assert.equal(nominalFrequencyHz, name.startsWith('16d') ? 16.7 : 60);
    });
  }

  for (const name of [
    '30-csv-baseline.csv',
    '30e-csv-x-axis-header-siglent-rigol.csv',
    '30g-csv-time-in-ms.csv',
    '30o-csv-header-name-with-blank-first.csv',
  ]) {
    it(`${name}: the dip, at 1920 Hz`, function () {
      const file = shared(this, `reports/${name}`);
      const voltage = voltageOf(readRecording(file), file);
      assert.equal(voltage.time.kind, 'timestamps');
      const seconds = voltage.time.kind === 'timestamps' ? voltage.time.seconds : new Float64Array(0);
      assert.ok(Math.abs((seconds[959] ?? 0) - 959 / 1920) < 1e-5, `${seconds[959]}`);
      hasDip({ ...voltage, time: { kind: 'rates', startS: 0, sections: [{ count: 960, rateHz: 1920 }] } });
    });
  }

  it('keating_1999: an impulse of 581 V against 490 V, at 30,707 Hz with an empty time column', function () {
    const file = shared(this, 'comtrade/keating_1999.CFG');
    const { values, start, warnings } = voltageOf(readRecording(file), file, { channel: 'U3' });
    assert.equal(values.length, 2048);
    assert.ok(Math.abs(Math.max(...values) - 581) < 0.5);
    assert.equal(start && momentText(start), '2015-11-18T05:33:03.765333Z');
    assert.deepEqual(warnings, []);
  });

  it('sample_float32: line frequency 0 and a time column a million times too fast, with a warning', function () {
    const file = shared(this, 'comtrade-variants/sample_float32.cff');
    const { recordings, warnings } = readRecording(file);
    assert.equal(recordings[0]?.analog[0]?.samples.length, 301);
    assert.match(
      warnings.map(({ text }) => text).join('\n'),
      /line frequency of 0\.000000 Hz.*\n.*span 0\.000003 s, at 100 Hz they span 3 s/,
    );
  });

  it('names in GBK and in the code page of DOS: as they are named', function () {
    const file = shared(this, 'comtrade/dips_and_swells.cfg');
    assert.match(
      readRecording(file, { encoding: 'windows-1251' }).recordings[0]?.device ?? '',
      /^терминал версия/,
    );
  });
});
