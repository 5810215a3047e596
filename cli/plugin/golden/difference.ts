/** How the results of a plugin differ from the expected ones, for people: which result, which of its members. */

/** Numbers that differ by less, relative to their size, are equal: compilers and processors round differently. */
const TOLERANCE = 1e-9;
/** In the numbers' own unit: 1e-9 of a Unix time in ms is almost 2 s. */
const MAX_DIFFERENCE = 1e-3;

/**
 * Results that are equal at both ends are left out, the ones between are compared in order: an additional or a missing result is
 * therefore one difference.
 * @returns one line for each; empty: no difference
 */
export function differences(expected: readonly unknown[], found: readonly unknown[]): string[] {
  const shared = Math.min(expected.length, found.length);
  let start = 0;
  while (start < shared && isEqual(expected[start], found[start])) start += 1;
  let end = 0;
  while (end < shared - start && isEqual(expected.at(-1 - end), found.at(-1 - end))) end += 1;
  const lines: string[] = [];
  for (let i = start; i < Math.max(expected.length, found.length) - end; i += 1) {
    const isExpected = i < expected.length - end;
    const isFound = i < found.length - end;
    if (isExpected && isFound) lines.push(...between(`result ${i + 1}`, expected[i], found[i]));
    else if (isExpected) lines.push(`result ${i + 1} is missing: ${text(expected[i])}`);
    else lines.push(`result ${i + 1} is not expected: ${text(found[i])}`);
  }
  return lines;
}

function between(place: string, expected: unknown, found: unknown): string[] {
  if (isEqual(expected, found)) return [];
  if (!isRecord(expected) || !isRecord(found))
    return [`${place}: expected ${text(expected)}, found ${text(found)}`];
  const members = new Set([...Object.keys(expected), ...Object.keys(found)]);
  return [...members].flatMap((member) => between(`${place}, ${member}`, expected[member], found[member]));
}

function isEqual(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return isEqualNumber(a, b);
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => isEqual(item, b[i]));
  if (!isRecord(a) || !isRecord(b)) return a === b;
  const members = Object.keys(a);
  return (
    members.length === Object.keys(b).length &&
    members.every((member) => Object.hasOwn(b, member) && isEqual(a[member], b[member]))
  );
}

/** Whole numbers (times, ids, counts) are not results of rounding, so they are compared exactly. */
function isEqualNumber(a: number, b: number): boolean {
  if (a === b || (Number.isInteger(a) && Number.isInteger(b))) return a === b;
  return Math.abs(a - b) <= Math.min(MAX_DIFFERENCE, TOLERANCE * Math.max(Math.abs(a), Math.abs(b)));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const text = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
