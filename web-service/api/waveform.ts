/**
 * Waveforms. JSON for small ones; else binary (`application/vnd.makai.waveform`), little endian throughout:
 *
 * | offset | type | what |
 * |---|---|---|
 * | 0 | 4 bytes | `MKW1` |
 * | 4 | uint8 | values: 1 = int16, raw counts; 2 = float32, volts |
 * | 5 | uint8 | form: 0 = samples; 1 = min/max bands |
 * | 6 | uint16 | 0 |
 * | 8 | float64 | calibration constant: volts = counts / constant |
 * | 16 | float64 | start of the range that was asked for, Unix ms |
 * | 24 | float64 | its end, Unix ms |
 * | 32 | uint32 | R: number of runs |
 * | 36 | uint32 | V: samples, or bands, in all runs together |
 * | 40 | uint32 | samples of the whole waveform |
 * | 44 | uint32 | samples in the range, before decimation |
 * | 48 | R x 24 bytes | runs: float64 start_ms, float64 step_ms, uint32 first, uint32 count |
 * | 48 + 24 R | V values | form 0: the samples; form 1: V minima, then V maxima |
 *
 * A run is a part without gaps: sample `first + i` is at `start_ms + i * step_ms`. In form 1 band `first + i` covers from there up to `start_ms + (i + 1) * step_ms` (the
 * last one of a run may hold fewer samples). Between runs there are no samples. int16 bands are of counts, float32 bands of volts.
 */
import { z } from 'zod';
import { atMs, boxIdText, eventId, timeMs } from './common.js';

export const WAVEFORM_TYPE = 'application/vnd.makai.waveform';
export const WAVEFORM_MAGIC = 'MKW1';
export const WAVEFORM_HEADER_BYTES = 48;
export const WAVEFORM_RUN_BYTES = 24;
export const WAVEFORM_VALUES = { int16: 1, float32: 2 } as const;
export const WAVEFORM_FORMS = { samples: 0, bands: 1 } as const;

/** Samples of a reply in JSON. */
export const MAX_JSON_SAMPLES = 100_000;
export const MAX_POINTS = 100_000;

export const waveformQuery = z.object({
  from: timeMs.optional().meta({ description: 'Samples from this time on, Unix ms (fractions allowed)' }),
  to: timeMs.optional().meta({ description: 'Samples before this time' }),
  points: z.int().min(2).max(MAX_POINTS).optional().meta({
    description:
      'If the range has more samples than this: min/max bands, so many at most. Absent: every sample',
  }),
  values: z.enum(['int16', 'float32']).default('int16'),
  format: z
    .enum(['binary', 'json'])
    .default('binary')
    .meta({ description: `json: volts, at most ${MAX_JSON_SAMPLES} samples or bands` }),
});
export type WaveformQuery = z.output<typeof waveformQuery>;

export const waveformRun = z.object({
  start_ms: atMs,
  step_ms: z.number(),
  first: z.int(),
  count: z.int(),
});
export type WaveformRun = z.output<typeof waveformRun>;

/** The JSON form. `volts`: samples; `min_volts` and `max_volts`: bands. */
export const waveform = z.object({
  event_id: eventId,
  box_id: boxIdText,
  form: z.enum(['samples', 'bands']),
  calibration_constant: z.number(),
  from_ms: atMs,
  to_ms: atMs,
  total_samples: z.int(),
  samples_in_range: z.int(),
  runs: z.array(waveformRun),
  volts: z.array(z.number()).optional(),
  min_volts: z.array(z.number()).optional(),
  max_volts: z.array(z.number()).optional(),
});

/** Range of what is computed from samples. */
export const sampleRangeQuery = z.object({
  from: timeMs.optional(),
  to: timeMs.optional(),
});

/** Urms(1/2) of IEC 61000-4-30: one cycle long, refreshed each half cycle, as the analysis computes it. */
export const rmsQuery = sampleRangeQuery.extend({
  points: z.int().min(10).max(MAX_POINTS).default(10_000),
});
export const rms = z.object({
  event_id: eventId,
  box_id: boxIdText,
  nominal_voltage: z.number(),
  timestamp_ms: z
    .array(z.number())
    .meta({ description: 'Middle of each cycle, or of the values that were put together' }),
  min: z.array(z.number()).meta({ description: 'V' }),
  max: z.array(z.number()).meta({ description: 'V; the same as min where nothing was put together' }),
});
export type Rms = z.output<typeof rms>;

/** Of up to ten seconds from `from` on. */
export const spectrum = z.object({
  event_id: eventId,
  box_id: boxIdText,
  from_ms: atMs,
  to_ms: atMs,
  windows: z.int().meta({ description: 'Windows of 10 (50 Hz) or 12 (60 Hz) cycles that were averaged' }),
  frequency: z.number().meta({ description: 'Hz, of the fundamental' }),
  fundamental: z.number().meta({ description: 'V RMS' }),
  thd: z.number().meta({ description: 'THDS, a fraction' }),
  harmonics: z
    .array(z.number())
    .meta({ description: 'V RMS of the subgroups of orders 1, 2, ... 50 (IEC 61000-4-7)' }),
  interharmonics: z.array(z.number()).meta({ description: 'V RMS of the interharmonic subgroups 1, 2, ...' }),
});
export type Spectrum = z.output<typeof spectrum>;
