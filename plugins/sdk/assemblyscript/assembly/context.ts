// What a plugin asks the host for besides requests: boxes, history, a state over restarts, series and incidents.
import {
  BOX_INFO_BYTES,
  BOX_INFO_MAX_BYTES,
  BoxInfo,
  INCIDENT_BYTES,
  Incident as IncidentRecord,
} from './abi';
import {
  box as hostBox,
  history as hostHistory,
  incident as hostIncident,
  value as hostValue,
  next_box,
  state_get,
  state_set,
} from './makai';

/** What is known of a box; defaults when the store has no record of it. */
export class Box {
  id: u32 = 0;
  /** slug, "unknown" when it has none */
  location: string = 'unknown';
  /** V RMS and Hz */
  nominalVoltage: f64 = 120;
  nominalFrequency: f64 = 60;
  /** counts per volt */
  calibration: f64 = 1;
  isRecorded: bool = false;
}

export function boxOf(id: u32): Box {
  const bytes = new ArrayBuffer(BOX_INFO_MAX_BYTES);
  const at = changetype<usize>(bytes);
  hostBox(id, at);
  const info = changetype<BoxInfo>(at);
  const box = new Box();
  box.id = id;
  box.location = String.UTF8.decodeUnsafe(at + BOX_INFO_BYTES, info.locationBytes);
  box.nominalVoltage = info.nominalVoltage;
  box.nominalFrequency = info.nominalFrequency;
  box.calibration = info.calibration;
  box.isRecorded = info.recorded === 1;
  return box;
}

/** Ids of all boxes that the store has a record of. */
export function recordedBoxes(): u32[] {
  const ids: u32[] = [];
  for (let id = next_box(-1); id >= 0; id = next_box(id)) ids.push(<u32>id);
  return ids;
}

/** In `configure`: asks for what is stored of a box; it comes through `history` of the plugin. */
export function askHistory(boxId: u32, fromMs: f64, toMs: f64): bool {
  return hostHistory(boxId, fromMs, toMs) === 1;
}

/** What the plugin kept, as text; null when it kept nothing. */
export function keptState(): string | null {
  const length = state_get(0, 0);
  if (length < 0) return null;
  const bytes = new ArrayBuffer(length);
  state_get(changetype<usize>(bytes), length);
  return String.UTF8.decode(bytes);
}

/** Keeps a text over restarts, at most 65536 bytes. @returns false when it is longer */
export function keepState(text: string): bool {
  const bytes = String.UTF8.encode(text);
  return state_set(changetype<usize>(bytes), bytes.byteLength) === 0;
}

/** One value of a series of your own; a second one of the same box and time replaces the first. */
export function record(series: string, boxId: u32, timestampMs: f64, value: f64): void {
  const name = String.UTF8.encode(series);
  hostValue(changetype<usize>(name), name.byteLength, boxId, timestampMs, value);
}

/** Something that the plugin found. `quantity`: one of the QUANTITY constants; `deviation` in its unit, signed. */
export function found(
  className: string,
  quantity: u8,
  boxId: u32,
  startMs: f64,
  endMs: f64,
  deviation: f64,
  description: string,
): void {
  const name = String.UTF8.encode(className);
  const text = String.UTF8.encode(description);
  const bytes = new ArrayBuffer(INCIDENT_BYTES);
  const incident = changetype<IncidentRecord>(changetype<usize>(bytes));
  incident.startMs = startMs;
  incident.endMs = endMs;
  incident.deviation = deviation;
  incident.boxId = boxId;
  incident.className = <u32>changetype<usize>(name);
  incident.classBytes = name.byteLength;
  incident.description = <u32>changetype<usize>(text);
  incident.descriptionBytes = text.byteLength;
  incident.quantity = quantity;
  hostIncident(changetype<usize>(bytes));
}
