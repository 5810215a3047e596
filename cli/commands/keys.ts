/** `makai keys ...`: the keys of the server and of the boxes. No command prints a secret. */
import type { Command } from 'commander';
import { write } from '../../common/stdout.js';
import { DEFAULT_KEY_DIRECTORY, keyLayout } from '../../keys/layout.js';
import { acceptKey, listKeys, newBox, newServer, revokeBox } from '../../keys/manage.js';
import { abortRotation, finishRotation, prepareRotation } from '../../keys/rotation.js';
import { UsageError } from '../errors.js';
import { clean, print } from '../output.js';

interface DirectoryOption {
  dir: string;
}

export function register(program: Command): void {
  const keys = program.command('keys').description('Make keys, and say which boxes may connect.');
  const command = (usage: string, description: string): Command =>
    keys
      .command(usage)
      .description(description)
      .option('--dir <folder>', 'folder with private_keys and public_keys', DEFAULT_KEY_DIRECTORY);

  command('new-server', "Make the server's pair of keys.").action(newServerKeys);
  command('new-box', "Make a box's pair of keys, and let the box in.")
    .argument('<id>', 'id of the box, a number')
    .action(newBoxKeys);
  command('list', 'List the keys that may connect, and those that were revoked.')
    .option('--json', 'one key a line as JSON')
    .action(list);
  command('pending', 'List the keys that the running brokers refused, newest first.')
    .option('--status <address...>', "the brokers' status servers, if not those of the default configuration")
    .option('--json', 'one key a line as JSON')
    .action(pending);
  command('accept', 'Let a key in as a box, within 5 s; the box comes back within 30 s.')
    .argument(
      '<key>',
      'public key, 40 characters (`makai keys pending` shows it), in single quotes; after `--` if it begins with -',
    )
    .argument('<id>', 'id of the box, a number')
    .option('--replace', 'instead of the key that this box has')
    .option('--restore', 'also if the key was revoked')
    .action(accept);
  command('revoke', 'Keep a box out for good; a connected one is cut off within 5 s.')
    .argument('<id>', 'id of the box, a number')
    .option('--key <key>', 'its public key, if that is in the store and not in a certificate')
    .action(revoke);
  command('rotate-server', "Prepare a change of the server's keys; docs/security.md has the steps.")
    .option('--finish', 'the next pair becomes the present one')
    .option('--abort', 'drop the next pair')
    .action(rotate);
}

async function newServerKeys({ dir }: DirectoryOption): Promise<void> {
  const { secretFile, publicFile } = await newServer(keyLayout(dir));
  await write(
    `secret: ${secretFile} (for the brokers: server_cert)\npublic: ${publicFile} (for the boxes)\n`,
  );
}

async function newBoxKeys(id: string, { dir }: DirectoryOption): Promise<void> {
  const layout = keyLayout(dir);
  const { boxId, secretFile, publicFile } = await newBox(layout, id);
  await write(
    `box ${boxId} may connect\nfor the box: ${secretFile} and ${layout.serverPublic}\ncertificate: ${publicFile}\n`,
  );
}

async function list({ dir, json }: DirectoryOption & { json?: true }): Promise<void> {
  const { keys, bad } = await listKeys(keyLayout(dir));
  await print(
    keys,
    [
      { title: 'box', value: (key) => key.box_id ?? '-', right: true },
      { title: 'state', value: (key) => key.state },
      { title: 'public key', value: (key) => key.public_key },
      { title: 'certificate', value: (key) => key.file },
    ],
    { json },
  );
  for (const { reason } of bad) process.stderr.write(clean(`not a certificate: ${reason}`).concat('\n'));
}

async function pending(options: DirectoryOption & { status?: string[]; json?: true }): Promise<void> {
  const { readPending } = await import('../pending.js');
  const { keys, silent } = await readPending(options.status, keyLayout(options.dir));
  for (const reason of silent) process.stderr.write(clean(`no answer: ${reason}`).concat('\n'));
  await print(
    keys,
    [
      { title: 'public key', value: (key) => key.public_key },
      { title: 'from', value: (key) => key.address },
      { title: 'times', value: (key) => key.count, right: true },
      { title: 'last', value: (key) => new Date(key.last_ms).toISOString() },
      { title: 'reason', value: (key) => key.reason },
    ],
    options,
  );
  if (silent.length > 0 && keys.length === 0) process.exitCode = 1;
}

async function accept(
  key: string,
  id: string,
  { dir, ...options }: DirectoryOption & { replace?: true; restore?: true },
): Promise<void> {
  const file = await acceptKey(keyLayout(dir), key, id, options);
  await write(`box ${id} may connect: ${file}\n`);
}

async function revoke(id: string, { dir, key }: DirectoryOption & { key?: string }): Promise<void> {
  for (const file of await revokeBox(keyLayout(dir), id, key)) await write(`revoked: ${file}\n`);
}

async function rotate({
  dir,
  finish,
  abort,
}: DirectoryOption & { finish?: true; abort?: true }): Promise<void> {
  if (finish && abort) throw new UsageError('--finish and --abort exclude each other');
  const layout = keyLayout(dir);
  if (abort) {
    await abortRotation(layout);
    await write(
      'the next pair is gone; take server_cert_next and the *_next endpoints out of the configurations\n',
    );
  } else if (finish) {
    const { previousFile } = await finishRotation(layout);
    await write(
      `present pair: ${layout.serverSecret}\nnow make the *_next endpoints the usual ones in the configurations, take server_cert_next ` +
        `out, restart the brokers, and delete ${previousFile}\n`,
    );
  } else {
    const { secretFile, publicFile } = await prepareRotation(layout);
    await write(
      `next pair: ${secretFile}\nfor the boxes: ${publicFile}\nnow set server_cert_next and the *_next endpoints in the configurations of ` +
        'both brokers, restart them, and move the boxes over; `makai status` shows how many have moved\n',
    );
  }
}
