/** threshold and napali find what is in the real recordings, and nothing in an hour of undisturbed line voltage. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CycleSource,
  loadScenario,
  type MeasuredFrame,
  measure,
  padded,
  parseScenario,
  rawSource,
  scenarioSource,
} from '../../box/index.js';
import { merge } from '../../cli/plugin/frames.js';
import { DEFAULT_RECORDING, openPluginRecording } from '../../cli/plugin/recording.js';
import { stepsOf } from '../../cli/plugin/steps.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import type { LoadedPlugin } from '../../plugin-host/loaded-plugin.js';
import { ResultCollector } from '../../plugin-host/result-collector.js';
import type { EventRequest } from '../../plugins/sdk/plugin.js';
import ThresholdPlugin from '../../plugins/threshold/index.js';
import { References } from '../../store/reference.js';
import { testContext } from './feed.js';
import { script, shippedWasm } from './loaded.js';

const RECORDINGS = join(PACKAGE_ROOT, '../shared/data/opq-box');
const START = Date.UTC(2026, 0, 1);
const PAD_CYCLES = 600;
const DIALECTS = [2, 3] as const;

interface Listening {
  plugin: LoadedPlugin;
  settings?: Record<string, unknown>;
}

/** Plays the recording once to all plugins. @returns what each asked for */
async function listen(
  frames: Iterable<MeasuredFrame>,
  plugins: readonly Listening[],
  references = new References(),
): Promise<EventRequest[][]> {
  const context = testContext({ reference: (boxId) => references.of(boxId) });
  const out = plugins.map(() => new ResultCollector());
  for (const { plugin, settings } of plugins) await plugin.configure(settings ?? {}, context);
  const asked: EventRequest[][] = plugins.map(() => []);
  const each = (call: (plugin: LoadedPlugin, out: ResultCollector) => void) => {
    plugins.forEach(({ plugin }, i) => {
      const collector = out[i];
      if (collector === undefined) return;
      call(plugin, collector);
      const { requests, refused, surplus } = collector.take();
      assert.deepEqual([refused, surplus], [0, 0]);
      asked[i]?.push(...requests);
    });
  };
  for (const step of stepsOf(frames, references)) {
    context.nowMs = step.nowMs;
    each((plugin, collector) =>
      step.kind === 'tick' ? plugin.tick(step.nowMs, collector) : plugin.process(step.columns, collector),
    );
  }
  return asked;
}

const threshold = (settings = {}): Listening => ({ plugin: script(ThresholdPlugin), settings });
const napali = (settings = {}): Listening => ({ plugin: shippedWasm('napali'), settings });

function recorded(test: Mocha.Context, name: string): string {
  const path = join(RECORDINGS, name);
  if (existsSync(path)) return path;
  process.stderr.write(`skipped, not there: ${path}\n`);
  return test.skip();
}

/** The lightning strike as box 1 and box 4 saw it, good voltage before and after. Cycle numbers of the sag are those of the padded source. */
function strike(test: Mocha.Context, boxId: 1 | 4, dialect: 2 | 3): Iterable<MeasuredFrame> {
  const calibration = boxId === 1 ? 147.06 : 144.93;
  const source = padded(
    rawSource(recorded(test, `event_9354_${boxId}`), calibration),
    PAD_CYCLES,
    PAD_CYCLES,
  );
  return measure(source, { boxId, dialect, startMs: START });
}

