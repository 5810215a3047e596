/** The AssemblyScript versions of napali and threshold ask for what the TypeScript versions ask for, to the last bit. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import NapaliPlugin from '../../plugins/napali/index.js';
import type { EventRequest, TriggerType } from '../../plugins/sdk/plugin.js';
import ThresholdPlugin from '../../plugins/threshold/index.js';
import { testContext } from './feed.js';
import { play, type Step, script, shippedWasm } from './loaded.js';
import { fifteenBoxes, frequencyDip, stepsOf, stream, toSteps } from './streams.js';

type Settings = Record<string, unknown>;
const PLUGINS = { napali: NapaliPlugin, threshold: ThresholdPlugin };

/** @returns what both asked for */
async function same(
  name: keyof typeof PLUGINS,
  settings: Settings,
  steps: readonly Step[],
): Promise<EventRequest[]> {
  const expected = await play(script(PLUGINS[name]), settings, testContext(), steps);
  assert.deepEqual(await play(shippedWasm(name), settings, testContext(), steps), expected);
  return expected.flat();
}

const boxesIn = (requests: readonly EventRequest[]) => new Set(requests.flatMap((r) => r.boxIds));
const typesIn = (requests: readonly EventRequest[]): TriggerType[] => [
  ...new Set(requests.map((r) => r.triggerType)),
];

/** How far the worst goes, Hz. */
const lowestHz = (requests: readonly EventRequest[]) =>
  60 - 0.6 * Math.max(...requests.map((r) => r.percentMagnitude));

for (const [name, onVoltages, onFrequency] of [
  [
    'napali',
    [{}, { alpha: 0.05 }, { trigger_local: true, slice_ms: 2000, grace_time_ms: 500 }],
    [{}, { trigger_local: true, alpha: 0.01 }],
  ],
  [
    'threshold',
    [
      { voltage_threshold_percent_high: 5 / 120 },
      { voltage_threshold_percent_high: 0.03, hysteresis: 0.01, slice_ms: 2000 },
    ],
    [
      { frequency_threshold_percent_low: 0.002 },
      { frequency_threshold_percent_low: 0.0021, min_duration_ms: 3000 },
    ],
  ],
] as const) {
  describe(`plugins/${name} in WebAssembly`, () => {
    for (const size of [1, 7, 1024]) {
      it(`the recording of fifteen boxes, in batches of ${size}`, async function () {
        const steps = stepsOf(fifteenBoxes(this), size);
        for (const settings of onVoltages) {
          const boxes = boxesIn(await same(name, settings, steps));
          for (const box of [1002, 1006, 1007]) assert.ok(boxes.has(box), `box ${box} passes 125 V`);
        }
      });

      it(`the recording of a frequency dip, in batches of ${size}`, async function () {
        const steps = stepsOf(frequencyDip(this), size);
        for (const settings of onFrequency) {
          const requests = await same(name, settings, steps);
          assert.deepEqual(typesIn(requests), ['FREQUENCY_SAG']);
          assert.ok(Math.abs(lowestHz(requests) - 59.852) < 0.0006, `${lowestHz(requests)} Hz`);
        }
      });
    }

    it('10,000 generated streams', async function () {
      this.timeout(600_000);
      let asked = 0;
      await fc.assert(
        fc.asyncProperty(SETTINGS[name], stream, async (settings, moves) => {
          asked += (await same(name, settings, toSteps(moves))).length;
        }),
        { numRuns: 10_000 },
      );
      assert.ok(asked > 10_000, `the streams must give it something to ask for: ${asked}`);
    });

    it('refuses the same settings, and tells every mistake', async () => {
      for (const [field, value] of WRONG[name]) {
        const lines = testContext();
        await assert.rejects(
          play(script(PLUGINS[name]), { [field]: value }, testContext(), []),
          new RegExp(field),
        );
        await assert.rejects(
          play(shippedWasm(name), { [field]: value, colour: 1 }, lines, []),
          /makai_configure returned error 1/,
        );
        assert.match(lines.lines.join(), new RegExp(`${field}: .*colour: no such setting`));
      }
    });
  });
}

const napali = fc.record(
  {
    alpha: fc.oneof(fc.constantFrom(0.5, 1, 0.05), fc.double({ min: 1e-6, max: 1, noNaN: true })),
    rms_max: fc.constantFrom(121, 125, 130.5),
    thd_max: fc.constantFrom(0, 0.05),
    grace_time_ms: fc.constantFrom(0, 200, 1000, 5000, 50_000),
    slice_ms: fc.constantFrom(1000, 2000, 20_000),
    trigger_local: fc.boolean(),
  },
  { requiredKeys: [] },
);

const share = (...values: number[]) =>
  fc.oneof(fc.constantFrom(...values), fc.double({ min: 0, max: 0.2, noNaN: true }));
const threshold = fc
  .record(
    {
      reference_frequency: fc.constantFrom(60, 59.99, 50),
      frequency_threshold_percent_low: share(0.005, 0.001),
      frequency_threshold_percent_high: share(0.005, 0),
      reference_voltage: fc.constantFrom(120, 121.5, 0.1),
      voltage_threshold_percent_low: share(0.05, 0.1),
      voltage_threshold_percent_high: share(0.05, 0.001),
      thd_threshold_high: share(0.05, 0),
      hysteresis: share(0, 0.02),
      min_duration_ms: fc.constantFrom(0, 100, 2000, 1e12),
      slice_ms: fc.constantFrom(1000, 1001, 20_000, 50_000),
      silence_ms: fc.constantFrom(1000, 5000, 1e12),
      debug: fc.boolean(),
      debug_devices: fc.array(fc.nat(4)),
    },
    { requiredKeys: [] },
  )
  .filter(
    ({
      hysteresis = 0,
      voltage_threshold_percent_low: low = 0.05,
      voltage_threshold_percent_high: high = 0.05,
    }) => hysteresis <= Math.min(low, high),
  );
const SETTINGS: Record<keyof typeof PLUGINS, fc.Arbitrary<Settings>> = { napali, threshold };

/** Each wrong by itself. */
const WRONG: Record<keyof typeof PLUGINS, [field: string, value: unknown][]> = {
  napali: [
    ['alpha', 0],
    ['alpha', 1.01],
    ['f_min', 60.2],
    ['f_max', -1],
    ['rms_min', 130],
    ['rms_max', 0],
    ['thd_max', -0.1],
    ['trans_max', '7'],
    ['grace_time_ms', 50_001],
    ['grace_time_ms', 0.5],
    ['slice_ms', 999],
    ['trigger_local', 1],
    ['debug', 'yes'],
  ],
  threshold: [
    ['reference_frequency', 0],
    ['frequency_threshold_percent_low', 1],
    ['frequency_threshold_percent_high', -0.1],
    ['reference_voltage', -120],
    ['voltage_threshold_percent_low', 5],
    ['voltage_threshold_percent_high', null],
    ['thd_threshold_high', 8],
    ['hysteresis', 0.06],
    ['min_duration_ms', 1.5],
    ['slice_ms', 50_001],
    ['silence_ms', 0],
    ['debug', 0],
    ['debug_devices', [1.5]],
    ['debug_devices', 1001],
    ['mongo_host', 3],
    ['mongo_port', 'x'],
  ],
};
