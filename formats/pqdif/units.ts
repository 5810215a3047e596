/** Units of PQDIF's series as text, and the other way round. */
import { unitOf } from '../units.js';
import { UNITS } from './ids.js';

type UnitName = keyof typeof UNITS;

/** How people write them; times (TIMESTAMP, CYCLES, SAMPLES) keep the standard's word. */
const SYMBOLS: Readonly<Record<UnitName, string>> = {
  NONE: '',
  SECONDS: 's',
  TIMESTAMP: 'timestamp',
  CYCLES: 'cycles',
  VOLTS: 'V',
  AMPS: 'A',
  VA: 'VA',
  WATTS: 'W',
  VARS: 'var',
  OHMS: 'ohm',
  SIEMENS: 'S',
  VOLTSPERAMP: 'V/A',
  JOULES: 'J',
  HERTZ: 'Hz',
  CELCIUS: '°C',
  DEGREES: 'deg',
  DB: 'dB',
  PERCENT: '%',
  PERUNIT: 'pu',
  SAMPLES: 'samples',
  VARHOURS: 'varh',
  WATTHOURS: 'Wh',
  VAHOURS: 'VAh',
  MPS: 'm/s',
  MPH: 'mph',
  BARS: 'bar',
  PASCALS: 'Pa',
  NEWTONS: 'N',
  NEWTONMETERS: 'Nm',
  RPM: 'rpm',
  RADPERSEC: 'rad/s',
  METERS: 'm',
  WEBERTURNS: 'Wb-turns',
  TESLAS: 'T',
  WEBERS: 'Wb',
  VOLTSPERVOLT: 'V/V',
  AMPSPERAMP: 'A/A',
  AMPSPERVOLT: 'A/V',
};

const BY_ID: ReadonlyMap<number, string> = new Map(
  (Object.keys(UNITS) as UnitName[]).map((name) => [UNITS[name], SYMBOLS[name]]),
);
const BY_SYMBOL: ReadonlyMap<string, number> = new Map([...BY_ID].map(([id, symbol]) => [symbol, id]));
const OF_QUANTITY = {
  voltage: UNITS.VOLTS,
  current: UNITS.AMPS,
  time: UNITS.SECONDS,
  frequency: UNITS.HERTZ,
  power: undefined,
  angle: UNITS.DEGREES,
  temperature: UNITS.CELCIUS,
  ratio: UNITS.PERUNIT,
} as const;

/** The unit as text; undefined for an id that the standard does not define. */
export function unitText(id: number): string | undefined {
  return BY_ID.get(id);
}

/**
 * The standard's unit for one of ours, and by how much values grow in it: kV is VOLTS and 1000.
 * @returns undefined for a unit that PQDIF does not have
 */
export function unitId(unit: string): { id: number; factor: number } | undefined {
  const own = BY_SYMBOL.get(unit.trim());
  if (own !== undefined) return { id: own, factor: 1 };
  const known = unitOf(unit);
  const id = known === undefined ? undefined : OF_QUANTITY[known.quantity];
  return known === undefined || id === undefined ? undefined : { id, factor: known.factor };
}
