/** The box event of a waveform: what is stored beside its samples. */
import type { Waveform } from '../../proto/index.js';
import { locationOf } from '../../store/boxes.js';
import { calibrationAt } from '../../store/calibration.js';
import type { BoxDocument, BoxEventDocument } from '../../store/documents.js';
import { CYCLE_MS } from './trim.js';

/** @param record of the box; undefined: it has none. Its location is where the box is now, its constant the one that held when the waveform was taken */
export function boxEventOf(
  event_id: number,
  box_id: string,
  { timesMs }: Pick<Waveform, 'timesMs'>,
  record: BoxDocument | undefined,
): BoxEventDocument {
  const startMs = timesMs[0] ?? 0;
  const { calibration_constant } = calibrationAt(record, startMs);
  return {
    event_id,
    box_id,
    event_start_timestamp_ms: startMs,
    event_end_timestamp_ms: (timesMs.at(-1) ?? 0) + CYCLE_MS,
    window_timestamps_ms: timesMs,
    location: locationOf(record),
    data_fs_filename: `event_${event_id}_${box_id}`,
    ...(calibration_constant === undefined ? {} : { calibration_constant }),
  };
}
