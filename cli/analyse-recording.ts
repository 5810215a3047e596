/** The incidents of a recording, as `makai analyse --file` prints them: nothing is stored. */
import { basename } from 'node:path';
import { importedFrom } from '../formats/import/index.js';
import { type ReadOptions, readOpened, unreadable } from '../formats/index.js';
import { analyseWaveform, cycleRms, gapsOf, sampleRuns } from '../signal/index.js';
import { ANALYSIS_SOURCE, NO_EVENT } from '../store/incidents.js';
import type { IncidentDocument } from '../store/store.js';
import { openNamedRecording } from './open-recording.js';

export interface RecordingChoice extends ReadOptions {
  startMs?: number;
  nominalVoltage?: number;
  nominalFrequency?: number;
  channel?: string;
  side?: 'primary' | 'secondary';
}

/** Voltages are judged at 12 kHz, as `makai import` would store them; the channel stands in the place of the box. */
export function analyseRecording(
  file: string,
  options: RecordingChoice,
): { incidents: IncidentDocument[]; remarks: string[] } {
  const content = readOpened(openNamedRecording(file), options);
  const { recordings, warnings } = importedFrom(content, file, options);
  if (recordings.length === 0)
    throw unreadable({ file }, 'no channel in volts in it', 'Name the channel of voltage (--channel).');
  const remarks = [...warnings];
  const incidents: IncidentDocument[] = [];
  for (const { channels, station } of recordings) {
    for (const { name, waveform } of channels) {
      const { timesMs, volts } = waveform;
      const runs = sampleRuns(timesMs, volts.length, timesMs[0] ?? 0);
      const [first] = runs;
      if (first === undefined) continue;
      const nominalVoltage = options.nominalVoltage ?? medianRms(volts);
      const judge = (nominalFrequency: number) =>
        analyseWaveform(volts, {
          ...{ rate: 1000 / first.stepMs, nominalVoltage, nominalFrequency },
          ...{ calibration: 1, startMs: first.startMs, gaps: gapsOf(runs) },
        });
      const { nominalFrequency } = options;
      const at60 = judge(nominalFrequency ?? 60);
      const isAt50 = nominalFrequency === undefined && !(at60.summary.frequency > 55);
      const analysis = isAt50 ? judge(50) : at60;
      const frequency = nominalFrequency ?? (isAt50 ? 50 : 60);
      remarks.push(...analysis.remarks.map(({ text }) => `${name}: ${text}`));
      if (options.nominalVoltage === undefined)
        remarks.push(
          `${name}: judged by ${nominalVoltage.toPrecision(5)} V, its median, and ${frequency} Hz`,
        );
      for (const found of analysis.incidents) {
        incidents.push({
          incident_id: incidents.length + 1,
          event_id: NO_EVENT,
          box_id: name,
          start_timestamp_ms: Math.round(found.startMs),
          end_timestamp_ms: Math.round(found.endMs),
          location: station || basename(file),
          measurement_type: found.quantity,
          deviation_from_nominal: found.deviation,
          measurements: [],
          gridfs_filename: '',
          classifications: [...found.classes],
          ieee_duration: found.ieeeDuration,
          annotations: [],
          metadata: { ...found.metadata, worst: found.worst },
          expire_at: 0,
          source: ANALYSIS_SOURCE,
        });
      }
    }
  }
  return { incidents: incidents.sort((a, b) => a.start_timestamp_ms - b.start_timestamp_ms), remarks };
}

/** V: what the recording shows most of the time. */
function medianRms(volts: Float64Array): number {
  const sorted = Array.from(cycleRms(volts)).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
