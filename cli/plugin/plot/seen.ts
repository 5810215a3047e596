/** What a recording shows to a plugin: voltage and frequency of each box, as the replay gives them. */
import type { PluginRecording } from '../recording.js';
import { stepsOf } from '../steps.js';
import { Trace } from './trace.js';

export interface SeenBox {
  boxId: number;
  measurements: number;
  /** V RMS */
  voltage: Trace;
  /** Hz */
  frequency: Trace;
}

export interface Seen {
  description: string;
  /** of the measurements, Unix ms; NaN without any */
  fromMs: number;
  toMs: number;
  boxes: SeenBox[];
}

/** Reads all of the recording. */
export function seenIn(recording: PluginRecording): Seen {
  const boxes = new Map<number, SeenBox>();
  let fromMs = Number.POSITIVE_INFINITY;
  let toMs = Number.NEGATIVE_INFINITY;
  for (const step of stepsOf(recording.frames)) {
    if (step.kind === 'tick') continue;
    const { boxId: ids, count, f, rms, timestampMs } = step.columns;
    for (let i = 0; i < count; i += 1) {
      const boxId = ids[i] ?? 0;
      const ms = timestampMs[i] ?? 0;
      let box = boxes.get(boxId);
      if (box === undefined) {
        box = { boxId, measurements: 0, voltage: new Trace(), frequency: new Trace() };
        boxes.set(boxId, box);
      }
      fromMs = Math.min(fromMs, ms);
      toMs = Math.max(toMs, ms);
      box.measurements += 1;
      for (const [trace, metric] of [
        [box.voltage, rms],
        [box.frequency, f],
      ] as const) {
        const [low = Number.NaN, mean = Number.NaN, high = Number.NaN] = [
          metric.min[i],
          metric.average[i],
          metric.max[i],
        ];
        trace.add(ms, low, mean, high);
      }
    }
  }
  const byId = [...boxes.values()].toSorted((a, b) => a.boxId - b.boxId);
  const isEmpty = byId.length === 0;
  return {
    description: recording.description,
    fromMs: isEmpty ? Number.NaN : fromMs,
    toMs: isEmpty ? Number.NaN : toMs,
    boxes: byId,
  };
}
