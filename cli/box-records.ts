/** What `makai boxes add | set | list | show | retire` do: the records of boxes in the store. */
import { readFileSync } from 'node:fs';
import { MakaiError } from '../common/errors.js';
import { jsonLine, write } from '../common/stdout.js';
import { storeRecord } from '../daemon/box-record.js';
import { parseBoxId, parsePublicCertificate } from '../keys/certificate.js';
import { parsePublicKey } from '../keys/key.js';
import type { BoxDocument, Store } from '../store/store.js';
import { audit, currentUser } from './audit.js';
import { UsageError } from './errors.js';
import { clean, print } from './output.js';
import { type StoreChoice, useStore } from './store-access.js';
import { isoTime } from './time.js';

interface Fields {
  name?: string;
  description?: string;
  calibration?: string;
  nominalVoltage?: string;
  nominalFrequency?: string;
  location?: string;
  publicKey?: string;
  certificate?: string;
  unplugged?: boolean;
}

export async function addBox(idText: string, options: Fields & StoreChoice): Promise<void> {
  const id = boxId(idText);
  const box = changed({ box_id: id, calibration_constant: 1, unplugged: false }, options);
  await useStore(options, async (store) => {
    if ((await store.box(id)) !== undefined) {
      throw new MakaiError('BOX_EXISTS', `box ${id} already has a record`, {
        hint: `\`makai boxes set ${id} ...\` changes it; \`makai boxes show ${id}\` shows it.`,
      });
    }
    await put(store, 'boxes add', undefined, box);
  });
}

export async function setBox(idText: string, options: Fields & StoreChoice): Promise<void> {
  await useStore(options, async (store) => {
    const before = await existing(store, idText);
    await put(store, 'boxes set', before, changed(before, options));
  });
}

export async function listBoxes(options: StoreChoice & { json?: true }): Promise<void> {
  const boxes = await useStore(options, (store) => store.boxes());
  await print(
    boxes,
    [
      { title: 'box', value: (box) => box.box_id, right: true },
      { title: 'name', value: (box) => box.name },
      { title: 'location', value: (box) => box.location ?? 'unknown' },
      { title: 'counts/V', value: (box) => box.calibration_constant, right: true },
      {
        title: 'nominal',
        value: ({ nominal_voltage: v, nominal_frequency: f }) =>
          [v === undefined ? [] : `${v} V`, f === undefined ? [] : `${f} Hz`].flat().join(' '),
      },
      { title: 'in use', value: (box) => (box.unplugged ? 'no' : 'yes') },
      { title: 'key', value: (box) => (box.public_key === undefined ? '' : 'yes') },
      { title: 'description', value: (box) => box.description },
    ],
    options,
  );
  // Another store is perhaps not that of the daemons here.
  if (options.store === undefined) await nameUnrecorded(boxes, options.dir);
}

/** Boxes that the daemons of this machine hear, and that have no record: no name, no place, no calibration. */
async function nameUnrecorded(boxes: readonly BoxDocument[], folder: string | undefined): Promise<void> {
  const { readAllBoxHealth } = await import('./box-health/read.js');
  const recorded = new Set(boxes.map(({ box_id }) => box_id));
  const ids = (await readAllBoxHealth(folder)).records
    .filter(({ box_id, stream }) => stream !== undefined && !recorded.has(box_id))
    .map(({ box_id }) => box_id);
  if (ids.length === 0) return;
  const todo = `makai boxes add ${ids[0]} --name <name> --location <place> --calibration <counts per volt>`;
  process.stderr.write(`${clean(`heard, without a record: ${ids.join(', ')}; ${todo}`)}\n`);
}

export async function showBox(idText: string, options: StoreChoice & { json?: true }): Promise<void> {
  await useStore(options, async (store) => {
    const box = await existing(store, idText);
    if (options.json) return write(jsonLine(box));
    const lines = Object.entries(box).map(([field, value]) => {
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
      const time = field.endsWith('_time_ms') ? ` (${isoTime(Number(value))})` : '';
      return clean(`${field.padEnd(24)}${text}${time}`);
    });
    await write(`${lines.join('\n')}\n`);
  });
}

