/** Numbers in text: a whole field or nothing, never the first half of one. */

/** Decimal point, exponent, blanks around. Not hexadecimal, not Infinity, not an empty field, which `Number` all takes. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d+)?$/;

/**
 * The number that a field is, or undefined: for text, for what is empty, for what a double cannot hold (1e999).
 * @param decimal what stands between whole and fraction; with ',' a point is refused, since it would separate thousands
 */
export function numberOf(field: string | undefined, decimal: '.' | ',' = '.'): number | undefined {
  let text = field?.trim() ?? '';
  if (decimal === ',') {
    if (text.includes('.')) return undefined;
    text = text.replace(',', '.');
  }
  if (!NUMBER.test(text)) return undefined;
  const value = Number(text.replace(/[dD]/, 'e'));
  return Number.isFinite(value) ? value : undefined;
}

/** A number within bounds, both included; undefined where it is none or lies outside. */
export function numberWithin(field: string | undefined, min: number, max: number): number | undefined {
  const value = numberOf(field);
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

/** A whole number within bounds, both included. */
export function wholeWithin(field: string | undefined, min: number, max: number): number | undefined {
  const value = numberWithin(field, min, max);
  return value !== undefined && Number.isInteger(value) ? value : undefined;
}
