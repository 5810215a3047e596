/**
 * An hour of an undisturbed grid of 230 V and 50 Hz, measured by a Box 2 and by a Box 3 and replayed to the threshold plugin as people replay it: no event. The
 * sag after the hour shows that the plugin was listening all the time.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import type { EventRequest } from '../../plugins/sdk/plugin.js';
import { makai } from '../cli/run-process.js';

const REPORTED = join(PACKAGE_ROOT, '../shared/data/reports/44-quiet-50Hz-230V.json');
const START = Date.UTC(2026, 0, 1);
const HOUR_S = 3600;
const SAG_AT_S = HOUR_S + 20.1;
const SETTINGS = { reference_voltage: 230, reference_frequency: 50 };
/** Measurements a second that a box sends. */
const RATES = { '2': 6, '3': 1 } as const;

describe('an hour of 230 V and 50 Hz, replayed with makai plugin run', function () {
  this.timeout(900_000);
  let folder = '';
  let scenario = '';
  before(function () {
    if (!existsSync(REPORTED)) {
      process.stderr.write(`skipped, not there: ${REPORTED}\n`);
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'makai-quiet-'));
    scenario = join(folder, 'hour.json');
    const reported = JSON.parse(readFileSync(REPORTED, 'utf8')) as object;
    const events = [{ type: 'sag', at_s: SAG_AT_S, duration_s: 0.2, to_pu: 0.7 }];
    writeFileSync(scenario, JSON.stringify({ ...reported, duration_s: HOUR_S + 40, events }));
  });
  after(() => {
    if (folder !== '') rmSync(folder, { recursive: true });
  });

  for (const dialect of ['2', '3'] as const)
    it(`a Box ${dialect}: the only event is the sag after the hour`, async () => {
      const { code, stdout, stderr } = await makai([
        ...[
          'plugin',
          'run',
          'threshold',
          '--json',
          '--replay',
          scenario,
          '--start',
          new Date(START).toJSON(),
        ],
        ...['--dialect', dialect, '--boxes', '1', '--settings', JSON.stringify(SETTINGS)],
      ]);
      assert.equal(code, 0, stderr);
      const measured = Number(/ ([\d,]+) measurements/.exec(stderr)?.[1]?.replaceAll(',', ''));
      assert.ok(measured >= RATES[dialect] * HOUR_S, stderr);
      assert.match(stderr, /reference 50 Hz: THD is not judged/);
      const requests = stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as EventRequest);
      const shown = JSON.stringify(requests, null, 2);
      assert.equal(requests.length, 1, shown);
      const [{ triggerType, description, startMs, endMs } = {}] = requests as [EventRequest?];
      assert.equal(triggerType, 'VOLTAGE_SAG', shown);
      assert.match(description ?? '', /voltage sag to 1[5-9]\d/);
      const sagMs = START + 1000 * SAG_AT_S;
      assert.ok(startMs !== undefined && startMs > START + 1000 * HOUR_S && startMs <= sagMs, shown);
      assert.ok(endMs !== undefined && endMs >= sagMs + 200, shown);
    });
});
