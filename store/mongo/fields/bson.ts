/**
 * Values as MongoDB must hold them (docs/data-model.md): the driver would write 60.0 as an int32 and a time as a double, and readers in other
 * languages would see the type change from document to document. And the way back, for documents that other programs wrote.
 */
import { Double, Int32, Long } from 'mongodb';

export const int32 = (value: number): Int32 => new Int32(value);
export const int64 = (value: number): Long => Long.fromNumber(Math.trunc(value));
export const double = (value: number): Double => new Double(value);

/** A traffic count: int32 as the original writes it, int64 where it has grown past that. */
export const count = (value: number): Int32 | Long =>
  value <= 0x7fffffff ? int32(value) : Long.fromNumber(value);

/** A number of whatever BSON type (int32, int64 within 2^53, double), or undefined. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (Long.isLong(value)) return value.toNumber();
  if (value instanceof Int32 || value instanceof Double) return numberOf(value.valueOf());
  if (typeof value === 'bigint') return Number(value);
  return undefined;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A box id as text, also where another program wrote a number. */
export function boxIdOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : numberOf(value)?.toString();
}

export function listOf<T>(value: unknown, item: (value: unknown) => T | undefined): T[] {
  if (!Array.isArray(value)) return [];
  return value.map(item).filter((entry): entry is T & {} => entry !== undefined);
}

export function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** Without the fields that are undefined: an absent field and a null one are not the same to a reader. */
export function defined<T extends Record<string, unknown>>(fields: T): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
