/** An event as a recording: one channel a box, each on its own times, samples as they are stored. */
import { type SampleRun, sampleRuns } from '../../signal/index.js';
import { countsPerVolt } from '../../store/calibration.js';
import type { BoxDocument, BoxEventDocument, EventDocument } from '../../store/store.js';
import { type Moment, momentFromMs } from '../moment.js';
import { onTime, startingAt } from '../placed.js';
import type { AnalogChannel, Recording, TimeBase } from '../recording.js';

/** A box's waveform in an event. */
export interface BoxPart {
  boxEvent: BoxEventDocument;
  /** undefined for a box that is not recorded: its counts are then taken as volts */
  box: BoxDocument | undefined;
  /** raw ADC counts */
  counts: Int16Array;
}

export interface EventParts {
  event: EventDocument;
  boxes: readonly BoxPart[];
}

/** Boxes timestamp cycles with whole milliseconds. */
const UNCERTAINTY_NS = 1_000_000n;

/** Counts per volt of a waveform, as they were when it was taken. */
export function constantOf({ box, boxEvent }: BoxPart): number {
  return countsPerVolt(boxEvent, box);
}

/** Runs of samples of a box, by the timestamps of its cycles. */
export function runsOf({ boxEvent, counts }: BoxPart): SampleRun[] {
  return sampleRuns(boxEvent.window_timestamps_ms, counts.length, boxEvent.event_start_timestamp_ms);
}

/**
 * @param parts boxes without samples are left out
 * @param nominalFrequencyHz of the grid, where it is known
 * @returns undefined when no box has a sample
 */
export function eventRecording(
  { event, boxes }: EventParts,
  nominalFrequencyHz?: number,
): Recording | undefined {
  const timed = boxes.map((part) => ({ part, runs: runsOf(part) })).filter(({ runs }) => runs.length > 0);
  const starts = timed.map(({ runs }) => runs[0]?.startMs ?? 0);
  if (timed.length === 0) return undefined;
  const startMs = Math.min(...starts);
  const places = [...new Set(timed.map(({ part }) => part.boxEvent.location))];
  const ids = timed.map(({ part }) => part.boxEvent.box_id);
  return {
    name: `event ${event.event_id}`,
    station: places.join(', '),
    device: ids.map((id) => `box ${id}`).join(', '),
    start: momentOf(startMs),
    nominalFrequencyHz,
    analog: timed.map(({ part, runs }) => channelOf(part, runs, startMs)),
    digital: [],
    series: [],
    metadata: {
      event_id: String(event.event_id),
      type: event.type ?? '',
      description: event.description,
      boxes_triggered: event.boxes_triggered.join(', '),
    },
  };
}

function momentOf(ms: number): Moment | undefined {
  // A clock that is wrong by more than a double of milliseconds can say is none.
  if (!(Math.abs(ms) < 8.64e15)) return undefined;
  const { unixNs, zone } = momentFromMs(ms);
  return { unixNs, zone, uncertaintyNs: UNCERTAINTY_NS };
}

function channelOf(part: BoxPart, runs: readonly SampleRun[], startMs: number): AnalogChannel {
  const { boxEvent, counts } = part;
  return {
    name: `box ${boxEvent.box_id}`,
    phase: '',
    component: boxEvent.location,
    unit: 'V',
    samples: counts,
    scale: 1 / constantOf(part),
    offset: 0,
    time: timeOf(runs, counts.length, startMs),
    skewS: 0,
  };
}

function timeOf(runs: readonly SampleRun[], count: number, startMs: number): TimeBase {
  const [first] = runs;
  if (first !== undefined && runs.length === 1) {
    const startS = (first.startMs - startMs) / 1000;
    return { kind: 'rates', startS, sections: [{ count, rateHz: rateOf(first.stepMs) }] };
  }
  const seconds = new Float64Array(count);
  for (const run of runs) {
    for (let i = 0; i < run.count; i += 1)
      seconds[run.first + i] = (run.startMs - startMs + i * run.stepMs) / 1000;
  }
  return { kind: 'timestamps', seconds };
}

/** 12,000 Hz, not what is left of it after a division twice. */
function rateOf(stepMs: number): number {
  const rate = 1000 / stepMs;
  const whole = Math.round(rate);
  return Math.abs(rate / whole - 1) < 1e-12 ? whole : rate;
}

/** A channel alone, from its own first sample on. */
export function alone(recording: Recording, index: number): Recording | undefined {
  const channel = recording.analog[index];
  if (channel === undefined) return undefined;
  const { time } = channel;
  const fromS = time.kind === 'rates' ? time.startS : (time.seconds[0] ?? 0);
  const moved: TimeBase =
    time.kind === 'rates'
      ? { kind: 'rates', startS: 0, sections: time.sections }
      : { kind: 'timestamps', seconds: time.seconds.map((seconds) => seconds - fromS) };
  const analog = [onTime(channel, moved, 0)];
  const copy = startingAt(recording, fromS, { analog, digital: recording.digital, time: moved });
  copy.station = channel.component;
  copy.device = channel.name;
  return copy;
}
