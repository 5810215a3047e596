/** What `makai keys ...` do. No function prints a secret. */
import { dirname, resolve } from 'node:path';
import { GATEWAY_BOX_ID } from '../common/box-id.js';
import { messageOf } from '../common/errors.js';
import { isThere } from '../common/is-there.js';
import { write } from '../common/stdout.js';
import { locateConfigFile } from '../config/locate.js';
import type { Change } from '../daemon/audit.js';
import { parseBoxId } from '../keys/certificate.js';
import { DEFAULT_KEY_DIRECTORY, type KeyLayout, keyLayout } from '../keys/layout.js';
import { acceptKey, listKeys, newBox, newServer, revokeBox } from '../keys/manage.js';
import { abortRotation, finishRotation, prepareRotation } from '../keys/rotation.js';
import { UsageError } from './errors.js';
import { clean, plural, print } from './output.js';
import { isoTime } from './time.js';

interface DirectoryOption {
  dir: string;
}

interface ChangeOption extends DirectoryOption {
  /** whose audit log has the change; undefined: that of the daemons that use the folder, where it is known */
  store?: string;
}

export async function newServerKeys({ dir }: DirectoryOption): Promise<void> {
  const { secretFile, publicFile } = await newServer(keyLayout(dir));
  await write(
    `secret: ${secretFile} (for the brokers: server_cert)\npublic: ${publicFile} (for the boxes)\n`,
  );
}

/** Most boxes of one range. */
const MOST_BOXES = 10_000;

/** @param id of a box, or `first-last` */
export async function newBoxKeys(id: string, options: ChangeOption): Promise<void> {
  const layout = keyLayout(options.dir);
  const range = /^(\d{1,10})-(\d{1,10})$/.exec(id.trim());
  if (range !== null) return newKeysOfRange(layout, Number(range[1]), Number(range[2]), options);
  const { boxId, secretFile, publicFile } = await audited('keys new-box', id, options, () =>
    newBox(layout, id),
  );
  await write(
    `box ${boxId} may connect\nfor the box: ${secretFile} and ${layout.serverPublic}\ncertificate: ${publicFile}\nwhen \`makai boxes status\` says that it is heard: makai boxes add ${boxId} --name <name> --location <place> --calibration <counts per volt>\n`,
  );
}

export async function newGatewayKeys(options: ChangeOption): Promise<void> {
  const id = GATEWAY;
  const { publicFile, secretFile } = await audited('keys new-gateway', id, options, () =>
    newBox(keyLayout(options.dir), id),
  );
  await write(
    `the gateway may connect\nfor the gateway: ${secretFile} (\`meters.cert\`)\ncertificate: ${publicFile}\n`,
  );
}

async function newKeysOfRange(
  layout: KeyLayout,
  first: number,
  last: number,
  options: ChangeOption,
): Promise<void> {
  if (first > last) throw new UsageError(`${first}-${last} is no range: the lower id comes first`);
  if (last - first >= MOST_BOXES) throw new UsageError(`a range may have ${MOST_BOXES} boxes at most`);
  // Before the first key is made: all of them, or none.
  for (const end of [first, last]) parseBoxId(String(end), 'box id');
  const made: string[] = [];
  const left: string[] = [];
  for (let boxId = first; boxId <= last; boxId += 1) {
    if (isThere(layout.boxPublic(String(boxId)), 'KEY_FILE_IO')) left.push(String(boxId));
    else {
      await newBox(layout, String(boxId));
      made.push(String(boxId));
    }
  }
  await write(
    `${plural(made.length, 'box', 'boxes')} of ${first} to ${last} may connect\nfor each box: ${layout.boxSecret('ID')} and ${layout.serverPublic}\ncertificates: ${layout.publicDirectory}\n`,
  );
  if (made.length > 0) {
    const change = { command: 'keys new-box', subject: `boxes ${first}-${last}`, after: { new_keys: made } };
    await note(options, change);
  }
  if (left.length > 0) process.stderr.write(`left as they are, since they have keys: ${left.join(', ')}\n`);
}

const GATEWAY = String(GATEWAY_BOX_ID);

export async function list({ dir, json }: DirectoryOption & { json?: true }): Promise<void> {
  const { keys, bad } = await listKeys(keyLayout(dir));
  await print(
    keys,
    [
      {
        title: 'box',
        value: ({ box_id }) => (box_id === GATEWAY ? 'gateway' : (box_id ?? '-')),
        right: true,
      },
      { title: 'state', value: (key) => key.state },
      { title: 'public key', value: (key) => key.public_key },
      { title: 'certificate', value: (key) => key.file },
    ],
    { json },
  );
  for (const { reason } of bad) process.stderr.write(clean(`not used: ${reason}`).concat('\n'));
  const listed = new Set(keys.map((key) => key.box_id));
  const { readAllBoxHealth } = await import('./box-health/read.js');
  // A working folder of `makai up` holds its keys; the daemons of other folders have the default files.
  const folder = dirname(resolve(dir));
  const isWorkspace = locateConfigFile('triggering-service', folder) !== undefined;
  for (const { box_id, findings } of (await readAllBoxHealth(isWorkspace ? folder : undefined)).records) {
    const found = findings.find(({ code }) => code === 'UNPLUGGED_BUT_SENDING');
    if (found === undefined || !listed.has(box_id)) continue;
    process.stderr.write(clean(`box ${box_id}: ${found.code}: ${found.info}; ${found.todo}`).concat('\n'));
  }
}

