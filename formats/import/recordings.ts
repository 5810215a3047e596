/** What a file's recordings become: for each the voltages at 12 kHz, and the names of what is no voltage. */
import type { FileContent, Recording } from '../recording.js';
import { type Voltage, voltageChannels, voltageOfChannel } from '../voltage.js';
import { type FormatWarning, warningText } from '../warnings.js';
import { peakOf, rangeOf, startOf, type Waveform, waveformOf } from './waveforms.js';

export interface ImportOptions {
  /** only this channel, by name or number */
  channel?: string;
  /** which side of the instrument transformer; without it what the file holds */
  side?: 'primary' | 'secondary';
  /** Unix ms of the recording's start, in place of the file's */
  startMs?: number;
  /** minutes that the file's local time lies ahead of UTC, for files that do not say it */
  utcOffsetMin?: number;
}

export interface ImportedChannel {
  name: string;
  /** volts that its box must hold, over all recordings of the file */
  rangeV: number;
  waveform: Waveform;
}

export interface ImportedRecording {
  /** which of the file's recordings, from 1 on */
  number: number;
  name: string;
  /** where it was recorded; what recorded it where the file does not say; '' where it says neither */
  station: string;
  channels: ImportedChannel[];
  /** channels that stay in the original file only */
  notImported: string[];
}

export interface Imported {
  recordings: ImportedRecording[];
  /** what is odd in the file, as sentences with file and place */
  warnings: string[];
}

/** A voltage in its file. */
interface Found {
  recording: Recording;
  number: number;
  voltages: Voltage[];
}

/**
 * @param file its name, for messages
 * @throws MakaiError RECORDING_INVALID when a voltage cannot be imported; not for a file without any: then `recordings` is empty
 */
export function importedFrom(content: FileContent, file: string, options: ImportOptions = {}): Imported {
  const found = content.recordings.map((recording, i): Found => {
    const channels = recording.analog.length === 0 ? [] : voltageChannels(recording, file, options.channel);
    const voltages = channels.map((channel) => voltageOfChannel(content, recording, channel, file, options));
    return { recording, number: i + 1, voltages };
  });
  const ranges = rangesOf(found);
  const recordings = found
    .filter(({ voltages }) => voltages.length > 0)
    .map((one): ImportedRecording => {
      const { recording, number, voltages } = one;
      const station = stationOf(recording);
      return {
        number,
        name: recording.name,
        station,
        channels: voltages.map((voltage) => ({
          name: voltage.channel.name,
          rangeV: ranges.get(keyOf(recording, voltage)) ?? 0,
          waveform: waveformOf(voltage, startOf(voltage, options, file), file),
        })),
        notImported: othersOf(one),
      };
    });
  const warnings = new Set<FormatWarning>(content.warnings);
  for (const { voltages } of found)
    for (const voltage of voltages) for (const warning of voltage.warnings) warnings.add(warning);
  return { recordings, warnings: [...warnings].map(warningText) };
}

function stationOf({ station, device }: Recording): string {
  return station || device;
}

const keyOf = (recording: Recording, { channel }: Voltage): string =>
  JSON.stringify([stationOf(recording), channel.name]);

/** A channel has one box for all recordings of a file, so its range is the largest of them. */
function rangesOf(found: readonly Found[]): Map<string, number> {
  const ranges = new Map<string, number>();
  for (const { recording, voltages } of found) {
    for (const voltage of voltages) {
      const key = keyOf(recording, voltage);
      ranges.set(key, Math.max(ranges.get(key) ?? 0, rangeOf(voltage, factorOf(voltage))));
    }
  }
  return ranges;
}

/** Volts of 1 in the channel's own unit and side, which its declared range is in. */
function factorOf({ values, channel }: Voltage): number {
  const { samples, scale, offset, missing } = channel;
  for (let i = 0; i < values.length; i += 1) {
    const raw = samples[i] ?? Number.NaN;
    const own = scale * raw + offset;
    if (raw !== missing && Math.abs(own) > 0) return (values[i] ?? 0) / own;
  }
  return peakOf(values) > 0 ? 1 : 0;
}

function othersOf({ recording, voltages }: Found): string[] {
  const taken = new Set(voltages.map(({ channel }) => channel));
  const names = [
    ...recording.analog.filter((channel) => !taken.has(channel)).map(({ name }) => name),
    ...recording.digital.map(({ name }) => name),
    ...recording.series.map(({ name }) => name),
  ];
  return [...new Set(names)];
}
