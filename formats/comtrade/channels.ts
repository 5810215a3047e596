/** The channel lines of a CFG. */
import { numberOf, numberWithin, wholeWithin } from '../numbers.js';
import { shown } from '../problems.js';
import type { ConfigLines } from './config-lines.js';

export interface ConfigAnalog {
  name: string;
  phase: string;
  component: string;
  unit: string;
  /** value = a * x + b */
  a: number;
  b: number;
  skewS: number;
  range?: { min: number; max: number };
  transformer?: { primary: number; secondary: number; side: 'primary' | 'secondary' };
}

export interface ConfigDigital {
  name: string;
  phase: string;
  component: string;
  normal: 0 | 1;
}

/** 2013 allows a million; the largest recorders have some thousand, and each takes a kilobyte whatever its samples. */
const MAX_CHANNELS = 20_000;
/** Scales beyond it are no electrical quantity, and products of them leave what a double holds. */
const MAX_SCALE = 1e30;
const MAX_SKEW_US = 1e6;

/** `8,8A,0D`: all, analog, digital. A part that is missing follows from the others. */
export function channelCounts(lines: ConfigLines): { analog: number; digital: number } {
  const fields = lines.next('numbers of channels');
  const mistake = () =>
    lines.mistake(`expected numbers of channels as in "8,6A,2D", found "${shown(fields.join(','))}"`);
  const counted = (suffix: string): number | undefined => {
    const field = fields.map((text) => text.toUpperCase()).find((text) => text.endsWith(suffix));
    const count = wholeWithin(field?.slice(0, -1), 0, MAX_CHANNELS);
    if (field !== undefined && count === undefined) throw mistake();
    return count;
  };
  const total = wholeWithin(fields[0], 0, MAX_CHANNELS);
  const given = { analog: counted('A'), digital: counted('D') };
  const analog = given.analog ?? difference(total, given.digital);
  const digital = given.digital ?? difference(total, given.analog);
  if (analog === undefined || digital === undefined || (given.analog ?? given.digital) === undefined) {
    throw mistake();
  }
  if (given.analog === undefined || given.digital === undefined) {
    lines.warn(
      'counts',
      `"${shown(fields.join(','))}" lacks a number: read as ${analog} analog and ${digital} digital`,
    );
  } else if (total !== analog + digital) {
    const all = total === undefined ? `"${shown(fields[0] ?? '')}"` : total;
    lines.warn(
      'counts',
      `${all} channels in all, but ${analog} analog and ${digital} digital: the latter are followed`,
    );
  }
  return { analog, digital };
}

function difference(total: number | undefined, part: number | undefined): number | undefined {
  return total !== undefined && part !== undefined && total >= part ? total - part : undefined;
}

/** An,ch_id,ph,ccbm,uu,a,b,skew,min,max[,primary,secondary,PS] */
export function analogLine(lines: ConfigLines, index: number, revision: number): ConfigAnalog {
  const f = aligned(lines, lines.next(`analog channel ${index + 1}`), revision);
  checkNumber(lines, f[0], index, 'analog');
  const factor = (field: string | undefined, what: string): number => {
    const value = numberWithin(field, -MAX_SCALE, MAX_SCALE);
    if (value !== undefined) return value;
    throw lines.mistake(
      `${what} of analog channel ${index + 1} is no number within ±${MAX_SCALE}: "${shown(field ?? '')}"`,
      'Check whether as many analog channels stand here as the second line says.',
    );
  };
  const a = factor(f[5], 'the multiplier a');
  const b = f[6] === '' || f[6] === undefined ? 0 : factor(f[6], 'the offset b');
  if (a === 0)
    lines.warn(
      'zero-multiplier',
      `the multiplier a of analog channel ${index + 1} is 0: all its values are ${b}`,
    );
  const range = rangeOf(lines, f[8], f[9]);
  const transformer = transformerOf(lines, f[10], f[11], f[12]);
  return {
    name: f[1] ?? '',
    phase: f[2] ?? '',
    component: f[3] ?? '',
    unit: f[4] ?? '',
    a,
    b,
    skewS: skewOf(lines, f[7]) * 1e-6,
    ...(range !== undefined && { range }),
    ...(transformer !== undefined && { transformer }),
  };
}

/**
 * The 13 fields. More than that come of commas in names or in numbers: names can be put together as long as what is then the unit is no
 * number, which it would be if one of the numbers behind it had a comma.
 */
