/**
 * The scenario file: what happens on the generated grid, and when. One JSON file describes a loop for any number of boxes. The same
 * file and seed always give the same samples. docs/scenarios.md is generated from this schema.
 */
import { z } from 'zod';

const seconds = z.number().min(0).describe('s from the start of the loop');
const duration = z.number().positive().describe('s');
const positions = z
  .array(z.int().min(1))
  .min(1)
  .optional()
  .describe('boxes that see it, by position from 1 on; without it all boxes');

/** Settings that every event has. */
const when = {
  at_s: seconds,
  every_s: duration.optional().describe('s; interval at which it repeats, as often as it fits in the loop'),
  boxes: positions,
};

const level = {
  ...when,
  duration_s: duration,
  edge_s: z
    .number()
    .min(0)
    .default(0)
    .describe('s; time that the voltage takes to reach its new level, and to recover'),
  phase_jump_deg: z.number().min(-180).max(180).default(0).describe('degrees; phase jump while it lasts'),
};

const harmonic = z.strictObject({
  order: z
    .int()
    .min(2)
    .max(50)
    .describe('multiple of the fundamental; harmonics of 6 kHz and above are left out'),
  percent: z.number().min(0).max(100).describe('% of the fundamental'),
  phase_deg: z.number().default(0).describe('degrees, relative to the fundamental'),
});

const events = {
  sag: z.strictObject({
    type: z.literal('sag'),
    ...level,
    to_pu: z.number().min(0.1).max(0.9).describe('remaining voltage, pu (IEEE 1159: 0.1 to 0.9)'),
  }),
  swell: z.strictObject({
    type: z.literal('swell'),
    ...level,
    to_pu: z.number().min(1.1).max(1.8).describe('voltage that it rises to, pu (IEEE 1159: 1.1 to 1.8)'),
  }),
  interruption: z.strictObject({
    type: z.literal('interruption'),
    ...level,
    to_pu: z.number().min(0).max(0.1).default(0).describe('remaining voltage, pu (IEEE 1159: below 0.1)'),
  }),
  harmonics: z.strictObject({
    type: z.literal('harmonics'),
    ...when,
    duration_s: duration,
    harmonics: z.array(harmonic).min(1).describe('added to the harmonics of the grid'),
  }),
  transient: z.strictObject({
    type: z.literal('transient'),
    ...when,
    peak_pu: z
      .number()
      .positive()
      .max(4)
      .describe('first peak, in units of the nominal peak voltage (IEEE 1159: up to 4)'),
    frequency_hz: z.number().min(100).max(5900).default(1200).describe('Hz; frequency of the oscillation'),
    decay_ms: z.number().positive().max(100).default(3).describe('ms; time in which it falls to 1/e'),
  }),
  frequency_ramp: z.strictObject({
    type: z.literal('frequency_ramp'),
    ...when,
    to_hz: z.number().min(40).max(70).describe('Hz; frequency that it moves to'),
    ramp_s: duration.describe('s; time from the grid frequency to to_hz, and the same for the return'),
    hold_s: z.number().min(0).default(0).describe('s; time that it stays there'),
  }),
  dead_input: z.strictObject({
    type: z.literal('dead_input'),
    ...when,
    duration_s: duration,
  }),
};

const event = z.discriminatedUnion('type', [
  events.sag,
  events.swell,
  events.interruption,
  events.harmonics,
  events.transient,
  events.frequency_ramp,
  events.dead_input,
]);

const noise = z.strictObject({
  white_percent: z
    .number()
    .min(0)
    .max(10)
    .default(0.05)
    .describe('% of the nominal voltage; RMS of white noise'),
  voltage_wander_percent: z
    .number()
    .min(0)
    .max(5)
    .default(0.4)
    .describe('%; slow variation of the voltage, over tens of seconds'),
  frequency_wander_hz: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.015)
    .describe('Hz; slow variation of the frequency, over tens of seconds'),
  offset_v: z.number().min(-10).max(10).default(0).describe('V; DC offset, as from an ADC'),
});

const grid = z.strictObject({
  voltage_v: z.number().positive().max(1000).default(120).describe('V RMS; nominal voltage (1 pu)'),
  frequency_hz: z.number().min(40).max(70).default(60).describe('Hz'),
  calibration_constant: z.number().positive().default(96.56).describe('counts per volt of the simulated box'),
  harmonics: z
    .array(harmonic)
    .default([
      { order: 3, percent: 1.2, phase_deg: 20 },
      { order: 5, percent: 1.6, phase_deg: 170 },
      { order: 7, percent: 0.9, phase_deg: 300 },
    ])
    .describe('harmonics that are always present'),
  noise: noise.prefault({}),
});

export const SCENARIO_SCHEMA = z.strictObject({
  name: z.string().min(1).describe('name in logs'),
  description: z.string().optional().describe('what the scenario shows'),
  duration_s: z.number().min(1).max(86_400).describe('s; length of the loop, a multiple of 1/60'),
  seed: z
    .int()
    .min(0)
    .max(0x7fff_ffff)
    .default(1)
    .describe('seed of all random numbers; the seed of each box is derived from it'),
  grid: grid.prefault({}),
  boxes: z
    .array(
      z.strictObject({
        position: z.int().min(1).describe('position of the box, from 1 on'),
        voltage_v: z.number().positive().max(1000).optional().describe('V RMS, in place of the grid voltage'),
        calibration_constant: z.number().positive().optional().describe('counts per volt'),
      }),
    )
    .default([])
    .describe('differences at individual boxes'),
  events: z.array(event).default([]).describe('events on the grid'),
});

export type Scenario = z.output<typeof SCENARIO_SCHEMA>;
export type ScenarioEvent = Scenario['events'][number];
export type Harmonic = z.output<typeof harmonic>;
