/** Boxes as the service knows them: records, nominal values, how far their data reach. Read again after a moment, since every operation asks for them. */
import type { Clock } from '../common/clock.js';
import type { StoreLink } from '../daemon/store-link.js';
import { UNKNOWN_LOCATION } from '../store/boxes.js';
import { calibrationAt, calibrationOf, referencePart } from '../store/calibration.js';
import { type BoxReference, type Reference, References, referenceData } from '../store/reference.js';
import type { BoxDocument, BoxEventDocument, Calibration, Store } from '../store/store.js';

const AGE_MS = 2000;

export interface KnownBoxes {
  /** by id, with those that have data but no record */
  ids: readonly string[];
  records: ReadonlyMap<string, BoxDocument>;
  newest: ReadonlyMap<string, number>;
  referenceOf(boxId: string): BoxReference;
  /** as it was at a time, by the record of the box */
  referenceAt(boxId: string, atMs: number): BoxReference;
  /** by which a waveform was judged, or would be */
  referenceOfWaveform(boxEvent: BoxEventDocument): BoxReference;
}

export class Boxes {
  readonly #link: StoreLink;
  readonly #settings: Reference;
  readonly #clock: Clock;
  #cached: { atMs: number; boxes: Promise<KnownBoxes> } | undefined;

  /** @param settings nominal values where the store says nothing */
  constructor(link: StoreLink, settings: Reference, clock: Clock) {
    this.#link = link;
    this.#settings = settings;
    this.#clock = clock;
  }

  /** At most two seconds old. @throws MakaiError STORE_UNAVAILABLE */
  known(): Promise<KnownBoxes> {
    const nowMs = this.#clock.monotonic();
    if (this.#cached !== undefined && nowMs - this.#cached.atMs < AGE_MS) return this.#cached.boxes;
    const boxes = this.#link.read((store) => this.#read(store));
    const cached = { atMs: nowMs, boxes };
    this.#cached = cached;
    boxes.catch(() => {
      if (this.#cached === cached) this.#cached = undefined;
    });
    return boxes;
  }

  /** After a change. */
  forget(): void {
    this.#cached = undefined;
  }

  async #read(store: Store): Promise<KnownBoxes> {
    const [records, config, newest] = await Promise.all([
      store.boxes(),
      store.makaiConfig(),
      store.newestByBox(),
    ]);
    const references = new References(this.#settings, referenceData(config, records));
    const newestOf = new Map(newest.map(({ boxId, measurementMs }) => [boxId, measurementMs]));
    const ids = [...new Set([...records.map(({ box_id }) => box_id), ...newestOf.keys()])].sort(byId);
    const byBoxId = new Map(records.map((box) => [box.box_id, box]));
    const given = (boxId: string, values: Calibration): BoxReference =>
      references.of(Number(boxId), referencePart(values));
    return {
      ids,
      records: byBoxId,
      newest: newestOf,
      referenceOf: (boxId) => references.of(Number(boxId)),
      referenceAt: (boxId, atMs) => given(boxId, calibrationAt(byBoxId.get(boxId), atMs)),
      referenceOfWaveform: (boxEvent) =>
        given(boxEvent.box_id, calibrationOf(boxEvent, byBoxId.get(boxEvent.box_id))),
    };
  }
}

export function byId(a: string, b: string): number {
  return Number(a) - Number(b) || a.localeCompare(b);
}

/** Where a box is now; undefined: nowhere that is known. */
export function locationNow(box: BoxDocument | undefined): string | undefined {
  return box?.location === undefined || box.location === '' || box.location === UNKNOWN_LOCATION
    ? undefined
    : box.location;
}
