/** `makai users ...`, `makai tokens ...`: who may log in to the web service. */
import { type Command, Option } from 'commander';
import { wholeWithin } from '../number-arguments.js';
import { withStoreOptions } from '../store-access.js';

const actions = () => import('../users.js');
const ROLES = ['viewer', 'operator', 'admin'] as const;
const TEN_YEARS = 3660;

export function register(program: Command): void {
  const users = program
    .command('users')
    .description('Users of the web service: who may log in, and what each may do.');
  const add = users
    .command('add')
    .description(
      'Add a user. The password is asked for, or read from the standard input where that is no terminal; it has 10 characters or more.',
    )
    .argument('<name>', 'lower-case letters, digits, and . _ @ - inside')
    .addOption(
      new Option(
        '--role <role>',
        'viewer reads; operator also requests events, annotates and edits boxes; admin also manages users and keys',
      )
        .choices(ROLES)
        .default('viewer'),
    )
    .option('--generate', 'make a password and print it');
  withStoreOptions(add).action(async (name, options) => (await actions()).addUser(name, options));
  const list = users
    .command('list')
    .description('List the users.')
    .option('--json', 'NDJSON, one user per line');
  withStoreOptions(list).action(async (options) => (await actions()).listUsers(options));
  const remove = users
    .command('remove')
    .description('Remove a user, with sessions and tokens.')
    .argument('<name>', 'name of the user');
  withStoreOptions(remove).action(async (name, options) => (await actions()).removeUser(name, options));
  const password = users
    .command('password')
    .description('Set a new password, or another role. The sessions of the user end.')
    .argument('<name>', 'name of the user')
    .addOption(new Option('--role <role>', 'another role, in place of a new password').choices(ROLES))
    .option('--generate', 'make a password and print it');
  withStoreOptions(password).action(async (name, options) => (await actions()).changeUser(name, options));
  registerTokens(program);
}

function registerTokens(program: Command): void {
  const tokens = program
    .command('tokens')
    .description('API tokens: with one a program uses the HTTP API as a user.');
  const add = tokens
    .command('add')
    .description('Make a token and print it. It is shown only now.')
    .argument('<user>', 'user as whom the program works')
    .requiredOption('--name <text>', 'what it is for')
    .addOption(new Option('--role <role>', 'a lower role than the user has').choices(ROLES))
    .option('--days <N>', 'how long it is valid; without it until it is removed', wholeWithin(1, TEN_YEARS))
    .option('--json', 'as one JSON document');
  withStoreOptions(add).action(async (user, options) => (await actions()).addToken(user, options));
  const list = tokens
    .command('list')
    .description('List the tokens; none is shown itself.')
    .option('--json', 'NDJSON, one token per line');
  withStoreOptions(list).action(async (options) => (await actions()).listTokens(options));
  const remove = tokens
    .command('remove')
    .description('Remove a token. It stops working within 5 s.')
    .argument('<id>', 'its id, as `makai tokens list` shows it');
  withStoreOptions(remove).action(async (id, options) => (await actions()).removeToken(id, options));
}
