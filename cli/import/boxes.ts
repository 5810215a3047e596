/** Which box a channel of another instrument is: one per station and channel, the same for every file of that instrument. */
import { MakaiError } from '../../common/errors.js';
import { calibrationFor, countsOf } from '../../formats/import/index.js';
import { UNKNOWN_LOCATION } from '../../store/boxes.js';
import type { BoxDocument } from '../../store/store.js';

/** A channel's samples as its box holds them. */
export interface Placed {
  box: BoxDocument;
  counts: Int16Array;
  /** the box is to be added to the store */
  isNew: boolean;
}

export interface Channel {
  /** for messages */
  file: string;
  station: string;
  name: string;
  /** volts that the box must hold */
  rangeV: number;
  volts: Float64Array;
}

const LAST_ID = 0xffff_ffff;
const NAME_CHARACTERS = 120;

export class ImportBoxes {
  #boxes: Map<string, BoxDocument>;
  readonly #firstId: number;
  readonly #calibration: number | undefined;

  /**
   * @param boxes all of the store
   * @param firstId ids of boxes that are made are this or higher
   * @param calibration counts per volt of boxes that are made; without it chosen for the channel's range
   */
  constructor(boxes: readonly BoxDocument[], firstId: number, calibration?: number) {
    this.#boxes = byId(boxes);
    this.#firstId = firstId;
    this.#calibration = calibration;
  }

  /** Replaces what is known of the boxes. @param boxes all of the store */
  learn(boxes: readonly BoxDocument[]): void {
    this.#boxes = byId(boxes);
  }

  /**
   * The box of a channel: that of its name whose calibration holds the samples, else a new one. A calibration constant is never changed: the
   * volts of earlier events depend on it.
   * @throws MakaiError RECORDING_INVALID where a calibration was named that does not hold the samples
   */
  byName(channel: Channel): Placed {
    const base = nameOf(channel);
    for (let n = 1; ; n += 1) {
      const name = n === 1 ? base : `${base} (${n})`;
      const owner = [...this.#boxes.values()].find((box) => box.name === name);
      if (owner === undefined) return this.#made(String(this.#nextId()), name, channel);
      if (owner.kind !== 'import') continue;
      const counts = countsOf(channel.volts, owner.calibration_constant);
      if (counts !== undefined) return { box: owner, counts, isNew: false };
    }
  }

  /** The box of an id, made where the store has none. @throws MakaiError RECORDING_INVALID where its calibration does not hold the samples */
  byId(boxId: string, channel: Channel): Placed {
    const box = this.#boxes.get(boxId);
    if (box === undefined) return this.#made(boxId, this.#freeName(nameOf(channel)), channel);
    const counts = countsOf(channel.volts, box.calibration_constant);
    if (counts === undefined) throw doesNotFit(channel, box.calibration_constant);
    return { box, counts, isNew: false };
  }

  #made(box_id: string, name: string, channel: Channel): Placed {
    const constant = this.#calibration ?? calibrationFor(channel.rangeV);
    let box = boxOf(box_id, name, channel, constant);
    let counts = countsOf(channel.volts, constant);
    if (counts === undefined && this.#calibration === undefined) {
      // Resampling overshoots at a step; the declared range has no headroom for it.
      box = boxOf(box_id, name, channel, calibrationFor(1.5 * channel.rangeV));
      counts = countsOf(channel.volts, box.calibration_constant);
    }
    if (counts === undefined) throw doesNotFit(channel, constant);
    this.#boxes.set(box_id, box);
    return { box, counts, isNew: true };
  }

  #freeName(base: string): string {
    const taken = new Set([...this.#boxes.values()].map(({ name }) => name));
    for (let n = 1; ; n += 1) {
      const name = n === 1 ? base : `${base} (${n})`;
      if (!taken.has(name)) return name;
    }
  }

  #nextId(): number {
    const taken = [...this.#boxes.keys()].map(Number).filter((id) => id >= this.#firstId);
    const id = taken.reduce((last, one) => Math.max(last, one), this.#firstId - 1) + 1;
    if (id <= LAST_ID) return id;
    throw new MakaiError('RECORDING_INVALID', `no box id is left from ${this.#firstId} to ${LAST_ID}`, {
      hint: 'Name a lower first id (--first-box-id), or the box (--box).',
    });
  }
}

const byId = (boxes: readonly BoxDocument[]): Map<string, BoxDocument> =>
  new Map(boxes.map((box) => [box.box_id, box]));

function boxOf(box_id: string, name: string, channel: Channel, calibration_constant: number): BoxDocument {
  return {
    box_id,
    name,
    description: `channel ${channel.name} of another instrument`,
    calibration_constant,
    unplugged: true,
    location: slugOf(channel.station),
    kind: 'import',
  };
}

function nameOf({ station, name }: Channel): string {
  const text = [station, name].filter((part) => part !== '').join(' ');
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, NAME_CHARACTERS) || 'import';
}

/** Phases of one station have one location. */
function slugOf(station: string): string {
  const slug = station
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);
  return slug || UNKNOWN_LOCATION;
}

function doesNotFit({ file, name }: Channel, constant: number): MakaiError {
  const message = `${file}: channel ${name} has samples that do not fit 16 bits at ${constant} counts per volt`;
  return new MakaiError('RECORDING_INVALID', message, {
    hint: 'Name a lower calibration constant (--calibration), or another box.',
  });
}