function aligned(lines: ConfigLines, fields: string[], revision: number): string[] {
  const wanted = revision >= 1999 || /^[ps]$/i.test(fields.at(-1) ?? '') ? 13 : 10;
  let length = fields.length;
  while (length > wanted && fields[length - 1] === '') length -= 1;
  const kept = fields.slice(0, length);
  const extra = kept.length - wanted;
  if (extra <= 0 || (wanted === 10 && kept.length === 13)) return kept;
  const unit = kept[4 + extra] ?? '';
  if (
    numberOf(unit) !== undefined ||
    kept.slice(5 + extra, 10 + extra).some((x) => x !== '' && numberOf(x) === undefined)
  ) {
    throw lines.mistake(
      `expected ${wanted} fields of an analog channel, found ${kept.length}`,
      'If numbers are written with a decimal comma, put points in their place.',
    );
  }
  lines.warn('name-comma', `${kept.length} fields where ${wanted} belong: the name has a comma`);
  return [kept[0] ?? '', kept.slice(1, 2 + extra).join(','), ...kept.slice(2 + extra)];
}

function checkNumber(lines: ConfigLines, field: string | undefined, index: number, kind: string): void {
  const number = wholeWithin(field, 0, 1e9);
  if (number === index + 1 || field === '' || field === undefined) return;
  if (number === undefined) {
    throw lines.mistake(
      `expected ${kind} channel ${index + 1}, found "${shown(field)}" in place of its number`,
    );
  }
  lines.warn(
    `${kind}-number`,
    `${kind} channel ${index + 1} is numbered ${number}: read in the order of the lines`,
  );
}

function rangeOf(lines: ConfigLines, low: string | undefined, high: string | undefined) {
  const [min, max] = [numberOf(low), numberOf(high)];
  if (min === undefined || max === undefined) return undefined;
  if (min < max) return { min, max };
  // 0 and 0 is what recorders write that do not know it
  if (min !== 0 || max !== 0)
    lines.warn('range', `a smallest value of ${min} and a largest of ${max}: not followed`);
  return undefined;
}

function transformerOf(
  lines: ConfigLines,
  first: string | undefined,
  second: string | undefined,
  sideText = '',
): ConfigAnalog['transformer'] {
  const letter = sideText.toUpperCase();
  if (letter !== 'P' && letter !== 'S') {
    if (letter !== '')
      lines.warn('side', `"${shown(sideText)}" where P or S belongs: the transformer is not followed`);
    return undefined;
  }
  const primary = numberWithin(first, 1e-9, 1e12);
  const secondary = numberWithin(second, 1e-9, 1e12);
  if (primary === undefined || secondary === undefined) {
    lines.warn('ratio', `a transformer of "${shown(first ?? '')}" to "${shown(second ?? '')}": not followed`);
    return undefined;
  }
  return { primary, secondary, side: letter === 'P' ? 'primary' : 'secondary' };
}

function skewOf(lines: ConfigLines, field: string | undefined): number {
  if (field === undefined || field === '') return 0;
  const value = numberWithin(field, -MAX_SKEW_US, MAX_SKEW_US);
  if (value !== undefined) return value;
  lines.warn('skew', `a skew of "${shown(field)}" us: taken as 0`);
  return 0;
}

/** Dn,ch_id,ph,ccbm,y; 1991: Dn,ch_id,y */
export function digitalLine(lines: ConfigLines, index: number): ConfigDigital {
  const f = lines.next(`digital channel ${index + 1}`);
  if (f.length < 2 || (f.length >= 10 && numberOf(f[5]) !== undefined)) {
    throw lines.mistake(
      `expected digital channel ${index + 1}, found "${shown(f.join(','))}"`,
      'Check whether as many channels stand here as the second line says.',
    );
  }
  checkNumber(lines, f[0], index, 'digital');
  const last = f.at(-1);
  const state = wholeWithin(last, 0, 1);
  if (state === undefined && last !== '' && f.length > 2) {
    lines.warn('normal-state', `a normal state of "${shown(last ?? '')}": taken as 0`);
  }
  const extra = Math.max(0, f.length - 5);
  const named = f.length > 3;
  return {
    name: f.slice(1, 2 + extra).join(','),
    phase: named ? (f[2 + extra] ?? '') : '',
    component: f.length > 4 ? (f[3 + extra] ?? '') : '',
    normal: state === 1 ? 1 : 0,
  };
}
