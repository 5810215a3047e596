import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  readPublicCertificate,
  readSecretCertificate,
  writePublicCertificate,
  writeSecretCertificate,
} from '../../keys/files.js';
import { newKeyPair } from '../../keys/key.js';
import { keyLayout } from '../../keys/layout.js';

describe('keys/files', () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'makai-keys-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

  it('writes secrets as 0600 in folders of 0700, public ones as 0644, whatever the umask', async () => {
    const layout = keyLayout(join(directory, 'etc', 'curve'));
    const pair = newKeyPair();
    const before = process.umask(0o000);
    try {
      await writeSecretCertificate(layout.serverSecret, { boxId: undefined, ...pair });
      process.umask(0o077);
      await writePublicCertificate(layout.boxPublic('5'), { boxId: '5', publicKey: pair.publicKey });
    } finally {
      process.umask(before);
    }
    assert.equal(await modeOf(layout.serverSecret), '600');
    assert.equal(await modeOf(layout.privateDirectory), '700');
    assert.equal(await modeOf(layout.boxPublic('5')), '644');
    assert.equal(await modeOf(layout.publicDirectory), '755');
    assert.equal((await readSecretCertificate(layout.serverSecret)).publicKey, pair.publicKey);
    assert.equal((await readPublicCertificate(layout.boxPublic('5'))).boxId, '5');
    assert.deepEqual(
      await readdir(layout.privateDirectory),
      ['opqserver_secret'],
      'nothing is left beside it',
    );
  });

  it('overwrites no key unasked', async () => {
    const path = join(directory, 'private', 'opqserver_secret');
    const [first, second] = [newKeyPair(), newKeyPair()];
    await writeSecretCertificate(path, { boxId: undefined, ...first });
    await assert.rejects(writeSecretCertificate(path, { boxId: undefined, ...second }), {
      code: 'KEY_FILE_IO',
      message: /exists already/,
    });
    assert.equal((await readSecretCertificate(path)).publicKey, first.publicKey);
    await writeSecretCertificate(path, { boxId: undefined, ...second }, { replace: true });
    assert.equal((await readSecretCertificate(path)).publicKey, second.publicKey);
    assert.equal(await modeOf(path), '600');
  });

  it('refuses a secret that everybody can read or write', async () => {
    const path = join(directory, 'private', 'opqbox3_secret');
    await writeSecretCertificate(path, { boxId: '3', ...newKeyPair() });
    for (const mode of [0o604, 0o644, 0o602]) {
      await chmod(path, mode);
      await assert.rejects(readSecretCertificate(path), { code: 'SECRET_EXPOSED' });
    }
    await chmod(path, 0o640);
    assert.equal((await readSecretCertificate(path)).boxId, '3');
  });

  it('says which file is missing, a folder, or far too long', async () => {
    const path = join(directory, 'none');
    await assert.rejects(readPublicCertificate(path), { code: 'KEY_FILE_IO', message: /none: ENOENT/ });
    await assert.rejects(readSecretCertificate(path), { code: 'KEY_FILE_IO', message: /none: ENOENT/ });
    await assert.rejects(readPublicCertificate(directory), { code: 'KEY_FILE_IO' });
    await writeFile(path, Buffer.alloc(70_000, 0x41));
    await assert.rejects(readPublicCertificate(path), { code: 'KEY_INVALID', message: /too many/ });
  });
});
