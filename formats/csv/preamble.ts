/** What instruments write above their table: name and value on a line, `#Sample rate: 100000Hz` or `Record Length,1000`. */
import { isoMoment, type Moment } from '../moment.js';
import { numberOf } from '../numbers.js';
import type { Line } from '../text.js';
import { unitOf } from '../units.js';

export interface Preamble {
  /** Hz */
  sampleRateHz: number | undefined;
  /** rows that are announced */
  records: number | undefined;
  /** `#Date Time: 2021-01-26 10:20:30.123`, where it is written so that day and month cannot be taken for each other */
  start: Moment | undefined;
  metadata: Record<string, string>;
}

const MAX_ENTRIES = 100;
const PAIR = /^#*\s*([^:,;\t]{1,60})[:,;\t]\s*"?([^"]{1,200})"?\s*$/;

export function preambleOf(above: readonly Line[]): Preamble {
  const metadata = new Map<string, string>();
  for (const { text } of above.slice(0, MAX_ENTRIES)) {
    const [, name = '', value = ''] = PAIR.exec(text) ?? [];
    if (name !== '') metadata.set(name.trim(), value.trim().replace(/[,;]+$/, ''));
  }
  const find = (pattern: RegExp): string | undefined =>
    [...metadata].find(([name]) => pattern.test(name))?.[1];
  const rate = quantity(find(/^sampl(?:e|ing) ?rate/i));
  const interval = quantity(find(/^sampl(?:e|ing) ?(?:interval|period)/i));
  const given = rate ?? (interval === undefined ? undefined : 1 / interval);
  const records = numberOf(find(/^(?:record length|samples|number of samples)$/i));
  return {
    sampleRateHz: given !== undefined && given >= 1e-3 && given <= 1e12 ? given : undefined,
    records: records !== undefined && Number.isInteger(records) && records > 0 ? records : undefined,
    start: isoMoment(find(/^(?:start|start time|date time|datetime|date)$/i) ?? ''),
    metadata: Object.fromEntries(metadata),
  };
}

/** `100000Hz`, `1 MSa/s`, `2.5e-6`, `10 us`: in Hz or s. */
function quantity(text: string | undefined): number | undefined {
  const found = /^([+-]?[\d.]+(?:e[+-]?\d+)?)\s*([^\d\s]\S*)?$/i.exec(text ?? '');
  const value = numberOf(found?.[1]);
  const unit = found?.[2];
  if (value === undefined || value <= 0) return undefined;
  if (unit === undefined) return value;
  const factor = unitOf(unit.replace(/S(?:a|amples)?\/s(?:ec)?$/i, 'Hz'))?.factor;
  return factor === undefined ? undefined : value * factor;
}
