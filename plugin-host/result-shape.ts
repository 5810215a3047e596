/** From a value that a plugin returned beside requests to an incident or a value of a series, checked field by field. */
import { isBoxId } from '../common/box-id.js';
import type { PluginIncident, PluginValue, Quantity } from '../plugins/sdk/plugin.js';
import { MAX_DESCRIPTION } from './limits.js';
import { cleanText, isTime } from './request-shape.js';

export const QUANTITIES: readonly Quantity[] = ['VOLTAGE', 'FREQUENCY', 'THD', 'TRANSIENT', 'HEALTH'];

/** Names that a plugin gives: short, and safe in a file name, a URL and a column title. */
const NAME = /^[A-Za-z][\w-]{0,39}$/;

/** What a plugin returned besides requests: told apart by `kind`, which a request has not. */
export function kindOf(value: unknown): 'incident' | 'value' | 'request' {
  const kind: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'kind') : undefined;
  return kind === 'incident' || kind === 'value' ? kind : 'request';
}

/** @returns the incident, or a text that says why it is refused */
export function toIncident(value: object): PluginIncident | string {
  const raw: Partial<Record<keyof PluginIncident, unknown>> = value;
  const { boxId, startMs, endMs, deviation } = raw;
  if (!isBoxId(boxId)) return 'boxId of an incident is not a box id';
  if (!isTime(startMs) || !isTime(endMs) || startMs > endMs) {
    return 'startMs and endMs of an incident are not a window in Unix milliseconds';
  }
  if (typeof raw.class !== 'string' || !NAME.test(raw.class)) {
    return 'class of an incident is not a name (letters, digits, _ and -, at most 40, a letter first)';
  }
  const quantity = QUANTITIES.find((one) => one === raw.quantity);
  if (quantity === undefined) return `quantity of an incident is none of ${QUANTITIES.join(', ')}`;
  if (typeof deviation !== 'number' || !Number.isFinite(deviation))
    return 'deviation of an incident is not a number';
  return {
    kind: 'incident',
    boxId,
    startMs: Math.floor(startMs),
    endMs: Math.ceil(endMs),
    class: raw.class,
    quantity,
    deviation,
    description: typeof raw.description === 'string' ? cleanText(raw.description, MAX_DESCRIPTION) : '',
  };
}

/** @returns the value, or a text that says why it is refused */
export function toValue(value: object): PluginValue | string {
  const raw: Partial<Record<keyof PluginValue, unknown>> = value;
  const { boxId, series, timestampMs } = raw;
  if (typeof series !== 'string' || !NAME.test(series)) {
    return 'series of a value is not a name (letters, digits, _ and -, at most 40, a letter first)';
  }
  if (!isBoxId(boxId)) return `boxId of a value of ${series} is not a box id`;
  if (!isTime(timestampMs)) return `timestampMs of a value of ${series} is not a time in Unix milliseconds`;
  if (typeof raw.value !== 'number' || !Number.isFinite(raw.value))
    return `value of ${series} is not a number`;
  return { kind: 'value', series, boxId, timestampMs: Math.floor(timestampMs), value: raw.value };
}
