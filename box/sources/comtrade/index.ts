/** A voltage channel of a COMTRADE recording. */

import { type Recording, unusable } from '../recording.js';
import type { Piece } from '../resample.js';
import { type AnalogChannel, type ComtradeConfig, parseConfig } from './config.js';
import { type ChannelData, readChannel } from './data.js';
import { readParts } from './files.js';

export type { AnalogChannel, ComtradeConfig } from './config.js';

/** Sections whose rates differ by no more belong to one piece: the recorder followed the mains. */
const SAME_RATE = 0.05;

export interface ComtradeOptions {
  /** name or number (from 1 on) of the analog channel; without it the first whose unit is V or kV */
  channel?: string;
  /** which side of the instrument transformer; without it, what the file holds */
  side?: 'primary' | 'secondary';
}

/**
 * @param file the .cfg (with its .dat beside it) or the .cff
 * @throws MakaiError RECORDING_INVALID; the system's error when a file cannot be read
 */
export function readComtrade(file: string, options: ComtradeOptions = {}): Recording {
  const { config: text, data } = readParts(file);
  const config = parseConfig(text, file);
  const channel = chooseChannel(config, options.channel, file);
  const channelData = readChannel(data, config, channel, file);
  const factor = unitFactor(channel) * sideFactor(channel, options.side);
  const values = filled(channelData.values, file).map((value) => value * factor);
  return {
    description: `${file} channel ${channel.name}`,
    pieces: piecesOf(values, channelData, config, file),
    lineFrequencyHz: config.lineFrequencyHz,
  };
}

function chooseChannel({ analog }: ComtradeConfig, wanted: string | undefined, file: string): AnalogChannel {
  const found =
    wanted === undefined
      ? analog.find(({ unit }) => /^k?v(olts?)?$/i.test(unit))
      : (analog.find(({ name }) => name === wanted) ??
        analog.find(({ name }) => name.toLowerCase() === wanted.toLowerCase()) ??
        analog.find(({ index }) => String(index + 1) === wanted));
  if (found !== undefined) return found;
  const names = analog.map(({ name, unit }) => `${name} (${unit})`).join(', ');
  throw unusable(
    `${file}: ${wanted === undefined ? 'no channel in volts' : `no channel "${wanted}"`}; it has ${names}`,
  );
}

function unitFactor({ unit }: AnalogChannel): number {
  return /^k/i.test(unit) ? 1000 : 1;
}

function sideFactor({ side, primary, secondary }: AnalogChannel, wanted: ComtradeOptions['side']): number {
  if (wanted === 'primary' && side === 'S') return primary / secondary;
  return wanted === 'secondary' && side === 'P' ? secondary / primary : 1;
}

/** Missing samples on a straight line between their neighbours. */
function filled(values: Float64Array, file: string): Float64Array {
  let known = -1;
  for (let i = 0; i <= values.length; i += 1) {
    const value = values[i] ?? Number.NaN;
    if (i < values.length && Number.isNaN(value)) continue;
    const before = values[known] ?? value;
    const after = i < values.length ? value : before;
    for (let k = known + 1; k < i; k += 1)
      values[k] = before + ((after - before) * (k - known)) / (i - known);
    known = i;
  }
  if (values.length === 0 || Number.isNaN(values[0])) throw unusable(`${file}: no sample in it`);
  return values;
}

/** By the rates of the CFG, which stand above the time column (1999, 5.3.7); by that column where there are none. */
function piecesOf(
  values: Float64Array,
  { times }: ChannelData,
  config: ComtradeConfig,
  file: string,
): Piece[] {
  if (config.rates.length === 0) {
    const seconds = times.map((time) => time * config.timeUnitS);
    if (!rises(seconds)) throw unusable(`${file}: no sampling rate, and a time column that does not rise`);
    return [{ samples: values, times: seconds }];
  }
  const pieces: Piece[] = [];
  let from = 0;
  let time = 0;
  let rate = config.rates[0]?.rate ?? 1;
  let stamps: number[] = [];
  for (let i = 0, section = 0; i < values.length; i += 1) {
    while (
      i >= (config.rates[section]?.lastSample ?? Number.POSITIVE_INFINITY) &&
      section < config.rates.length - 1
    )
      section += 1;
    const own = config.rates[section]?.rate ?? rate;
    if (Math.abs(own / rate - 1) > SAME_RATE) {
      pieces.push({ samples: values.subarray(from, i), times: stamps });
      stamps = [];
      from = i;
    }
    rate = own;
    stamps.push(time);
    time += 1 / rate;
  }
  pieces.push({ samples: values.subarray(from), times: stamps });
  return pieces;
}

function rises(times: Float64Array): boolean {
  return times.every((time, i) => i === 0 || time > (times[i - 1] ?? Number.NaN));
}
