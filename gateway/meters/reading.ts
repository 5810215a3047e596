/** From a message of a meter to a measurement: what each mapping says of its JSON, in SI units. Everything in a message is foreign. */
import { stepsOf } from '../../config/meter-topics.js';
import type { MeterTopic } from '../../config/settings.js';

export interface Reading {
  /** Unix ms */
  timestampMs: number;
  /** V RMS */
  voltage?: number;
  /** Hz */
  frequency?: number;
  /** fraction of the fundamental */
  thd?: number;
}

/** Why a message is no measurement: a reason of `refused` in the gateway's status. */
export type ReadingRefusal =
  | 'meter_too_long'
  | 'meter_no_json'
  | 'meter_no_values'
  | 'meter_wrong_type'
  | 'meter_out_of_range'
  | 'meter_time';

export type Read = { reading: Reading } | { refused: ReadingRefusal; detail: string };

export const MAX_METER_BYTES = 65_536;
/** As the triggering service accepts them. */
const MAX_AHEAD_MS = 300_000;
const MAX_AGE_MS = 86_400_000;

const FACTORS = { V: 1, mV: 1e-3, kV: 1e3, Hz: 1, mHz: 1e-3, '%': 1e-2, ratio: 1 } as const;
/** Of the nominal voltage of the mapping: sensors with a battery publish its voltage in mV under the same name. */
const MAX_PU = 3;
const RANGES = { voltage: [0, 1e6], frequency: [1, 1000], thd: [0, 10] } as const;
const QUANTITIES = ['voltage', 'frequency', 'thd'] as const;
const MS_PER = { ms: 1, s: 1000 } as const;
/** A time without a zone is local to somebody: nobody knows to whom. */
const ISO_TIME = /^\d{4}-\d\d-\d\dT[\d:.]{5,15}(Z|[+-]\d\d:?\d\d)$/;

class Refused extends Error {
  readonly reason: ReadingRefusal;

  constructor(reason: ReadingRefusal, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** @param nowMs Unix ms, when it was received */
export function readMeter(mapping: MeterTopic, payload: Buffer, nowMs: number): Read {
  try {
    const value = parsed(payload);
    const reading: Reading = { timestampMs: timeIn(mapping, value, nowMs) };
    let count = 0;
    for (const quantity of QUANTITIES) {
      const where = mapping[quantity];
      if (where === undefined) continue;
      const number = numberAt(value, where.path, quantity);
      if (number === undefined) continue;
      const inUnit = number * FACTORS[where.unit];
      const [min, limit] = RANGES[quantity];
      const max = quantity === 'voltage' ? maxVoltage(mapping, limit) : limit;
      if (!(inUnit >= min && inUnit <= max))
        throw new Refused('meter_out_of_range', `${quantity}: ${number} ${where.unit}`);
      reading[quantity] = inUnit;
      count += 1;
    }
    if (count === 0) throw new Refused('meter_no_values', 'none of its paths has a value');
    return { reading };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { refused: error.reason, detail: error.message };
  }
}

const maxVoltage = ({ nominalVoltage }: MeterTopic, limit: number): number =>
  nominalVoltage === undefined ? limit : Math.min(limit, MAX_PU * nominalVoltage);

function parsed(payload: Buffer): unknown {
  if (payload.length > MAX_METER_BYTES)
    throw new Refused('meter_too_long', `expected at most ${MAX_METER_BYTES} bytes, found ${payload.length}`);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    throw new Refused('meter_no_json', 'expected JSON, found something else');
  }
}

/** What is not there, or null, is not known: meters leave out, or set to null, what they do not measure. */
function numberAt(value: unknown, path: string, name: string): number | undefined {
  const found = at(value, path);
  if (found === undefined || found === null) return undefined;
  if (typeof found !== 'number' || !Number.isFinite(found))
    throw new Refused('meter_wrong_type', `${name}: expected a number at "${path}", found ${typeof found}`);
  return found;
}

/** Own properties only: `toString` is no value of a document. */
function at(value: unknown, path: string): unknown {
  let found = value;
  for (const step of stepsOf(path) ?? []) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined;
    found = Reflect.get(found, step);
  }
  return found;
}

function timeIn({ time }: MeterTopic, value: unknown, nowMs: number): number {
  if (time === undefined) return Math.round(nowMs);
  const found = at(value, time.path);
  const ms = Math.round(timeOf(found, time.unit));
  if (ms - nowMs > MAX_AHEAD_MS || nowMs - ms > MAX_AGE_MS || Number.isNaN(ms))
    throw new Refused('meter_time', `expected a time of the last 24 h, found ${String(found).slice(0, 50)}`);
  return ms;
}

/** Unix ms; NaN: it is none */
function timeOf(found: unknown, unit: 'ms' | 's' | 'iso'): number {
  if (unit === 'iso')
    return typeof found === 'string' && ISO_TIME.test(found) ? Date.parse(found) : Number.NaN;
  return typeof found === 'number' ? found * MS_PER[unit] : Number.NaN;
}