describe('plugins: what they find', function () {
  this.timeout(400_000);

  for (const dialect of DIALECTS) {
    it(`threshold: the sag of a lightning strike, on Boxes ${dialect}`, async function () {
      for (const [boxId, leastV] of [
        [1, 102.2],
        [4, 111.6],
      ] as const) {
        const [requests] = await listen(strike(this, boxId, dialect), [threshold()]);
        if (dialect === 2 && boxId === 4) {
          assert.deepEqual(requests, [], 'the mean of ten cycles hides it');
          continue;
        }
        assert.equal(requests?.length, 1);
        const [request] = requests;
        assert.deepEqual([request?.boxIds, request?.triggerType], [[boxId], 'VOLTAGE_SAG']);
        const volts = 120 * (1 - (request?.percentMagnitude ?? 0) / 100);
        if (dialect === 3) assert.ok(Math.abs(volts - leastV) < 0.3, `${volts} V`);
        else assert.ok(volts > leastV && volts < 114, `${volts} V`);
        const sagMs = START + (PAD_CYCLES * 1000) / 60;
        assert.ok(
          (request?.startMs ?? 0) > sagMs - 2500 && (request?.endMs ?? 0) < sagMs + 4000,
          'and no more than the sag',
        );
      }
    });
  }

  it('napali: one event of the strike, with both boxes', async function () {
    const frames = merge([strike(this, 1, 3), strike(this, 4, 3)]);
    const [requests] = await listen(frames, [napali()]);
    assert.ok(requests !== undefined && requests.length === 1);
    assert.deepEqual(requests[0]?.boxIds.toSorted(), [1, 4]);
    assert.equal(requests[0]?.triggerType, 'VOLTAGE_SAG');
  });

  it('the dip to 59.852 Hz, on both boxes', async function () {
    const { frames } = openPluginRecording(recorded(this, 'frequency.dat'), DEFAULT_RECORDING);
    const [byLimit, adaptive] = await listen(frames, [
      threshold({ frequency_threshold_percent_low: 0.002 }),
      napali(),
    ]);
    for (const requests of [byLimit ?? [], adaptive ?? []]) {
      assert.deepEqual([...new Set(requests.map((r) => r.triggerType))], ['FREQUENCY_SAG']);
      assert.deepEqual([...new Set(requests.flatMap((r) => r.boxIds))].sort(), [1, 4]);
      const deepest = 60 - 0.6 * Math.max(...requests.map((r) => r.percentMagnitude));
      assert.ok(Math.abs(deepest - 59.852) < 0.0006, `${deepest} Hz`);
    }
  });

  it('the three of fifteen boxes that pass 125 V', async function () {
    const { frames } = openPluginRecording(
      recorded(this, 'fifteen_boxes_1cycle_vrms.csv'),
      DEFAULT_RECORDING,
    );
    const limit = { reference_voltage: 120, voltage_threshold_percent_high: 5 / 120 };
    const [byLimit, adaptive] = await listen(frames, [threshold(limit), napali()]);
    assert.deepEqual([...new Set(byLimit?.flatMap((r) => r.boxIds))].sort(), [1002, 1006, 1007]);
    assert.ok(byLimit?.every((r) => r.triggerType === 'VOLTAGE_SWELL'));
    const collected = new Set(adaptive?.flatMap((r) => r.boxIds));
    assert.ok([1002, 1006, 1007].every((box) => collected.has(box)));
  });

  /** A scenario of ../shared/data/reports, or one made here. */
  const reported = (test: Mocha.Context, file: string) => {
    const path = join(PACKAGE_ROOT, '../shared/data/reports', file);
    if (existsSync(path)) return scenarioSource(loadScenario(path));
    process.stderr.write(`skipped, not there: ${path}\n`);
    return test.skip();
  };
  const both = (source: CycleSource) =>
    DIALECTS.map((dialect) => measure(source, { boxId: dialect, dialect, startMs: START }));
  const europe = new References({ voltage: 230, frequency: 50 });
  const europeanNapali = {
    f_min: 49.5,
    f_max: 50.5,
    rms_min: 215,
    rms_max: 245,
    trigger_local: true,
    trans_max: 12,
  };

  it('one interruption of ten seconds is one event, of its kind', async function () {
    for (const frames of both(reported(this, '40-interruption-10s.json'))) {
      const [byLimit, adaptive] = await listen(frames, [threshold(), napali({ trigger_local: true })]);
      assert.deepEqual(
        byLimit?.map((r) => [r.triggerType, /interruption to 0\.\d+ V/.test(r.description)]),
        [['VOLTAGE_SAG', true]],
      );
      assert.deepEqual(
        adaptive?.map((r) => r.triggerType),
        ['VOLTAGE_SAG'],
      );
    }
  });

  it('an interruption is one event wherever it begins and ends inside a measurement', async () => {
    for (const at_s of [20.03, 20.14, 20.16, 20.9, 20.95, 20.985, 20.992]) {
      const events = [{ type: 'interruption', at_s, duration_s: 3.017, to_pu: 0 }];
      const source = scenarioSource(parseScenario({ name: 'interruption', duration_s: 40, events }));
      for (const frames of both(source)) {
        const [byLimit] = await listen(frames, [threshold()]);
        assert.deepEqual(
          byLimit?.map((r) => r.triggerType),
          ['VOLTAGE_SAG'],
          `at ${at_s} s`,
        );
      }
    }
  });

  it('of a line that stands at 127 V for ten minutes, about half a minute is asked for', async function () {
    for (const frames of both(reported(this, '46-line-stands-at-127V.json'))) {
      const [byLimit, adaptive] = await listen(frames, [threshold(), napali({ trigger_local: true })]);
      const seconds = (requests: EventRequest[] = []) =>
        requests.reduce((sum, r) => sum + (r.endMs - r.startMs) / 1000, 0);
      assert.ok(seconds(byLimit) > 29 && seconds(byLimit) < 35, `threshold: ${seconds(byLimit)} s`);
      assert.ok(seconds(adaptive) < 80, `napali: ${seconds(adaptive)} s`);
      assert.equal(new Set(byLimit?.map((r) => r.familyStartMs)).size, 1);
      assert.ok(byLimit?.every((r) => r.triggerType === 'VOLTAGE_SWELL'));
      assert.match(byLimit?.at(-1)?.description ?? '', /voltage deviation, 127\.\d+ V on average for 10 min/);
    }
  });

  it('nothing in an hour of an undisturbed grid of 230 V and 50 Hz', async function () {
    this.timeout(900_000);
    const grid = { voltage_v: 230, frequency_hz: 50 };
    const source = scenarioSource(parseScenario({ name: 'quiet', duration_s: 3600, grid }));
    for (const frames of both(source)) {
      const asked = await listen(frames, [threshold(), napali(europeanNapali)], europe);
      assert.deepEqual(asked, [[], []]);
    }
  });

  it('a sag to 0.7 pu of 0.2 s and longer is found at 50 Hz, wherever it begins', async () => {
    for (const [at_s, duration_s] of [
      [20.1, 0.2],
      [20.25, 0.2],
      [20.5, 0.2],
      [20.9, 0.2],
      [20.33, 0.6],
    ] as const) {
      const events = [{ type: 'sag', at_s, duration_s, to_pu: 0.7 }];
      const grid = { voltage_v: 230, frequency_hz: 50 };
      const source = scenarioSource(parseScenario({ name: 'sag', duration_s: 40, grid, events }));
      for (const frames of both(source)) {
        const [byLimit] = await listen(frames, [threshold()], europe);
        assert.deepEqual([...new Set(byLimit?.map((r) => r.triggerType))], ['VOLTAGE_SAG'], `at ${at_s} s`);
      }
    }
  });

  it('at 56 Hz there is an underfrequency and no THD event of leakage', async () => {
    const source = scenarioSource(
      parseScenario({ name: '56 Hz', duration_s: 40, grid: { frequency_hz: 56 } }),
    );
    for (const frames of both(source)) {
      const [byLimit] = await listen(frames, [threshold()]);
      assert.deepEqual([...new Set(byLimit?.map((r) => r.triggerType))], ['FREQUENCY_SAG']);
    }
  });

  it('nothing in an hour of undisturbed line voltage with realistic noise, measured by both generations', async function () {
    this.timeout(900_000);
    const source = scenarioSource(loadScenario(join(PACKAGE_ROOT, 'box/scenarios/quiet.json')), 1);
    let count = 0;
    const counted = function* (): Generator<MeasuredFrame> {
      for (const frame of merge(
        DIALECTS.map((dialect) => measure(source, { boxId: dialect, dialect, startMs: START })),
      )) {
        count += 1;
        yield frame;
      }
    };
    const local = { trigger_local: true };
    const asked = await listen(counted(), [threshold(), napali(local)]);
    assert.deepEqual(asked, [[], []]);
    assert.equal(count, 21_600 + 3600);
  });
});
