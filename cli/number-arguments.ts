/** Parsers of numbers on the command line, for commander. A wrong number is reported as a mistake of its option. */
import { InvalidArgumentError } from 'commander';
import { isBoxId, MAX_BOX_ID } from '../common/box-id.js';

/** A finite number above 0. */
export function positive(text: string): number {
  const value = /^[\d.]+(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number above 0');
  return value;
}

/** A whole number above 0. */
export function whole(text: string): number {
  const value = digits(text);
  if (!(value > 0)) throw new InvalidArgumentError('expected a whole number above 0');
  return value;
}

/** A whole number, 0 or more. */
export function whole0(text: string): number {
  const value = digits(text);
  if (Number.isNaN(value)) throw new InvalidArgumentError('expected a whole number');
  return value;
}

/** A parser of whole numbers from `min` to `max`. */
export function wholeWithin(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = digits(text);
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}`);
  };
}

/** The id of one box. */
export function boxId(text: string): number {
  const id = digits(text);
  if (isBoxId(id)) return id;
  throw new InvalidArgumentError(`expected the id of a box, a whole number from 0 to ${MAX_BOX_ID}`);
}

/** Ids of boxes, separated by commas. */
export function boxIds(text: string): number[] {
  const ids = text.split(',').map((part) => digits(part.trim()));
  if (ids.every(isBoxId)) return ids;
  throw new InvalidArgumentError('expected ids of boxes such as 1001,1002');
}

/** Decimal digits only: `1e3`, `0x10` and an empty text are no whole numbers. NaN of what is none. */
function digits(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}
