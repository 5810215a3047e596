/** The generated grid: samples follow the scenario; the same file gives the same samples; all mistakes are reported together. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { analysisOf } from '../../../box/analysis.js';
import {
  type CycleSource,
  DEFAULT_SCENARIO,
  loadScenario,
  parseScenario,
  SHIPPED_SCENARIOS,
  scenarioSource,
  scenarioSources,
  scheduleOf,
} from '../../../box/index.js';
import { MakaiError } from '../../../common/errors.js';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { frequency, rms, thd } from '../../../signal/index.js';
import { runs } from '../../support/property.js';

const QUIET = {
  harmonics: [],
  noise: { white_percent: 0, voltage_wander_percent: 0, frequency_wander_hz: 0 },
};

function source(scenario: object, position = 1): CycleSource {
  return scenarioSource(parseScenario({ name: 'test', duration_s: 10, grid: QUIET, ...scenario }), position);
}

const voltsAt = (from: CycleSource, seconds: number): number =>
  analysisOf(from).rms(Math.floor(seconds * 60));

describe('scenarios', () => {
  it('a quiet grid: the nominal voltage, frequency and no distortion; a direct component where one is asked for', () => {
    const quiet = source({});
    assert.ok(Math.abs(voltsAt(quiet, 5) - 120) < 0.01);
    assert.ok(Math.abs(analysisOf(quiet).frequency(0, 60) - 60) < 1e-4);
    assert.ok(analysisOf(quiet).thd(0, 10) < 1e-4);
    const other = source({
      grid: { ...QUIET, voltage_v: 230, frequency_hz: 50, noise: { ...QUIET.noise, offset_v: 5 } },
    });
    const counts = analysisOf(other).samples(0, 60);
    assert.ok(Math.abs(rms(counts) / 96.56 - Math.hypot(230, 5)) < 0.05);
    assert.ok(Math.abs(frequency(counts, { samplesPerCycle: 240 }) - 50) < 1e-3);
  });

  it('sag, swell and interruption: their level, between their edges, for the boxes named', () => {
    const events = [
      { type: 'sag', at_s: 1, duration_s: 1, to_pu: 0.8, edge_s: 0.1, every_s: 5 },
      { type: 'swell', at_s: 3, duration_s: 0.5, to_pu: 1.2, boxes: [2] },
      { type: 'interruption', at_s: 4, duration_s: 0.5 },
    ];
    const [first, second] = [source({ events }), source({ events }, 2)];
    const pu = (from: CycleSource, seconds: number): number =>
      Math.round((voltsAt(from, seconds) / 120) * 100) / 100;
    assert.deepEqual(
      [0.9, 1.05, 1.5, 1.95, 2.1, 3.2, 4.2, 6.5].map((t) => pu(first, t)),
      [1, 0.88, 0.8, 0.92, 1, 1, 0, 0.8],
    );
    assert.equal(pu(second, 3.2), 1.2);
    assert.equal(pu(second, 3.6), 1);
  });

  it('harmonics: the THD they make, while they last', () => {
    const events = [
      {
        type: 'harmonics',
        at_s: 2,
        duration_s: 2,
        harmonics: [
          { order: 5, percent: 6 },
          { order: 7, percent: 8, phase_deg: 90 },
        ],
      },
    ];
    const counts = analysisOf(source({ events })).samples(150, 12);
    assert.ok(Math.abs(thd(counts, { cycles: 12 }) - 0.1) < 1e-3);
    assert.ok(analysisOf(source({ events })).thd(0, 10) < 1e-4);
  });

  it('a frequency ramp: reaches its frequency, and the loop still closes without a jump', () => {
    const ramp = source({
      duration_s: 20,
      events: [{ type: 'frequency_ramp', at_s: 2, to_hz: 59.5, ramp_s: 2, hold_s: 3 }],
    });
    const analysis = analysisOf(ramp);
    const at = (seconds: number): number => analysis.frequency(Math.round(seconds * 60), 30);
    // the loop's whole number of turns moves all frequencies by at most half a turn in 20 s
    assert.ok(Math.abs(at(5) - 59.5) < 0.026, `${at(5)}`);
    assert.ok(Math.abs(at(2.75) - 59.75) < 0.03, `${at(2.75)}`);
    assert.ok(Math.abs(at(12) - 60) < 0.026);
    const seam = analysis.samples(ramp.cycles - 1, 2);
    const step = Math.abs((seam[200] ?? 0) - (seam[199] ?? 0)) / 96.56;
    assert.ok(step < 1.1 * ((2 * Math.PI) / 200) * 170, `a step of ${step} V at the seam`);
  });

  it('a transient: its first peak above the line voltage, decayed after some time constants', () => {
    const events = [{ type: 'transient', at_s: 1.5, peak_pu: 0.5, frequency_hz: 1500, decay_ms: 2 }];
    const analysis = analysisOf(source({ events }));
    const during = analysis.transient(90, 1);
    assert.ok(during > 0.35 * 120 * Math.SQRT2 && during < 0.55 * 120 * Math.SQRT2, `${during} V`);
    assert.ok(analysis.transient(95, 1) < 0.5);
  });

  it('a dead input is exactly zero, noise or not', () => {
    const dead = source({ grid: {}, events: [{ type: 'dead_input', at_s: 1, duration_s: 1 }] });
    assert.ok(dead.cycle(90).every((count) => count === 0));
    assert.equal(analysisOf(dead).frequency(80, 10), Number.POSITIVE_INFINITY);
    assert.ok(dead.cycle(30).some((count) => count !== 0));
  });

  it('noise is realistic: small, and different at each box, while the frequency is that of the grid', () => {
    const [first, second] = [source({ grid: {}, duration_s: 60 }), source({ grid: {}, duration_s: 60 }, 2)];
    assert.notDeepEqual(first.cycle(7), second.cycle(7));
    for (let t = 0; t < 59; t += 1) {
      assert.ok(Math.abs(voltsAt(first, t) / 120 - 1) < 0.01);
      const [f1, f2] = [analysisOf(first).frequency(60 * t, 30), analysisOf(second).frequency(60 * t, 30)];
      assert.ok(Math.abs(f1 - 60) < 0.03 && Math.abs(f1 - f2) < 0.003, `${f1} ${f2}`);
    }
  });

  it('any cycle, asked for in any order and from another process’s source, is the same', () => {
    const scenario = loadScenario();
    const [a, b] = [scenarioSource(scenario, 3), scenarioSource(scenario, 3)];
    fc.assert(
      fc.property(fc.integer({ min: 0, max: a.cycles - 1 }), (n) => assert.deepEqual(a.cycle(n), b.cycle(n))),
      { numRuns: runs(40) },
    );
    assert.throws(() => a.cycle(a.cycles), RangeError);
  });

  it('gives boxes that see the same one and the same source, and others their own', () => {
    const sources = scenarioSources(
      parseScenario({ name: 'x', duration_s: 5, boxes: [{ position: 18, voltage_v: 240 }] }),
    );
    assert.equal(sources(1), sources(17));
    assert.notEqual(sources(1), sources(2));
    assert.notEqual(sources(2), sources(18));
    assert.ok(Math.abs(voltsAt(sources(18), 1) - 240) < 3);
  });

  it('lays events out in time, by position', () => {
    const scenario = parseScenario({
      name: 'x',
      duration_s: 10,
      events: [
        { type: 'swell', at_s: 4, duration_s: 1, to_pu: 1.2, boxes: [2] },
        { type: 'sag', at_s: 1, every_s: 4, duration_s: 1, to_pu: 0.5 },
      ],
    });
    const times = (position: number): [string, number, number][] =>
      scheduleOf(scenario, position).map(({ event, startS, endS }) => [event.type, startS, endS]);
    assert.deepEqual(times(1), [
      ['sag', 1, 2],
      ['sag', 5, 6],
      ['sag', 9, 10],
    ]);
    assert.equal(times(2).length, 4);
  });

  it('those that ship are sound; the default one has a sag within the first half minute', () => {
    const folder = path.join(PACKAGE_ROOT, 'box/scenarios');
    for (const file of readdirSync(folder))
      assert.ok(loadScenario(path.join(folder, file)).description, file);
    assert.deepEqual(
      readdirSync(folder).sort(),
      SHIPPED_SCENARIOS.map((name) => `${name}.json`),
    );
    const sags = scheduleOf(loadScenario(DEFAULT_SCENARIO), 1).filter(({ event }) => event.type === 'sag');
    assert.ok((sags[0]?.startS ?? 99) < 30);
  });

  it('the example of docs/scenarios.md is sound', () => {
    const page = readFileSync(path.join(PACKAGE_ROOT, 'docs/scenarios.md'), 'utf8');
    const example = /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    assert.equal(parseScenario(JSON.parse(example)).events.length, 1);
  });

  it('reports every mistake together, with its path', () => {
    assert.throws(
      () =>
        parseScenario(
          {
            name: '',
            colour: 'red',
            duration_s: 10,
            grid: { voltage_v: 'high' },
            events: [
              { type: 'sag', at_s: 9, duration_s: 3, to_pu: 2 },
              { type: 'storm' },
              { type: 'swell', at_s: 1, duration_s: 1, to_pu: 1.2, edge_s: 3, every_s: 0.5, boxes: [0] },
            ],
          },
          'my.json',
        ),
      (error) => {
        assert.ok(error instanceof MakaiError && error.code === 'SCENARIO_INVALID');
        for (const part of [
          'my.json has 9 mistakes',
          'name: ',
          'unknown setting "colour"',
          'grid.voltage_v: expected number, found "high"',
          'events[0].to_pu: ',
          'events[0]: ends at 12 s, after the loop of 10 s',
          'events[1].type: ',
          'events[2].boxes[0]: ',
          "events[2].every_s: expected at least the event's own 1 s, found 0.5",
          'events[2].edge_s: expected at most half of duration_s, found 3',
        ]) {
          assert.ok(error.message.includes(part), `${part}\n${error.message}`);
        }
        return true;
      },
    );
  });

  it('refuses a loop of half cycles, text that is no JSON, and whatever else comes, in the same way', () => {
    assert.throws(() => parseScenario({ name: 'x', duration_s: 1.01 }), /a multiple of 1\/60 s, found 1.01/);
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          parseScenario(value);
        } catch (error) {
          assert.ok(error instanceof MakaiError && error.code === 'SCENARIO_INVALID', String(error));
        }
      }),
    );
  });
});
