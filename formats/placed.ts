/**
 * Recordings on one time base, as `align.ts` makes them, and copies of which a little is different: field by field, since an object that spreads another and
 * adds to it takes microseconds, several for each event of an export.
 */
import { later } from './moment.js';
import type { AnalogChannel, Recording, TimeBase } from './recording.js';

/** Samples `first` to `first + count - 1` of a channel stand at `to` of the common time base. */
export interface Place {
  first: number;
  count: number;
  to: number;
}

/** Rising; what is between them is missing. Left out: the samples are as many as the time base has times. */
export interface Placed {
  places?: readonly Place[] | undefined;
}

/** A recording with all channels on one time base. */
export type PlacedRecording = Omit<Recording, 'analog'> & {
  time: TimeBase;
  analog: (AnalogChannel & Placed)[];
};

/** The recording so much later, with these channels. */
export function startingAt(
  recording: Recording,
  fromS: number,
  { analog, digital, time }: Pick<PlacedRecording, 'analog' | 'digital' | 'time'>,
): PlacedRecording {
  return {
    name: recording.name,
    station: recording.station,
    device: recording.device,
    start: recording.start === undefined ? undefined : later(recording.start, fromS),
    trigger: recording.trigger,
    nominalFrequencyHz: recording.nominalFrequencyHz,
    analog,
    digital,
    series: recording.series,
    metadata: recording.metadata,
    time,
  } satisfies Record<keyof PlacedRecording, unknown>;
}

/** The channel on another time base, so much later. */
export function onTime(channel: AnalogChannel, time: TimeBase, laterS: number): AnalogChannel & Placed {
  return {
    name: channel.name,
    phase: channel.phase,
    component: channel.component,
    unit: channel.unit,
    samples: channel.samples,
    scale: channel.scale,
    offset: channel.offset,
    missing: channel.missing,
    time,
    skewS: channel.skewS + laterS,
    transformer: channel.transformer,
    range: channel.range,
    places: undefined,
  } satisfies Record<keyof (AnalogChannel & Placed), unknown>;
}
