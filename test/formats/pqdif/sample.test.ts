/** The sample of IEEE 1159.3: what is known to be in it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { momentText } from '../../../formats/moment.js';
import { readPqdif } from '../../../formats/pqdif/index.js';
import type { FileContent } from '../../../formats/recording.js';
import { valuesOf } from '../../../formats/samples.js';
import { SHARED_DATA } from '../../support/shared-data.js';

const SAMPLE = join(SHARED_DATA, 'pqdif/example.pqd');
const NOMINAL_V = 34_500;

describe('PQDIF: the sample of the standard', () => {
  let content: FileContent;

  before(function () {
    if (!existsSync(SAMPLE)) {
      process.stderr.write('skipped: ../shared/data/pqdif/example.pqd is not there\n');
      this.skip();
    }
    const bytes = readFileSync(SAMPLE);
    content = readPqdif(bytes, 'example.pqd');
  });

  it('has 47 observations, 20 of them with waveforms, and nothing odd', () => {
    assert.equal(content.revision, '1.5');
    assert.deepEqual(content.warnings, []);
    assert.equal(content.recordings.length, 47);
    assert.equal(content.recordings.filter(({ analog }) => analog.length > 0).length, 20);
  });

  it('has waveforms of 15,360 Hz and currents of half that, in June 1999', () => {
    const captures = content.recordings.filter(({ analog }) => analog.length > 0);
    const rates = captures.flatMap(({ analog }) =>
      analog.map(
        ({ unit, time }) => `${unit} ${time.kind === 'rates' ? time.sections[0]?.rateHz : 'timestamps'}`,
      ),
    );
    assert.deepEqual([...new Set(rates)].sort(), ['A 7680', 'V 15360']);
    const [first] = captures;
    assert.ok(first?.start !== undefined && first.trigger !== undefined);
    assert.equal(
      momentText({ ...first.start, unixNs: first.start.unixNs + 500n }, 6),
      '1999-06-03T13:24:12.000000Z',
    );
    assert.ok(Math.abs(Number(first.trigger.unixNs - first.start.unixNs) - 17_512_726) < 500);
    assert.deepEqual(
      first.analog.map(({ name, phase, unit }) => `${name} ${phase} ${unit}`),
      [
        'Waveform VAB AB V',
        'Waveform VBC BC V',
        'Waveform VCA CA V',
        'Waveform IA AN A',
        'Waveform IB BN A',
        'Waveform IC CN A',
      ],
    );
  });

  it('has trends of 15 minutes around 34.5 kV, nominal 34 kV', () => {
    const trend = content.recordings.find(({ name }) => name === 'Steady-state trend');
    const voltage = trend?.series.filter(({ name, phase }) => name === 'voltage' && phase === 'AB') ?? [];
    assert.deepEqual(
      voltage.map(({ statistic }) => statistic),
      ['min', 'max', 'average'],
    );
    for (const { seconds } of voltage) assert.deepEqual([...seconds.slice(0, 3)], [0, 900, 1800]);
    const values = voltage.flatMap((one) => [...one.values]);
    assert.ok(values.every((value) => value > 32_000 && value < 35_500));
    assert.equal(trend?.metadata.tagTriggerMethodID, 'PERIODIC');
    assert.match(trend?.metadata.tagSeriesNominalQuantity ?? '', /(^| )34000( |$)/);
  });

  it('has a sag to 0.85 and a switching peak of 1.37 of the nominal voltage', () => {
    let lowest = Number.POSITIVE_INFINITY;
    let highest = 0;
    for (const { analog, series } of content.recordings) {
      for (const one of series) {
        if (one.name === 'voltage' && one.phase.length === 2 && one.phase !== 'NG')
          lowest = one.values.reduce((lowest, value) => Math.min(lowest, value), lowest);
      }
      for (const channel of analog) {
        if (channel.unit === 'V')
          highest = valuesOf(channel).reduce((most, value) => Math.max(most, Math.abs(value)), highest);
      }
    }
    assert.equal((Math.floor((100 * lowest) / NOMINAL_V) / 100).toFixed(2), '0.85');
    assert.equal((highest / (NOMINAL_V * Math.SQRT2)).toFixed(2), '1.37');
  });
});
