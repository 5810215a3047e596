/** `makai keys ...`: the keys of the server and of the boxes. No command prints a secret. */
import type { Command } from 'commander';
import { DEFAULT_KEY_DIRECTORY } from '../../keys/layout.js';
import { STORE_FORMS } from '../store-access.js';

/** Of the store of the daemons that use the folder, if that is known: the default folder, or one of `makai up`. */
const AUDIT = `store whose audit log gets the change (default: that of the daemons that use the folder): ${STORE_FORMS}`;

const actions = () => import('../keys.js');

export function register(program: Command): void {
  const keys = program.command('keys').description('Make keys and manage which boxes may connect.');
  const command = (usage: string, description: string): Command =>
    keys
      .command(usage)
      .description(description)
      .option('--dir <folder>', 'folder with private_keys and public_keys', DEFAULT_KEY_DIRECTORY);

  command('new-server', 'Make the key pair of the server.').action(async (options) =>
    (await actions()).newServerKeys(options),
  );
  command('new-box', 'Make the key pair of a box, or of a range of boxes, and allow them to connect.')
    .argument(
      '<id>',
      'id of the box, a number; or a range such as 1001-1200, of which boxes that have keys are left as they are',
    )
    .option('--store <URL>', AUDIT)
    .action(async (id, options) => (await actions()).newBoxKeys(id, options));
  command(
    'new-gateway',
    'Make the key pair of the gateway, with which measurements of meters come, and allow it to connect.',
  )
    .option('--store <URL>', AUDIT)
    .action(async (options) => (await actions()).newGatewayKeys(options));
  command('list', 'List the keys that may connect, and those that were revoked.')
    .option('--json', 'NDJSON, one key per line')
    .action(async (options) => (await actions()).list(options));
  command('pending', 'List the keys that the running brokers refused, newest first.')
    .option(
      '--status <address...>',
      'status servers of the brokers; without it those of the default configuration',
    )
    .option('--json', 'NDJSON, one key per line')
    .action(async (options) => (await actions()).pending(options));
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
    .option('--store <URL>', AUDIT)
    .action(async (key, id, options) => (await actions()).accept(key, id, options));
  command('revoke', 'Revoke the key of a box for good. A connected box is disconnected within 5 s.')
    .argument('<id>', 'id of the box, a number')
    .option('--key <key>', 'its public key, if it is in the store and not in a certificate')
    .option('--store <URL>', AUDIT)
    .action(async (id, options) => (await actions()).revoke(id, options));
  command('rotate-server', "Prepare a change of the server's key pair; docs/security.md has the steps.")
    .option(
      '--finish',
      'the next key pair replaces the present one, in running brokers within 5 s; asks if boxes have not moved',
    )
    .option('--yes', 'with --finish: do not ask')
    .option(
      '--status <address...>',
      'with --finish: status servers of the brokers; without it those of the configuration',
    )
    .option('--abort', 'delete the next key pair')
    .action(async (options) => (await actions()).rotate(options));
}
