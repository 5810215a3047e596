/** Fields of a line of CSV: quotes, numbers with point or comma, times as ISO 8601. */
import { numberOf } from '../numbers.js';

/** Fields of a line, trimmed, quotes taken off; a doubled quote within quotes is one. */
export function splitLine(line: string, separator: string): string[] {
  // columns that are aligned with blanks have several between them
  if (separator === ' ' && !line.includes('"')) return line.trim().split(/ +/);
  if (!line.includes('"')) return line.split(separator).map((field) => field.trim());
  const fields: string[] = [];
  let from = 0;
  let quoted = false;
  for (let i = 0; i <= line.length; i += 1) {
    const end = i === line.length;
    if (!end && line[i] === '"') quoted = !quoted;
    else if (end || (!quoted && line[i] === separator)) {
      fields.push(unquoted(line.slice(from, i).trim()));
      from = i + 1;
    }
  }
  return fields;
}

function unquoted(field: string): string {
  return field.length >= 2 && field.startsWith('"') && field.endsWith('"')
    ? field.slice(1, -1).replaceAll('""', '"').trim()
    : field;
}

/** What instruments write where they have no value: nothing, not a number, overrange. */
const MISSING = /^(?:|nan|null|none|n\/a|-+|[+-]?(?:inf|infinity|∞)|ol|overload|overrange)$/i;

export function isMissingField(field: string): boolean {
  // most fields begin with a digit and are not asked further
  const code = field.charCodeAt(0);
  return !(code >= 0x30 && code <= 0x39) && MISSING.test(field);
}

export type Decimal = '.' | ',';

/**
 * @param decimal undefined: not known yet, so a number with either is taken
 * @returns undefined for what is no number
 */
export function fieldValue(field: string, decimal: Decimal | undefined): number | undefined {
  if (decimal !== undefined) return numberOf(field, decimal);
  return numberOf(field, '.') ?? numberOf(field, ',');
}
