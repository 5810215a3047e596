/** `opq_boxes`: the boxes as the web view and administrators keep them. Fields that are not ours stay as they are. */
import type { Document } from 'mongodb';
import type { Logger } from '../../../common/log.js';
import { nameTaken } from '../../boxes.js';
import { BOX_KINDS, type BoxDocument, type Calibration } from '../../documents.js';
import { type Context, collection } from '../connection/context.js';
import { DUPLICATE_KEY, mapped, serverCode } from '../connection/errors.js';
import { calibrationFields, calibrationIn } from '../events/box-events.js';
import { boxIdOf, defined, double, int64, listOf, numberOf, recordOf, textOf } from '../fields/bson.js';
import { show } from './configs.js';
import type { Parsed } from './last-known.js';

/** Fields of ours that a replaced box may lack. */
const OPTIONAL = [
  'name',
  'description',
  'location',
  'location_start_time_ms',
  'location_archive',
  'public_key',
  'kind',
  'meter',
  'nominal_voltage',
  'nominal_frequency',
  'calibration_start_time_ms',
  'calibration_archive',
] as const;

export class Boxes {
  readonly #context: Context;
  readonly #log: Logger;
  readonly #lastValid = new Map<string, BoxDocument>();
  readonly #reported = new Map<string, string>();

  constructor(context: Context) {
    this.#context = context;
    this.#log = context.log;
  }

