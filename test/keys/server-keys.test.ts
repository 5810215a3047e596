import assert from 'node:assert/strict';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { silentLogger } from '../../common/log.js';
import { writeSecretCertificate } from '../../keys/files.js';
import { type KeyPair, newKeyPair } from '../../keys/key.js';
import { newServer } from '../../keys/manage.js';
import { ServerKeys } from '../../keys/server-keys.js';
import { temporaryKeys } from './helpers.js';

describe('keys/server-keys', () => {
  let files: Awaited<ReturnType<typeof temporaryKeys>>;
  const opened: ServerKeys[] = [];
  beforeEach(async () => {
    files = await temporaryKeys();
    await newServer(files.layout);
  });
  afterEach(async () => {
    for (const keys of opened.splice(0)) await keys.stop();
    await files.remove();
  });

  async function open(withNext: boolean): Promise<{ keys: ServerKeys; changes: () => number }> {
    const { nextServerSecret, serverSecret } = files.layout;
    const keys = await ServerKeys.open({
      ...{ source: { file: serverSecret }, nextFile: withNext ? nextServerSecret : undefined },
      ...{ log: silentLogger(), pollMs: 3_600_000 },
    });
    opened.push(keys);
    let changes = 0;
    keys.onChange(() => {
      changes += 1;
    });
    return { keys, changes: () => changes };
  }
  async function put(file: string): Promise<KeyPair> {
    const pair = newKeyPair();
    await writeSecretCertificate(file, { boxId: undefined, ...pair }, { replace: true });
    return pair;
  }

  it('takes a changed file over, once', async () => {
    const { changes, keys } = await open(false);
    await keys.refresh();
    assert.equal(changes(), 0);
    const pair = await put(files.layout.serverSecret);
    await keys.refresh();
    await keys.refresh();
    assert.deepEqual(keys.status(), { present: pair.publicKey });
    assert.equal(keys.present.secretKey.reveal(), pair.secretKey.reveal());
    assert.equal(changes(), 1);
  });

  it('looks by itself', async () => {
    const { serverSecret: file } = files.layout;
    const keys = await ServerKeys.open({
      source: { file },
      nextFile: undefined,
      log: silentLogger(),
      pollMs: 20,
    });
    opened.push(keys);
    const changed = new Promise<void>((resolve) => keys.onChange(resolve));
    const pair = await put(file);
    await changed;
    assert.equal(keys.present.publicKey, pair.publicKey);
  });

  it('keeps the key in force while the file is missing, no pair, or open to others, and says why', async () => {
    const { changes, keys } = await open(false);
    const { present } = keys.status();
    const { serverSecret: file } = files.layout;
    await rm(file);
    await keys.refresh();
    assert.match(keys.status().error ?? '', /ENOENT/);
    await writeFile(file, 'nonsense', { mode: 0o600 });
    await keys.refresh();
    assert.match(keys.status().error ?? '', /opqserver_secret/);
    const pair = await put(file);
    await chmod(file, 0o644);
    await keys.refresh();
    assert.ok(keys.status().error !== undefined);
    assert.equal(keys.status().present, present);
    assert.equal(changes(), 0);
    await chmod(file, 0o600);
    await keys.refresh();
    assert.deepEqual(keys.status(), { present: pair.publicKey });
    assert.equal(changes(), 1);
  });

  it('gives the endpoints of the next key the present one while there is none', async () => {
    const { changes, keys } = await open(true);
    const { present } = keys.status();
    assert.deepEqual(keys.status(), { present, next: present });
    const next = await put(files.layout.nextServerSecret);
    await keys.refresh();
    assert.deepEqual(keys.status(), { present, next: next.publicKey });
    // As `makai keys rotate-server --finish` leaves it.
    await rm(files.layout.nextServerSecret);
    await writeSecretCertificate(files.layout.serverSecret, { boxId: undefined, ...next }, { replace: true });
    await keys.refresh();
    assert.deepEqual(keys.status(), { present: next.publicKey, next: next.publicKey });
    assert.equal(changes(), 2);
  });

  it('a next key that is no pair is refused at the start', async () => {
    await writeFile(files.layout.nextServerSecret, 'nonsense', { mode: 0o600 });
    await assert.rejects(open(true), { code: 'KEY_INVALID' });
  });
});
