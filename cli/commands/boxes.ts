/** `makai boxes add | set | list | show | retire`: the records of boxes in the store. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { MakaiError } from '../../common/errors.js';
import { jsonLine, write } from '../../common/stdout.js';
import { parseBoxId, parsePublicCertificate } from '../../keys/certificate.js';
import { parsePublicKey } from '../../keys/key.js';
import type { BoxDocument, Store } from '../../store/store.js';
import { UsageError } from '../errors.js';
import { clean, print } from '../output.js';
import { type StoreChoice, useStore, withStoreOptions } from '../store-access.js';

interface Fields {
  name?: string;
  description?: string;
  calibration?: string;
  location?: string;
  publicKey?: string;
  certificate?: string;
  unplugged?: boolean;
}

export function register(program: Command): void {
  const boxes = program
    .command('boxes')
    .description('Records of boxes in the store: name, location, calibration constant, key.');
  const add = boxes
    .command('add')
    .description('Add a box.')
    .argument('<id>', 'decimal id of the box')
    .option('--unplugged', 'it is not in use: its silence is not an outage');
  withStoreOptions(withFields(add)).action(addBox);
  const set = boxes
    .command('set')
    .description('Change the record of a box; a new location moves the old one to its archive.')
    .argument('<id>', 'decimal id of the box')
    .option('--unplugged', 'it is out of use: its silence is not an outage')
    .option('--no-unplugged', 'it is in use');
  withStoreOptions(withFields(set)).action(setBox);
  const list = boxes
    .command('list')
    .description('List the boxes in the store.')
    .option('--json', 'NDJSON, one box per line');
  withStoreOptions(list).action(listBoxes);
  const show = boxes
    .command('show')
    .description('Show the whole record of a box.')
    .argument('<id>', 'decimal id of the box')
    .option('--json', 'as JSON on one line');
  withStoreOptions(show).action(showBox);
  const retire = boxes
    .command('retire')
    .description(
      'Take a box out of use. Its key is removed, so it may no longer connect (where keys come from the store), and its silence is not an outage. Its record stays, because its waveforms need the calibration constant.',
    )
    .argument('<id>', 'decimal id of the box')
    .option('--remove', 'remove the whole record');
  withStoreOptions(retire).action(retireBox);
}

function withFields(command: Command): Command {
  return command
    .option('--name <text>', "a name that no other box has; '' removes it")
    .option('--description <text>', "free text; '' removes it")
    .option('--calibration <constant>', 'counts per volt, as measured for this box (1 if unknown)')
    .option('--location <slug>', 'where it is plugged in')
    .option('--public-key <key>', 'its public key, Z85, 40 characters')
    .option('--certificate <file>', 'its public certificate, in place of --public-key');
}

async function addBox(idText: string, options: Fields & StoreChoice): Promise<void> {
  const id = boxId(idText);
  const box = changed({ box_id: id, calibration_constant: 1, unplugged: false }, options);
  await useStore(options, async (store) => {
    if ((await store.box(id)) !== undefined) {
      throw new MakaiError('BOX_EXISTS', `box ${id} already has a record`, {
        hint: `\`makai boxes set ${id} ...\` changes it; \`makai boxes show ${id}\` shows it.`,
      });
    }
    await store.putBox(box);
  });
}

async function setBox(idText: string, options: Fields & StoreChoice): Promise<void> {
  await useStore(options, async (store) => {
    await store.putBox(changed(await existing(store, idText), options));
  });
}

async function listBoxes(options: StoreChoice & { json?: true }): Promise<void> {
  await useStore(options, async (store) =>
    print(
      await store.boxes(),
      [
        { title: 'box', value: (box) => box.box_id, right: true },
        { title: 'name', value: (box) => box.name },
        { title: 'location', value: (box) => box.location ?? 'unknown' },
        { title: 'counts/V', value: (box) => box.calibration_constant, right: true },
        { title: 'in use', value: (box) => (box.unplugged ? 'no' : 'yes') },
        { title: 'key', value: (box) => (box.public_key === undefined ? '' : 'yes') },
        { title: 'description', value: (box) => box.description },
      ],
      options,
    ),
  );
}

async function showBox(idText: string, options: StoreChoice & { json?: true }): Promise<void> {
  await useStore(options, async (store) => {
    const box = await existing(store, idText);
    if (options.json) return write(jsonLine(box));
    const lines = Object.entries(box).map(([field, value]) => {
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
      const time = field.endsWith('_time_ms') ? ` (${new Date(Number(value)).toISOString()})` : '';
      return clean(`${field.padEnd(24)}${text}${time}`);
    });
    await write(`${lines.join('\n')}\n`);
  });
}

async function retireBox(idText: string, options: StoreChoice & { remove?: true }): Promise<void> {
  await useStore(options, async (store) => {
    const { public_key: _, ...box } = await existing(store, idText);
    if (options.remove) await store.removeBox(box.box_id);
    else await store.putBox({ ...box, unplugged: true });
  });
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
  const { public_key: oldKey, name: oldName, description: oldDescription, ...rest } = box;
  const name = options.name ?? oldName;
  const description = options.description ?? oldDescription;
  const key = keyOf(options) ?? oldKey;
  return {
    ...rest,
    ...(name ? { name } : {}),
    ...(description ? { description } : {}),
    ...(options.calibration === undefined ? {} : { calibration_constant: calibration(options.calibration) }),
    ...(options.unplugged === undefined ? {} : { unplugged: options.unplugged }),
    ...moved(box, options.location),
    ...(key === undefined ? {} : { public_key: key }),
  };
}

/** When a box is moved, its previous location and start time go to its archive. */
function moved(box: BoxDocument, location: string | undefined): Partial<BoxDocument> {
  if (location === undefined || location === box.location) return {};
  const before = {
    location: box.location ?? 'unknown',
    location_start_time_ms: box.location_start_time_ms ?? 0,
  };
  return {
    location,
    location_start_time_ms: Date.now(),
    location_archive: [...(box.location_archive ?? []), ...(box.location === undefined ? [] : [before])],
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
