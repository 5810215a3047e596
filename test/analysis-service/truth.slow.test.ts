/**
 * An hour of a generated grid with 200 disturbances, against what really happened: a Box 2's measurements go to the threshold plugin, the waveforms it asks for are stored and
 * analysed. None may be missing and none invented. And an undisturbed hour.
 *
 * What the stream of a Box 2 cannot show, and so no waveform is asked for (not asserted): transients; disturbances shorter than two of its windows of ten cycles; what stays within the plugin's
 * limits (voltage ±5 %, frequency ±0.5 %, THD 5 %) or within 10 % beyond those of an incident.
 */
import assert from 'node:assert/strict';
import { measure, parseScenario, type Scenario, scenarioSource, scheduleOf } from '../../box/index.js';
import type { EventRequest } from '../../plugins/sdk/plugin.js';
import ThresholdPlugin from '../../plugins/threshold/index.js';
import { createColumns } from '../../proto/columns.js';
import { decodeInto } from '../../proto/stream-decoder.js';
import type { IncidentDocument } from '../../store/store.js';
import { seededRandom } from '../fuzz/random.js';
import { testContext } from '../plugins/feed.js';
import { newEvent } from '../store/contract/given.js';
import { CALIBRATION, givenAnalysis, START } from './given.js';

const HOUR_S = 3600;
const DISTURBANCES = 200;
const CYCLE_MS = 1000 / 60;

type ScenarioEventInput = Record<string, unknown> & { at_s: number };

/** At least 5 s apart. */
function randomEvents(seed: number): ScenarioEventInput[] {
  const random = seededRandom(seed);
  const between = (low: number, high: number): number =>
    low + ((high - low) * random.below(100_000)) / 100_000;
  const slot = HOUR_S / DISTURBANCES;
  const kinds = ['sag', 'swell', 'interruption', 'frequency_ramp', 'harmonics'] as const;
  return Array.from({ length: DISTURBANCES }, (_, i): ScenarioEventInput => {
    const at_s = Number((i * slot + between(1, 3)).toFixed(3));
    const duration_s = Number(between(0.4, 4).toFixed(3));
    const edge_s = random.pick([0, 0.01, 0.05]);
    switch (random.pick(kinds)) {
      case 'sag':
        return {
          type: 'sag',
          at_s,
          duration_s,
          edge_s,
          to_pu: between(0.15, 0.81),
          phase_jump_deg: between(-12, 12),
        };
      case 'swell':
        return { type: 'swell', at_s, duration_s, edge_s, to_pu: between(1.21, 1.35) };
      case 'interruption':
        return { type: 'interruption', at_s, duration_s, to_pu: between(0, 0.08) };
      case 'frequency_ramp':
        return {
          ...{ type: 'frequency_ramp', at_s, ramp_s: between(0.5, 2), hold_s: between(1, 4) },
          to_hz: random.pick([between(58.5, 59.5), between(60.5, 61.5)]),
        };
      default:
        return {
          ...{ type: 'harmonics', at_s, duration_s: between(2, 5) },
          harmonics: [{ order: random.pick([3, 5, 7]), percent: between(8, 12) }],
        };
    }
  });
}

/** What the threshold plugin asks for when a Box 2 measures the grid. */
async function requestsOf(scenario: Scenario): Promise<EventRequest[]> {
  const plugin = new ThresholdPlugin();
  const context = testContext();
  await plugin.onLoad?.({ path: 'threshold', thd_threshold_high: 0.055 }, context);
  const requests: EventRequest[] = [];
  const take = (asked: ReturnType<NonNullable<typeof plugin.processBatch>>): void => {
    if (asked !== undefined) requests.push(...(Array.isArray(asked) ? asked : [asked]));
  };
  const columns = createColumns(1);
  for (const { frame, timeMs } of measure(scenarioSource(scenario, 1), {
    boxId: 1,
    dialect: 2,
    startMs: START,
  })) {
    decodeInto(frame, columns, 0);
    columns.count = 1;
    context.nowMs = timeMs;
    take(plugin.processBatch(columns));
    take(plugin.onTick?.(timeMs));
  }
  return requests;
}

