import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { isPassword } from '../../daemon/people/password.js';
import type { AuditDocument } from '../../store/store.js';
import { openWritable } from '../store/writable.js';
import { type Outcome, makai as run } from './run-process.js';

const makai = (...args: string[]): Promise<Outcome> => run(args);

describe('cli: users, tokens', function () {
  this.timeout(400_000);
  let directory: string;
  let store: string[];

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'makai-cli-users-'));
    store = ['--store', `sqlite:${join(directory, 'makai.db')}`];
    assert.equal((await makai('store', 'init', ...store)).code, 0);
  });
  after(() => rmSync(directory, { recursive: true }));

  /** With something on its standard input. */
  async function withInput(text: string, ...args: string[]): Promise<{ code: number; out: string }> {
    const child = spawn(process.execPath, [join(PACKAGE_ROOT, 'dist/cli/main.js'), ...args]);
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (out += bytes));
    child.stdin.end(text);
    const [code] = (await once(child, 'close')) as [number];
    return { code, out };
  }

  async function stored() {
    const open = await openWritable(join(directory, 'makai.db'), {
      retention: { mode: 'ttl', measurementsSeconds: 1 },
      thread: 'inline',
    });
    const found = { users: await open.users(), tokens: await open.tokens() };
    await open.close();
    return found;
  }

  it('a user is added with a password from the standard input, of which the store has the hash alone', async () => {
    const { code, out } = await withInput(
      'correct horse\n',
      'users',
      'add',
      'ada',
      '--role',
      'admin',
      ...store,
    );
    assert.equal(code, 0, out);
    const [ada] = (await stored()).users;
    assert.equal(ada?.role, 'admin');
    assert.ok(!JSON.stringify(ada).includes('correct horse'));
    assert.equal(await isPassword('correct horse', ada?.password), true);
    assert.equal(await isPassword('correct hors', ada?.password), false);
  });

  it('what is wrong is refused: a short password, a name, a user that is there', async () => {
    assert.match((await withInput('short\n', 'users', 'add', 'ben', ...store)).out, /expected 10 to 200/);
    assert.match((await withInput('', 'users', 'add', 'ben', ...store)).out, /0 characters/);
    assert.equal((await withInput('0123456789\n', 'users', 'add', 'Ben', ...store)).code, 2);
    assert.match((await withInput('0123456789\n', 'users', 'add', 'ada', ...store)).out, /USER_EXISTS/);
    assert.match((await makai('users', 'remove', 'nobody', ...store)).stderr, /NOT_FOUND/);
  });

  it('a generated password is printed, another role is set, the list shows no hash', async () => {
    const { stdout } = await makai('users', 'add', 'ben', '--generate', ...store);
    const password = /^password: (\S{24})$/m.exec(stdout)?.[1] ?? '';
    const ben = (await stored()).users.find(({ name }) => name === 'ben');
    assert.equal(await isPassword(password, ben?.password), true);
    assert.equal((await makai('users', 'password', 'ben', '--role', 'operator', ...store)).code, 0);
    const list = await makai('users', 'list', '--json', ...store);
    assert.ok(!list.stdout.includes('scrypt'));
    assert.deepEqual(
      list.stdout
        .trim()
        .split('\n')
        .map((line) => [JSON.parse(line).name, JSON.parse(line).role]),
      [
        ['ada', 'admin'],
        ['ben', 'operator'],
      ],
    );
  });

  it('a token is printed once, listed without its secret, and removed', async () => {
    const made = await makai(
      'tokens',
      'add',
      'ben',
      '--name',
      'nightly',
      '--role',
      'viewer',
      '--days',
      '2',
      ...store,
    );
    const secret = made.stdout.trim();
    assert.match(secret, /^makai_[\w-]{43}$/);
    const tooHigh = await makai('tokens', 'add', 'ben', '--name', 'x', '--role', 'admin', ...store);
    assert.equal(tooHigh.code, 2);
    const list = await makai('tokens', 'list', '--json', ...store);
    assert.ok(!list.stdout.includes(secret.slice(6)));
    const { token_id, user } = JSON.parse(list.stdout) as { token_id: string; user: string };
    assert.equal(user, 'ben');
    assert.equal((await makai('tokens', 'remove', token_id, ...store)).code, 0);
    assert.equal((await makai('tokens', 'remove', token_id, ...store)).code, 3);
    assert.deepEqual((await stored()).tokens, []);
    const log = (await makai('audit', 'list', '--json', ...store)).stdout;
    const entries = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditDocument);
    const [added, removed] = entries.slice(-2);
    assert.deepEqual(
      [added?.command, added?.subject, removed?.command, removed?.subject],
      ['tokens add', `token ${token_id}`, 'tokens remove', `token ${token_id}`],
    );
    assert.deepEqual([added?.after?.user, added?.after?.role], ['ben', 'viewer']);
    assert.deepEqual(removed?.before, added?.after);
    assert.ok(!log.includes(secret.slice(6)));
  });
});
