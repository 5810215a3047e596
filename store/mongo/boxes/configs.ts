/** `makai_config` and `laha_config`: what the analysis service and its users edit, checked before it comes into force. */
import type { Document } from 'mongodb';
import type { LahaConfigDocument, MakaiConfigDocument } from '../../documents.js';
import { boxIdOf, double, numberOf, recordOf } from '../fields/bson.js';
import type { Parsed } from './last-known.js';

type Triggering = MakaiConfigDocument['triggering'];
type Override = Triggering['triggering_overrides'][number];

const REFERENCES = ['default_ref_f', 'default_ref_v'] as const;
const PERCENTS = [
  'default_threshold_percent_f_low',
  'default_threshold_percent_f_high',
  'default_threshold_percent_v_low',
  'default_threshold_percent_v_high',
  'default_threshold_percent_thd_high',
] as const;
const OVERRIDE_REFERENCES = ['ref_f', 'ref_v'] as const;
const OVERRIDE_PERCENTS = [
  'threshold_percent_f_low',
  'threshold_percent_f_high',
  'threshold_percent_v_low',
  'threshold_percent_v_high',
] as const;

/** Collects numbers and what is wrong with them. */
class Fields {
  readonly mistakes: string[] = [];

  number(from: Record<string, unknown>, path: string, field: string, positive: boolean): number {
    const value = numberOf(from[field]);
    if (value !== undefined && (positive ? value > 0 : value >= 0)) return value;
    const wanted = positive ? 'a number above 0' : 'a number, 0 or more';
    this.mistakes.push(`${path}${field}: ${wanted} is expected, found ${show(from[field])}`);
    return Number.NaN;
  }
}

export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

export function parseMakaiConfig(document: unknown): Parsed<MakaiConfigDocument> {
  const found = recordOf(recordOf(document).triggering);
  const fields = new Fields();
  const numbers = (
    from: Record<string, unknown>,
    path: string,
    names: readonly string[],
    positive: boolean,
  ) => Object.fromEntries(names.map((name) => [name, fields.number(from, path, name, positive)]));
  const overrides = found.triggering_overrides ?? [];
  if (!Array.isArray(overrides)) {
    fields.mistakes.push(
      `triggering.triggering_overrides: a list is expected, found ${show(found.triggering_overrides)}`,
    );
  }
  const triggering = {
    ...numbers(found, 'triggering.', REFERENCES, true),
    ...numbers(found, 'triggering.', PERCENTS, false),
    triggering_overrides: (Array.isArray(overrides) ? overrides : []).map((entry, index) => {
      const from = recordOf(entry);
      const path = `triggering.triggering_overrides[${index}].`;
      const box_id = boxIdOf(from.box_id);
      if (box_id === undefined)
        fields.mistakes.push(`${path}box_id: a text is expected, found ${show(from.box_id)}`);
      const override = {
        box_id: box_id ?? '',
        ...numbers(from, path, OVERRIDE_REFERENCES, true),
        ...numbers(from, path, OVERRIDE_PERCENTS, false),
      } as Override;
      // Older editors do not write this one.
      if (from.threshold_percent_thd_high !== undefined) {
        override.threshold_percent_thd_high = fields.number(from, path, 'threshold_percent_thd_high', false);
      }
      return override;
    }),
  } as Triggering;
  return fields.mistakes.length > 0 ? { mistakes: fields.mistakes } : { value: { triggering } };
}

/** As MongoDB holds it: every number a double. */
export function makaiConfigDocument({ triggering }: MakaiConfigDocument): Document {
  const doubles = (from: object): Document =>
    Object.fromEntries(
      Object.entries(from).map(([key, value]) => [key, typeof value === 'number' ? double(value) : value]),
    );
  return {
    triggering: {
      ...doubles(triggering),
      triggering_overrides: triggering.triggering_overrides.map(doubles),
    },
  };
}

export function parseLahaConfig(document: unknown): Parsed<LahaConfigDocument> {
  const mistakes: string[] = [];
  const ttls: Record<string, number> = {};
  for (const [name, value] of Object.entries(recordOf(recordOf(document).ttls))) {
    const seconds = numberOf(value);
    if (seconds !== undefined && seconds > 0) ttls[name] = Math.floor(seconds);
    else mistakes.push(`ttls.${name}: seconds above 0 are expected, found ${show(value)}`);
  }
  if (recordOf(document).ttls === undefined)
    mistakes.push('ttls: an object with seconds by name is expected, found nothing');
  return mistakes.length > 0 ? { mistakes } : { value: { ttls } };
}