  async all(): Promise<BoxDocument[]> {
    const documents = await mapped('read the boxes', () =>
      collection(this.#context, 'boxes').find().sort({ box_id: 1 }).toArray(),
    );
    const present = new Set<string>();
    const boxes: BoxDocument[] = [];
    for (const document of documents) {
      const box = this.#checked(document);
      if (box === undefined || present.has(box.box_id)) continue;
      present.add(box.box_id);
      boxes.push(box);
    }
    for (const boxId of this.#lastValid.keys()) if (!present.has(boxId)) this.#forget(boxId);
    return boxes;
  }

  async one(boxId: string): Promise<BoxDocument | undefined> {
    const document = await mapped(`read box ${boxId}`, () =>
      collection(this.#context, 'boxes').findOne({ box_id: boxId }),
    );
    if (document !== null) return this.#checked(document);
    this.#forget(boxId);
    return undefined;
  }

  async put(box: BoxDocument): Promise<void> {
    const set = boxDocument(box);
    const unset = Object.fromEntries(
      OPTIONAL.filter((field) => box[field] === undefined).map((field) => [field, '']),
    );
    await this.#refuseTakenName(box);
    await mapped(`store box ${box.box_id}`, () =>
      collection(this.#context, 'boxes').updateOne(
        { box_id: box.box_id },
        { $set: set, ...(Object.keys(unset).length === 0 ? {} : { $unset: unset }) },
        { upsert: true },
      ),
    );
  }

  /** @returns false: there is a box of this id or name already, and nothing was changed */
  async add(box: BoxDocument): Promise<boolean> {
    return mapped(`add box ${box.box_id}`, async () => {
      try {
        await collection(this.#context, 'boxes').insertOne(boxDocument(box));
        return true;
      } catch (error) {
        if (serverCode(error) !== DUPLICATE_KEY) throw error;
        return false;
      }
    });
  }

  /** Asked before writing: what a duplicate key error says of its index differs from server to server. The unique index stays the guard. */
  async #refuseTakenName(box: BoxDocument): Promise<void> {
    if (box.name === undefined) return;
    const other = await mapped('look for the name of a box', () =>
      collection(this.#context, 'boxes').findOne({ name: box.name, box_id: { $ne: box.box_id } }),
    );
    if (other !== null) throw nameTaken(box, boxIdOf(other.box_id) ?? '');
  }

  async remove(boxId: string): Promise<boolean> {
    const result = await mapped(`remove box ${boxId}`, () =>
      collection(this.#context, 'boxes').deleteMany({ box_id: boxId }),
    );
    this.#forget(boxId);
    return result.deletedCount > 0;
  }

  /** The box, or the last valid one of the same id when this document is invalid; the first sight of an invalid one is reported. */
  #checked(document: Document): BoxDocument | undefined {
    const parsed = parseBox(document);
    const boxId = boxIdOf(document.box_id) ?? `_id ${String(document._id)}`;
    if ('value' in parsed) {
      this.#lastValid.set(boxId, parsed.value);
      this.#reported.delete(boxId);
      return parsed.value;
    }
    const mistakes = parsed.mistakes.join('; ');
    const lastValid = this.#lastValid.get(boxId);
    if (this.#reported.get(boxId) !== mistakes) {
      const inForce = lastValid === undefined ? 'none' : 'the last valid one';
      this.#log.error(
        { document: `opq_boxes ${boxId}`, mistakes: parsed.mistakes, inForce },
        'invalid document',
      );
      this.#reported.set(boxId, mistakes);
    }
    return lastValid;
  }

  #forget(boxId: string): void {
    this.#lastValid.delete(boxId);
    this.#reported.delete(boxId);
  }
}

export function boxDocument(box: BoxDocument): Document {
  return defined({
    box_id: box.box_id,
    name: box.name,
    description: box.description,
    calibration_constant: double(box.calibration_constant),
    unplugged: box.unplugged,
    location: box.location,
    location_start_time_ms:
      box.location_start_time_ms === undefined ? undefined : int64(box.location_start_time_ms),
    location_archive: box.location_archive?.map((entry) => ({
      location: entry.location,
      location_start_time_ms: int64(entry.location_start_time_ms),
    })),
    calibration_start_time_ms:
      box.calibration_start_time_ms === undefined ? undefined : int64(box.calibration_start_time_ms),
    calibration_archive: box.calibration_archive?.map(({ calibration_start_time_ms, ...values }) => ({
      ...calibrationFields(values),
      calibration_start_time_ms: int64(calibration_start_time_ms),
    })),
    public_key: box.public_key,
    kind: box.kind,
    meter: box.meter,
    nominal_voltage: box.nominal_voltage === undefined ? undefined : double(box.nominal_voltage),
    nominal_frequency: box.nominal_frequency === undefined ? undefined : double(box.nominal_frequency),
  });
}

/**
 * A box as it was stored by whomever. What is missing takes the meaning that existing readers give it: no calibration is
 * 1.0, no `unplugged` counts as unplugged. A wrong type is a mistake, named with its field.
 */
export function parseBox(document: Document): Parsed<BoxDocument> {
  const mistakes: string[] = [];
  const wrong = (field: string, wanted: string): undefined => {
    mistakes.push(`${field}: ${wanted} is expected, found ${show(document[field])}`);
    return undefined;
  };
  const given = (field: string): boolean => document[field] !== undefined && document[field] !== null;
  const text = (field: string): string | undefined =>
    given(field) ? (textOf(document[field]) ?? wrong(field, 'a text')) : undefined;
  const box_id = boxIdOf(document.box_id) ?? wrong('box_id', 'a text') ?? '';
  const calibration = given('calibration_constant') ? numberOf(document.calibration_constant) : 1;
  if (calibration === undefined || calibration <= 0) wrong('calibration_constant', 'a number above 0');
  const unplugged = document.unplugged ?? true;
  if (typeof unplugged !== 'boolean') wrong('unplugged', 'true or false');
  const publicKey = text('public_key');
  if (publicKey !== undefined && publicKey !== '' && publicKey.length !== 40) {
    mistakes.push(`public_key: 40 characters of Z85 are expected, found ${publicKey.length}`);
  }
  const startTime = given('location_start_time_ms')
    ? (numberOf(document.location_start_time_ms) ?? wrong('location_start_time_ms', 'a time in Unix ms'))
    : undefined;
  const archive = Array.isArray(document.location_archive)
    ? listOf(document.location_archive, archiveEntry)
    : undefined;
  const value = defined({
    box_id,
    name: text('name'),
    description: text('description'),
    calibration_constant: calibration,
    unplugged,
    location: text('location'),
    location_start_time_ms: startTime,
    location_archive: archive,
    public_key: publicKey === '' ? undefined : publicKey,
    kind: BOX_KINDS.find((kind) => kind === document.kind),
    meter: text('meter'),
    nominal_voltage: given('nominal_voltage') ? numberOf(document.nominal_voltage) : undefined,
    nominal_frequency: given('nominal_frequency') ? numberOf(document.nominal_frequency) : undefined,
    calibration_start_time_ms: numberOf(document.calibration_start_time_ms),
    calibration_archive: Array.isArray(document.calibration_archive)
      ? listOf(document.calibration_archive, calibrationEntry)
      : undefined,
  });
  return mistakes.length > 0 ? { mistakes } : { value: value as unknown as BoxDocument };
}

function archiveEntry(value: unknown): { location: string; location_start_time_ms: number } | undefined {
  const { location, location_start_time_ms } = recordOf(value);
  const slug = textOf(location);
  const start = numberOf(location_start_time_ms);
  return slug === undefined || start === undefined
    ? undefined
    : { location: slug, location_start_time_ms: start };
}

function calibrationEntry(value: unknown): (Calibration & { calibration_start_time_ms: number }) | undefined {
  const start = numberOf(recordOf(value).calibration_start_time_ms);
  return start === undefined
    ? undefined
    : { ...calibrationIn(recordOf(value)), calibration_start_time_ms: start };
}
