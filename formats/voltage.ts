/** One channel of a file as volts over time: which it is, what its numbers mean, where samples are missing. */
import type { Moment } from './moment.js';
import { shown, unreadable } from './problems.js';
import type { AnalogChannel, FileContent, Recording, TimeBase } from './recording.js';
import { valuesOf } from './samples.js';
import { type Unit, unitOf } from './units.js';
import { type FormatWarning, Warnings } from './warnings.js';

export interface VoltageOptions {
  /** name or number (from 1 on) of the channel; without it the first in volts */
  channel?: string;
  /** name or number (from 1 on) of the recording, in a file of several; without it the first that has a voltage */
  recording?: string;
  /** which side of the instrument transformer; without it what the file holds */
  side?: 'primary' | 'secondary';
}

export interface Voltage {
  channel: AnalogChannel;
  recording: Recording;
  /** V; missing samples on a straight line between their neighbours */
  values: Float64Array;
  /** samples that were missing */
  missing: number;
  time: TimeBase;
  /** of the recording, where the file says it */
  start: Moment | undefined;
  nominalFrequencyHz: number | undefined;
  /** of the file and of this choice */
  warnings: readonly FormatWarning[];
}

/**
 * @param file its name, for messages
 * @throws MakaiError RECORDING_INVALID when there is no such channel, it is not in volts, or has no sample
 */
export function voltageOf(content: FileContent, file: string, options: VoltageOptions = {}): Voltage {
  const warnings = new Warnings();
  const recording = recordingOf(content, file, options, warnings);
  return voltageOfChannel(content, recording, channelOf(recording, file, options), file, options, warnings);
}

/**
 * The channels that are voltages: those in volts, or, where none says its unit, the one that is likely one.
 * @param wanted only this one, by name or number
 * @throws MakaiError RECORDING_INVALID when there is no channel `wanted`
 */
export function voltageChannels(recording: Recording, file: string, wanted?: string): AnalogChannel[] {
  if (wanted !== undefined) return [channelOf(recording, file, { channel: wanted })];
  const known = recording.analog.filter(isVoltage);
  const likely = known.length > 0 ? known : [onlyVoltage(recording.analog)];
  return likely.filter((channel) => channel !== undefined);
}

/** As `voltageOf`, for a channel that was chosen already. @throws MakaiError RECORDING_INVALID when it is not in volts, or has no sample */
export function voltageOfChannel(
  content: FileContent,
  recording: Recording,
  channel: AnalogChannel,
  file: string,
  options: Pick<VoltageOptions, 'side'>,
  warnings = new Warnings(),
): Voltage {
  const factor = unitFactor(channel, file, content, warnings) * sideFactor(channel, options, file, warnings);
  const values = valuesOf(channel);
  const missing = fill(values, channel, file);
  if (missing > 0) {
    const text = `${missing} of ${values.length} samples of ${channel.name} are missing: a straight line stands in their place`;
    warnings.add('missing', { file }, text);
  }
  for (let i = 0; i < values.length; i += 1) values[i] = (values[i] ?? 0) * factor;
  return {
    channel,
    recording,
    values,
    missing,
    time: channel.time,
    start: recording.start,
    nominalFrequencyHz: recording.nominalFrequencyHz,
    warnings: [...content.warnings, ...warnings.all],
  };
}

function recordingOf(
  { recordings }: FileContent,
  file: string,
  { recording: wanted }: VoltageOptions,
  warnings: Warnings,
): Recording {
  const found =
    wanted === undefined
      ? (recordings.find(({ analog }) => analog.some(isVoltage)) ??
        recordings.find(({ analog }) => analog.length > 0))
      : (recordings.find(({ name }) => name === wanted) ?? recordings[Number(wanted) - 1]);
  const names = recordings.slice(0, 20).map(({ name }, i) => name || `recording ${i + 1}`);
  if (found === undefined) {
    const what =
      wanted === undefined
        ? 'no waveform in it'
        : `no recording "${shown(wanted)}"; it has ${names.join(', ')}`;
    throw unreadable({ file }, what);
  }
  if (wanted === undefined && recordings.length > 1) {
    warnings.add(
      'recordings',
      { file },
      `has ${recordings.length} recordings: ${found.name || 'the first'} is taken`,
    );
  }
  return found;
}

