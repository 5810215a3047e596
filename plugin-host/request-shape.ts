/**
 * From a value that a plugin returned to an EventRequest whose every field has its type and range. Values of plugins are not trusted: fields
 * must be valid, otherwise the request is refused with the reason: a value that was corrected would hide the plugin's mistake. Text is cut to
 * its length and to one line. Whether the times are plausible now is checked by the service (event-requests.ts).
 */
import { isBoxId } from '../common/box-id.js';
import type { EventRequest, TriggerType } from '../plugins/sdk/plugin.js';
import { MAX_BOX_IDS, MAX_DESCRIPTION } from './limits.js';

export const TRIGGER_TYPES: readonly TriggerType[] = [
  'FREQUENCY_SAG',
  'FREQUENCY_SWELL',
  'VOLTAGE_SAG',
  'VOLTAGE_SWELL',
  'OTHER',
];

/** @returns the request, or a text that says why it is refused */
export function toEventRequest(value: unknown): EventRequest | string {
  if (typeof value !== 'object' || value === null) return 'a request is not an object';
  const raw: Partial<Record<keyof EventRequest, unknown>> = value;
  const { startMs, endMs } = raw;
  if (!isTime(startMs) || !isTime(endMs)) return 'startMs or endMs is not a time in Unix milliseconds';
  if (startMs >= endMs) return 'startMs is not before endMs';
  const boxIds = toBoxIds(raw.boxIds);
  if (typeof boxIds === 'string') return boxIds;
  const triggerType = TRIGGER_TYPES.find((type) => type === raw.triggerType);
  if (triggerType === undefined) return `triggerType is none of ${TRIGGER_TYPES.join(', ')}`;
  const { familyStartMs, percentMagnitude = 0, requestData } = raw;
  if (typeof percentMagnitude !== 'number' || !(percentMagnitude >= 0 && percentMagnitude < Infinity)) {
    return 'percentMagnitude is not a number of 0 or more';
  }
  return {
    startMs: Math.floor(startMs),
    endMs: Math.ceil(endMs),
    boxIds,
    triggerType,
    percentMagnitude,
    description: typeof raw.description === 'string' ? cleanText(raw.description, MAX_DESCRIPTION) : '',
    requestData: requestData !== false,
    ...(raw.urgent === true ? { urgent: true } : {}),
    ...(isTime(familyStartMs) ? { familyStartMs: Math.floor(familyStartMs) } : {}),
  };
}

/** Text of a plugin on one line, trimmed to a length. */
export function cleanText(text: string, length: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a log or a store
  const line = text.slice(0, length).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ');
  return Buffer.from(line).toString(); // half a surrogate pair becomes U+FFFD
}

/** Whether a value is a time in Unix ms. */
export function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function toBoxIds(value: unknown): number[] | string {
  if (!Array.isArray(value) && !(value instanceof Uint32Array)) return 'boxIds is not a list';
  if (value.length === 0) return 'boxIds is empty';
  if (value.length > MAX_BOX_IDS) return `boxIds has more than ${MAX_BOX_IDS} boxes`;
  const ids = new Set<number>();
  for (const id of value as Iterable<unknown>) {
    if (!isBoxId(id)) return 'boxIds has an element that is not a box id';
    ids.add(id);
  }
  return [...ids];
}
