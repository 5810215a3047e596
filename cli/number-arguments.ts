/** Parsers of numbers on the command line, for commander. A wrong number is reported as a mistake of its option. */
import { InvalidArgumentError } from 'commander';

/** A finite number above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number above 0');
  return value;
}

/** A whole number above 0. */
export function whole(text: string): number {
  const value = whole0(text);
  if (value === 0) throw new InvalidArgumentError('expected a whole number above 0');
  return value;
}

/** A whole number, 0 or more. */
export function whole0(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('expected a whole number');
  return value;
}
