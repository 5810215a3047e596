/** `makai boxes set` with another calibration constant: exports of old events and `makai analyse --again` give the same volts, those of new events the new ones. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boxEventOf } from '../../acquisition-broker/waveforms/box-event.js';
import { readRecording } from '../../formats/index.js';
import { valuesOf } from '../../formats/samples.js';
import type { IncidentDocument, Store } from '../../store/store.js';
import { storeWaveform, waveform } from '../analysis-service/given.js';
import { newEvent } from '../store/contract/given.js';
import { openWritable, type Writable } from '../store/writable.js';
import { makai as runMakai } from './run-process.js';

describe('cli: another calibration constant', function () {
  this.timeout(400_000);
  let directory: string;
  let store: Writable<Store>;
  const makai = async (...args: string[]): Promise<string> => {
    const { code, stderr, stdout } = await runMakai([...args, '--dir', directory]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const sag = waveform(1, [{ fromS: 0.3, toS: 0.5, pu: 0.7 }]);
  let files = 0;
  /** of a file of COMTRADE, and of CSV */
  const volts = async (event: number): Promise<{ comtrade: number; csv: number }> => {
    files += 1;
    const out = join(directory, `out-${files}`);
    await makai('events', 'export', String(event), '--format', 'comtrade', '--out', out);
    const config = readdirSync(out).find((name) => name.endsWith('.cfg')) ?? '';
    const [recording] = readRecording(join(out, config)).recordings;
    const channel = recording?.analog[0];
    assert.ok(channel !== undefined);
    const csv = (await makai('events', 'export', String(event), '--csv')).trimEnd().split('\n').slice(1);
    return {
      comtrade: Math.max(...valuesOf(channel)),
      csv: Math.max(...csv.map((line) => Number(line.split(',').at(-1)))),
    };
  };

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'makai-calibration-'));
    const retention = { mode: 'ttl' as const, measurementsSeconds: 86_400 };
    store = await openWritable(join(directory, 'makai.db'), { retention });
    await store.putBox({ box_id: '1', calibration_constant: 146, unplugged: false, location: 'lab' });
    await storeWaveform(store, 1, '1', sag, Date.now() - 60_000);
  });
  after(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });

  it('changes what comes, and nothing that was', async () => {
    const old = await volts(1);
    const peak = 120 * Math.SQRT2;
    for (const one of Object.values(old)) assert.ok(Math.abs(one - peak) < 0.05, String(one));
    const shown = await makai('events', 'show', '1');
    const analysed = async (...more: string[]) =>
      (await makai('analyse', '1', '--json', ...more))
        .trim()
        .split('\n')
        .map((line) => {
          // An incident that is found again lives on from then.
          const { expire_at: _, ...incident } = JSON.parse(line) as IncidentDocument;
          return incident;
        });
    const first = await analysed();
    assert.equal(first.length, 1);
    assert.equal(first[0]?.metadata.calibration_constant, 146);
    const [judged] = await store.boxEvents(1);
    assert.deepEqual(
      [judged?.calibration_constant, judged?.nominal_voltage, judged?.nominal_frequency],
      [146, 120, 60],
    );

    await makai('boxes', 'set', '1', '--calibration', '292', '--nominal-voltage', '240');
    assert.deepEqual(await volts(1), old);
    assert.equal(await makai('events', 'show', '1'), shown);
    const again = await analysed('--again');
    assert.deepEqual(again, first);
    const report = await makai('report', '--from', String(Date.now() - 3_600_000), '--json');
    const { incidents } = JSON.parse(report) as { incidents: { magnitude_pu: number }[] };
    assert.ok(Math.abs((incidents[0]?.magnitude_pu ?? 0) - 0.7) < 0.01, JSON.stringify(incidents));

    const nowMs = Date.now();
    const record = await store.box('1');
    await store.insertEvent(newEvent(2, nowMs, { boxes_triggered: ['1'] }));
    const times = Array.from({ length: 60 }, (_, i) => nowMs + Math.round(((i + 1) * 1000) / 60));
    await store.putBoxEvent(boxEventOf(2, '1', { timesMs: times }, record), sag, nowMs);
    for (const one of Object.values(await volts(2))) assert.ok(Math.abs(one - peak / 2) < 0.05, String(one));
  });
});
