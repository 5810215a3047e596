/** The form of a box's record as text, and what of it changed. */
import type { Box, BoxChange } from '../../web-service/api/index.js';

export interface BoxDraft {
  name: string;
  description: string;
  location: string;
  calibration_constant: string;
  nominal_voltage: string;
  nominal_frequency: string;
  unplugged: boolean;
}

type RecordOfBox = Pick<
  Box,
  | 'name'
  | 'description'
  | 'location'
  | 'calibration_constant'
  | 'nominal_voltage'
  | 'nominal_frequency'
  | 'unplugged'
>;

export function draftOf(box: RecordOfBox): BoxDraft {
  const number = (value: number | undefined): string => (value === undefined ? '' : String(value));
  return {
    name: box.name ?? '',
    description: box.description ?? '',
    location: box.location ?? '',
    calibration_constant: number(box.calibration_constant),
    nominal_voltage: number(box.nominal_voltage),
    nominal_frequency: number(box.nominal_frequency),
    unplugged: box.unplugged,
  };
}

/** Fields that differ from the record; an empty one removes the value. What cannot be a number is sent as it is, and the service says what is wrong with it. */
export function changeOf(box: RecordOfBox, draft: BoxDraft): BoxChange {
  const before = draftOf(box);
  const change: BoxChange = {};
  for (const key of ['name', 'description'] as const) {
    if (draft[key] !== before[key]) change[key] = draft[key].trim() === '' ? null : draft[key];
  }
  if (draft.location !== before.location) change.location = draft.location;
  for (const key of ['nominal_voltage', 'nominal_frequency'] as const) {
    if (draft[key] !== before[key]) change[key] = draft[key].trim() === '' ? null : Number(draft[key]);
  }
  if (draft.calibration_constant !== before.calibration_constant) {
    change.calibration_constant = Number(draft.calibration_constant);
  }
  if (draft.unplugged !== before.unplugged) change.unplugged = draft.unplugged;
  return change;
}
