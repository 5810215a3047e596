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
  const keys = program.command('keys').description('Make keys and manage which boxes may connect.');
  const command = (usage: string, description: string): Command =>
    keys
      .command(usage)
      .description(description)
      .option('--dir <folder>', 'folder with private_keys and public_keys', DEFAULT_KEY_DIRECTORY);

  command('new-server', 'Make the key pair of the server.').action(newServerKeys);
  command('new-box', 'Make the key pair of a box and allow the box to connect.')
    .argument('<id>', 'id of the box, a number')
    .action(newBoxKeys);
  command('list', 'List the keys that may connect, and those that were revoked.')
    .option('--json', 'NDJSON, one key per line')
    .action(list);
  command('pending', 'List the keys that the running brokers refused, newest first.')
    .option(
      '--status <address...>',
      'status servers of the brokers; without it those of the default configuration',
    )
    .option('--json', 'NDJSON, one key per line')
    .action(pending);
  command(
    'accept',
    'Approve a pending key for a box. It takes effect within 5 s; the box reconnects within 30 s.',
  )
    .argument(
      '<key>',
      'public key, 40 characters (`makai keys pending` shows it), in single quotes; after `--` if it begins with -',
    )
    .argument('<id>', 'id of the box, a number')
    .option('--replace', 'replace the key that this box has')
    .option('--restore', 'accept the key even if it was revoked')
    .action(accept);
  command('revoke', 'Revoke the key of a box for good. A connected box is disconnected within 5 s.')
    .argument('<id>', 'id of the box, a number')
    .option('--key <key>', 'its public key, if it is in the store and not in a certificate')
    .action(revoke);
  command('rotate-server', "Prepare a change of the server's key pair; docs/security.md has the steps.")
    .option('--finish', 'the next key pair replaces the present one')
    .option('--abort', 'delete the next key pair')
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
  for (const reason of silent) process.stderr.write(clean(`no reply: ${reason}`).concat('\n'));
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
      'the next key pair was deleted; remove server_cert_next and the *_next endpoints from the configurations\n',
    );
  } else if (finish) {
    const { previousFile } = await finishRotation(layout);
    await write(
      `present key pair: ${layout.serverSecret}\nnow set the usual endpoints in the configurations to the *_next ones, remove server_cert_next, ` +
        `restart the brokers, and delete ${previousFile}\n`,
    );
  } else {
    const { secretFile, publicFile } = await prepareRotation(layout);
    await write(
      `next key pair: ${secretFile}\nfor the boxes: ${publicFile}\nnow set server_cert_next and the *_next endpoints in the configurations of ` +
        'both brokers, restart them, and move the boxes over; `makai status` shows how many have moved\n',
    );
  }
}
