/** The records of meters in the store: a name has one id for good, whoever made it. */
import { FIRST_OTHER_ID, isBoxId, MAX_BOX_ID } from '../../common/box-id.js';
import { MakaiError } from '../../common/errors.js';
import type { MeterTopic } from '../../config/settings.js';
import type { BoxDocument, BoxRegistry } from '../../store/store.js';

/** Tries so often: an import, or another gateway, may make the same id at the same time. */
const TRIES = 100;

export type MeterStore = Pick<BoxRegistry, 'boxes' | 'addBox'>;

export interface NewMeter {
  /** as the mapping makes it */
  name: string;
  mapping: Pick<MeterTopic, 'location' | 'nominalFrequency' | 'nominalVoltage' | 'topic'>;
  /** Unix ms */
  nowMs: number;
  maxMeters: number;
}

/** By name. */
export async function storedMeters(store: Pick<MeterStore, 'boxes'>): Promise<Map<string, BoxDocument>> {
  return metersIn(await store.boxes());
}

/**
 * The record of a meter: that of its name, else a new one.
 * @returns undefined where there are as many meters as there may be
 * @throws MakaiError STORE_UNAVAILABLE, STORE_REFUSED
 */
export async function meterRecord(store: MeterStore, meter: NewMeter): Promise<BoxDocument | undefined> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const boxes = await store.boxes();
    const meters = metersIn(boxes);
    const known = meters.get(meter.name);
    if (known !== undefined) return known;
    if (meters.size >= meter.maxMeters) return undefined;
    const box = newRecord(boxes, meter);
    if (await store.addBox(box)) return box;
  }
  throw new MakaiError('STORE_REFUSED', `meter ${meter.name}: others keep taking the id that it would have`);
}

function metersIn(boxes: readonly BoxDocument[]): Map<string, BoxDocument> {
  return new Map(
    boxes.flatMap((box) => (box.kind === 'meter' && box.meter !== undefined ? [[box.meter, box]] : [])),
  );
}

function newRecord(boxes: readonly BoxDocument[], { mapping, name, nowMs }: NewMeter): BoxDocument {
  const { location, nominalFrequency, nominalVoltage, topic } = mapping;
  return {
    box_id: String(freeId(boxes)),
    name: freeName(boxes, name),
    description: `MQTT ${topic}`,
    calibration_constant: 1,
    unplugged: true,
    ...(location === undefined ? {} : { location }),
    location_start_time_ms: Math.round(nowMs),
    kind: 'meter',
    meter: name,
    ...(nominalVoltage === undefined ? {} : { nominal_voltage: nominalVoltage }),
    ...(nominalFrequency === undefined ? {} : { nominal_frequency: nominalFrequency }),
  };
}

/** Above all that are taken, so that the id of a record that was deleted is not another meter's soon; a gap where nothing is left above. */
function freeId(boxes: readonly BoxDocument[]): number {
  const taken = new Set(boxes.map(({ box_id }) => Number(box_id)));
  const above =
    [...taken].reduce((last, id) => (isBoxId(id) ? Math.max(last, id) : last), FIRST_OTHER_ID - 1) + 1;
  if (above <= MAX_BOX_ID) return above;
  let id = FIRST_OTHER_ID;
  while (taken.has(id)) id += 1;
  return id;
}

function freeName(boxes: readonly BoxDocument[], name: string): string {
  const taken = new Set(boxes.map((box) => box.name));
  for (let n = 1; ; n += 1) {
    const wanted = n === 1 ? name : `${name} (meter${n === 2 ? '' : ` ${n - 1}`})`;
    if (!taken.has(wanted)) return wanted;
  }
}