const CLASS_OF: Readonly<Record<string, readonly string[]>> = {
  sag: ['VOLTAGE_SAG'],
  swell: ['VOLTAGE_SWELL'],
  interruption: ['VOLTAGE_INTERRUPTION'],
  frequency_ramp: ['FREQUENCY_SAG', 'FREQUENCY_SWELL', 'FREQUENCY_INTERRUPTION'],
  harmonics: ['EXCESSIVE_THD'],
};

describe('analysis-service: against the truth of a generated grid', function () {
  this.timeout(1_800_000);
  const given = givenAnalysis();

  /** Stores the waveforms that were asked for, as a Box 2 would send them, and has them analysed. */
  async function incidentsOf(
    scenario: Scenario,
    requests: readonly EventRequest[],
  ): Promise<IncidentDocument[]> {
    const { analysed, follower, store } = given();
    const source = scenarioSource(scenario, 1);
    await store.putBox({ box_id: '1', calibration_constant: source.calibrationConstant, unplugged: false });
    follower().start();
    for (const [i, { endMs, startMs }] of requests.entries()) {
      const first = Math.max(0, Math.floor((startMs - START) / CYCLE_MS));
      const last = Math.min(source.cycles - 1, Math.ceil((endMs - START) / CYCLE_MS));
      const samples = new Int16Array(200 * (last - first + 1));
      for (let at = first; at <= last; at += 1) samples.set(source.cycle(at), 200 * (at - first));
      const times = Array.from({ length: last - first + 1 }, (_, at) =>
        Math.round(START + (first + at + 1) * CYCLE_MS),
      );
      await store.insertEvent(newEvent(i + 1, startMs, { boxes_triggered: ['1'] }));
      await store.putBoxEvent(
        {
          ...{ event_id: i + 1, box_id: '1', location: 'lab', data_fs_filename: `event_${i + 1}_1` },
          ...{ event_start_timestamp_ms: times[0] ?? 0, event_end_timestamp_ms: (times.at(-1) ?? 0) + 16 },
          window_timestamps_ms: times,
        },
        samples,
        START,
      );
    }
    return (await analysed()).filter((one) => one.metadata.same_as === undefined);
  }

  it('200 disturbances in an hour: none missing, none invented', async () => {
    const seed = 2026;
    const events = randomEvents(seed);
    const scenario = parseScenario({
      name: 'hour',
      duration_s: HOUR_S,
      seed,
      grid: { calibration_constant: CALIBRATION },
      events,
    });
    const incidents = await incidentsOf(scenario, await requestsOf(scenario));
    const truth = scheduleOf(scenario, 1);
    assert.equal(truth.length, DISTURBANCES);
    const missing: string[] = [];
    const matched = new Set<IncidentDocument>();
    for (const { endS, event, startS } of truth) {
      const found = incidents.filter(
        (one) =>
          one.classifications.some((name) => CLASS_OF[event.type]?.includes(name)) &&
          one.start_timestamp_ms <= START + 1000 * endS + 50 &&
          one.end_timestamp_ms >= START + 1000 * startS - 50,
      );
      for (const one of found) matched.add(one);
      if (found.length !== 1)
        missing.push(`${found.length} of ${event.type} at ${startS.toFixed(3)} s ${JSON.stringify(event)}`);
    }
    const invented = incidents
      .filter((one) => !matched.has(one))
      .map((one) => {
        const at = ((one.start_timestamp_ms - START) / 1000).toFixed(3);
        return `${one.classifications.join()} ${String(one.metadata.class ?? '')} at ${at} s, event ${one.event_id}, ${one.deviation_from_nominal}`;
      });
    assert.deepEqual({ missing, invented }, { missing: [], invented: [] });
  });

  it('an undisturbed hour: nothing is asked for, and a look all the same finds nothing', async () => {
    const scenario = parseScenario({
      name: 'quiet',
      duration_s: HOUR_S,
      seed: 7,
      grid: { calibration_constant: CALIBRATION },
    });
    assert.deepEqual(await requestsOf(scenario), []);
    const looks = Array.from({ length: 60 }, (_, i) => ({
      ...{ startMs: START + 60_000 * i + 1000, endMs: START + 60_000 * i + 11_000 },
      ...{
        boxIds: [1],
        percentMagnitude: 0,
        description: '',
        triggerType: 'OTHER' as const,
        requestData: true,
      },
    }));
    assert.deepEqual(await incidentsOf(scenario, looks), []);
  });
});