export async function retireBox(idText: string, options: StoreChoice & { remove?: true }): Promise<void> {
  await useStore(options, async (store) => {
    const before = await existing(store, idText);
    const { public_key: _, ...box } = before;
    const after = options.remove ? undefined : { ...box, unplugged: true };
    if (after === undefined) await store.removeBox(box.box_id);
    else await store.putBox(after);
    await audit(store, { command: 'boxes retire', subject: `box ${box.box_id}`, before, after });
  });
}

function put(
  store: Store,
  command: string,
  before: BoxDocument | undefined,
  after: BoxDocument,
): Promise<void> {
  return storeRecord(store, { command, user: currentUser(), before, after, nowMs: Date.now() });
}

async function existing(store: Store, idText: string): Promise<BoxDocument> {
  const box = await store.box(idText);
  if (box !== undefined) return box;
  throw new MakaiError('NOT_FOUND', `there is no box ${idText} in this store`, {
    hint: '`makai boxes list` shows the boxes.',
  });
}

/** The record with the changes that the options ask for. @throws UsageError, MakaiError KEY_INVALID */
function changed(box: BoxDocument, options: Fields): BoxDocument {
  const {
    public_key: oldKey,
    name: oldName,
    description: oldDescription,
    nominal_voltage: oldVoltage,
    nominal_frequency: oldFrequency,
    ...rest
  } = box;
  const voltage = nominal('--nominal-voltage', options.nominalVoltage, oldVoltage, [10, 1_000_000]);
  const frequency = nominal('--nominal-frequency', options.nominalFrequency, oldFrequency, [10, 1000]);
  const name = options.name ?? oldName;
  const description = options.description ?? oldDescription;
  const key = keyOf(options) ?? oldKey;
  return {
    ...rest,
    ...(name ? { name } : {}),
    ...(description ? { description } : {}),
    ...(voltage === undefined ? {} : { nominal_voltage: voltage }),
    ...(frequency === undefined ? {} : { nominal_frequency: frequency }),
    ...(options.calibration === undefined ? {} : { calibration_constant: calibration(options.calibration) }),
    ...(options.unplugged === undefined ? {} : { unplugged: options.unplugged }),
    ...(options.location === undefined ? {} : { location: options.location }),
    ...(key === undefined ? {} : { public_key: key }),
  };
}

function keyOf({ publicKey, certificate }: Fields): string | undefined {
  if (publicKey !== undefined && certificate !== undefined) {
    throw new UsageError('give --public-key or --certificate, not both');
  }
  if (publicKey !== undefined) return parsePublicKey(publicKey, '--public-key');
  if (certificate === undefined) return undefined;
  return parsePublicCertificate(readFileSync(certificate, 'utf8'), certificate).publicKey;
}

/** The value of an option; '' removes what was there. @throws UsageError */
function nominal(
  option: string,
  text: string | undefined,
  before: number | undefined,
  [min, max]: readonly [number, number],
): number | undefined {
  if (text === undefined) return before;
  if (text === '') return undefined;
  const value = Number(text);
  if (!(value >= min && value <= max))
    throw new UsageError(`${option}: expected a number from ${min} to ${max}, found ${text}`);
  return value;
}

function calibration(text: string): number {
  const constant = Number(text);
  if (text.trim() === '' || !Number.isFinite(constant) || constant <= 0) {
    throw new UsageError(`--calibration: expected a number above zero (counts per volt), found ${text}`);
  }
  return constant;
}

function boxId(text: string): string {
  const id = parseBoxId(text, 'box id');
  if (id !== text) throw new UsageError(`write the id without leading zeros: ${id}`);
  return id;
}