function channelOf({ analog }: Recording, file: string, { channel: wanted }: VoltageOptions): AnalogChannel {
  const found = wanted === undefined ? onlyVoltage(analog) : named(analog, wanted);
  if (found !== undefined) return found;
  const names = analog
    .slice(0, 40)
    .map(({ name, unit }) => (unit === '' ? shown(name) : `${shown(name)} (${shown(unit)})`));
  const what = wanted === undefined ? 'no channel in volts' : `no channel "${shown(wanted)}"`;
  throw unreadable(
    { file },
    `${what}; it has ${names.join(', ')}`,
    'Name the channel of voltage (--channel).',
  );
}

function named(analog: readonly AnalogChannel[], wanted: string): AnalogChannel | undefined {
  const low = wanted.toLowerCase();
  return (
    analog.find(({ name }) => name === wanted) ??
    analog.find(({ name, unit }) => [name, `${name} (${unit})`].some((text) => text.toLowerCase() === low)) ??
    analog[Number(wanted) - 1]
  );
}

/** The first that is in volts; else, of channels without units, the only one whose name is a voltage's, or the only one. */
function onlyVoltage(analog: readonly AnalogChannel[]): AnalogChannel | undefined {
  const known = analog.find(isVoltage);
  if (known !== undefined) return known;
  const bare = analog.filter(({ unit }) => unit === '');
  const likely = bare.filter(({ name }) => /^(?:[vu]|volts?|voltage|ch|channel)[\s_-]?\w{0,4}$/i.test(name));
  if (likely.length > 0) return likely[0];
  return bare.length === 1 && analog.length === 1 ? bare[0] : undefined;
}

function isVoltage({ unit }: AnalogChannel): boolean {
  return unitOf(unit)?.quantity === 'voltage';
}

function unitFactor(
  { name, unit }: AnalogChannel,
  file: string,
  { format }: FileContent,
  warnings: Warnings,
): number {
  const meaning: Unit | undefined = unitOf(unit);
  if (meaning?.quantity === 'voltage') return meaning.factor;
  if (unit === '') {
    // a WAV file is scaled by what the user says of full scale
    if (format !== 'wav')
      warnings.add('unit', { file }, `channel ${shown(name)} has no unit: taken as volts`);
    return 1;
  }
  const what = meaning === undefined ? 'which is no unit that is known' : 'not in volts';
  throw unreadable(
    { file },
    `channel ${shown(name)} is in "${shown(unit)}", ${what}`,
    'Name a channel of voltage (--channel).',
  );
}

function sideFactor(
  { name, transformer }: AnalogChannel,
  { side: wanted }: VoltageOptions,
  file: string,
  warnings: Warnings,
): number {
  if (wanted === undefined || transformer?.side === wanted) return 1;
  if (transformer === undefined) {
    warnings.add(
      'side',
      { file },
      `channel ${shown(name)} says nothing of a transformer: its values are taken as they are`,
    );
    return 1;
  }
  const { primary, secondary } = transformer;
  return wanted === 'primary' ? primary / secondary : secondary / primary;
}

/** @returns how many were missing */
function fill(values: Float64Array, { name }: AnalogChannel, file: string): number {
  let known = -1;
  let missing = 0;
  for (let i = 0; i <= values.length; i += 1) {
    const value = values[i] ?? Number.NaN;
    if (i < values.length && Number.isNaN(value)) {
      missing += 1;
      continue;
    }
    const before = values[known] ?? value;
    const after = i < values.length ? value : before;
    for (let k = known + 1; k < i; k += 1)
      values[k] = before + ((after - before) * (k - known)) / (i - known);
    known = i;
  }
  if (missing === values.length) throw unreadable({ file }, `channel ${shown(name)} has no sample`);
  return missing;
}