export async function pending(options: DirectoryOption & { status?: string[]; json?: true }): Promise<void> {
  const { readPending } = await import('../daemon/pending-keys.js');
  const { keys, silent } = await readPending(options.status, keyLayout(options.dir));
  for (const reason of silent) process.stderr.write(clean(`no reply: ${reason}`).concat('\n'));
  await print(
    keys,
    [
      { title: 'public key', value: (key) => key.public_key },
      { title: 'from', value: (key) => key.address },
      { title: 'times', value: (key) => key.count, right: true },
      { title: 'last', value: (key) => isoTime(key.last_ms) },
      { title: 'reason', value: (key) => key.reason },
    ],
    options,
  );
  if (silent.length > 0 && keys.length === 0) process.exitCode = 1;
}

export async function accept(
  key: string,
  id: string,
  options: ChangeOption & { replace?: true; restore?: true },
): Promise<void> {
  const file = await audited('keys accept', id, options, () =>
    acceptKey(keyLayout(options.dir), key, id, options),
  );
  await write(`box ${id} may connect: ${file}\n`);
}

export async function revoke(id: string, options: ChangeOption & { key?: string }): Promise<void> {
  const { dir, key } = options;
  const files = await audited('keys revoke', id, options, () => revokeBox(keyLayout(dir), id, key));
  for (const file of files) await write(`revoked: ${file}\n`);
}

/** Makes a change of a box's keys and writes it into the audit log, with the keys of the box before and after. */
async function audited<T>(
  command: string,
  id: string,
  options: ChangeOption,
  work: () => Promise<T>,
): Promise<T> {
  const ofBox = async () => {
    const keys = (await listKeys(keyLayout(options.dir)).catch(() => undefined))?.keys ?? [];
    const of = (state: 'allowed' | 'revoked') =>
      keys.filter((one) => one.box_id === id.trim() && one.state === state).map((one) => one.public_key);
    return { allowed_keys: of('allowed'), revoked_keys: of('revoked') };
  };
  const before = await ofBox();
  const result = await work();
  await note(options, { command, subject: `box ${id.trim()}`, before, after: await ofBox() });
  return result;
}

/** Into the audit log of the store. The keys are changed already: what keeps it from the log is said, and no failure. */
async function note({ dir, store }: ChangeOption, change: Change): Promise<void> {
  // The folder of the keys is in that of the settings: /etc/opq, /etc/makai/NAME, a working folder of `makai up`. Other folders are nobody's.
  const file = locateConfigFile('triggering-service', dirname(resolve(dir)));
  const isDefault = resolve(dir) === resolve(DEFAULT_KEY_DIRECTORY);
  if (store === undefined && file === undefined && !isDefault) return;
  const url = store ?? (file === undefined ? undefined : `config:${file}`);
  const { useStore } = await import('./store-access.js');
  const { audit } = await import('./audit.js');
  await useStore(url === undefined ? {} : { store: url }, (opened) => audit(opened, change)).catch(
    (error: unknown) => {
      process.stderr.write(clean(`not in the audit log: ${messageOf(error)}`).concat('\n'));
    },
  );
}

interface RotateOptions extends DirectoryOption {
  finish?: true;
  abort?: true;
  status?: string[];
  yes?: true;
}

/** Names the boxes that would be kept out. @throws UsageError where nobody can be asked */
async function mayFinish({ dir, status, yes }: RotateOptions): Promise<boolean> {
  const { rotationProgress } = await import('./rotation-progress.js');
  const { moved, silent, staying, unseen } = await rotationProgress(keyLayout(dir), dir, status);
  const named: string[] = [];
  if (moved.length > 0) named.push(`moved to the next key: ${moved.length} boxes`);
  if (staying.length > 0)
    named.push(`not moved, kept out from now on until they have the next key: ${staying.join(', ')}`);
  if (unseen.length > 0) named.push(`not seen since the brokers started: ${unseen.join(', ')}`);
  for (const reason of silent)
    named.push(`not known which boxes have moved, since a broker does not reply: ${reason}`);
  if (named.length > 0) process.stderr.write(`${named.map((line) => clean(line)).join('\n')}\n`);
  if (yes || (staying.length === 0 && unseen.length === 0 && silent.length === 0)) return true;
  const { canAsk, confirm } = await import('./confirm.js');
  if (!canAsk())
    throw new UsageError('--finish keeps boxes out that have not moved: add --yes to do so all the same');
  return confirm('Make the next key the present one all the same?');
}

export async function rotate(options: RotateOptions): Promise<void> {
  const { abort, dir, finish } = options;
  if (finish && abort) throw new UsageError('--finish and --abort exclude each other');
  const layout = keyLayout(dir);
  if (abort) {
    await abortRotation(layout);
    await write(
      'the next key pair was deleted; remove server_cert_next and the *_next endpoints from the configurations\n',
    );
  } else if (finish) {
    if (!(await mayFinish(options))) {
      await write('nothing was changed\n');
      process.exitCode = 1;
      return;
    }
    const { previousFile } = await finishRotation(layout);
    await write(
      `present key pair: ${layout.serverSecret}\nrunning brokers take it over within 5 s, on the usual endpoints and on the *_next ones; \`makai doctor\` names one that does not\n` +
        `now set the usual endpoints in the configurations to the *_next ones, remove server_cert_next, restart the brokers, and delete ${previousFile}\n`,
    );
  } else {
    const { secretFile, publicFile } = await prepareRotation(layout);
    await write(
      `next key pair: ${secretFile}\nfor the boxes: ${publicFile}\nnow set server_cert_next and the *_next endpoints in the configurations of ` +
        'both brokers, restart them, and move the boxes over; `makai status` shows how many have moved\n',
    );
  }
}
