import assert from 'node:assert/strict';
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPublicCertificate, readSecretCertificate, writePublicCertificate } from '../../keys/files.js';
import { newKeyPair, publicKeyOf } from '../../keys/key.js';
import { acceptKey, listKeys, newBox, newServer, revokeBox } from '../../keys/manage.js';
import { abortRotation, finishRotation, prepareRotation } from '../../keys/rotation.js';
import { temporaryKeys } from './helpers.js';

describe('keys/manage', () => {
  let keys: Awaited<ReturnType<typeof temporaryKeys>>;
  beforeEach(async () => {
    keys = await temporaryKeys();
  });
  afterEach(() => keys.remove());

  const states = async () => (await listKeys(keys.layout)).keys.map(({ box_id, state }) => [box_id, state]);

  it('makes the pairs of the server and of boxes at the usual places, each once', async () => {
    const server = await newServer(keys.layout);
    const box = await newBox(keys.layout, '0042');
    assert.equal(box.boxId, '42');
    assert.deepEqual(await readdir(keys.layout.privateDirectory), ['opqbox42_secret', 'opqserver_secret']);
    assert.deepEqual(await readdir(keys.layout.publicDirectory), ['opqbox42', 'opqserver.key']);
    for (const { secretFile, publicFile } of [server, box]) {
      const { publicKey, secretKey } = await readSecretCertificate(secretFile);
      assert.equal(publicKeyOf(secretKey), publicKey);
      assert.equal((await readPublicCertificate(publicFile)).publicKey, publicKey);
      assert.equal((await stat(secretFile)).mode & 0o777, 0o600);
    }
    await assert.rejects(newServer(keys.layout), { code: 'KEY_FILE_IO', message: /exists already/ });
    await assert.rejects(newBox(keys.layout, '42'), { code: 'KEY_FILE_IO', message: /exists already/ });
    await assert.rejects(newBox(keys.layout, '../42'), { code: 'KEY_INVALID' });
    assert.deepEqual(await states(), [
      [null, 'server'],
      ['42', 'allowed'],
    ]);
  });

  it('lists nothing where there is nothing, and says what is no certificate', async () => {
    assert.deepEqual(await listKeys(keys.layout), { keys: [], bad: [] });
    await newBox(keys.layout, '10');
    await newBox(keys.layout, '9');
    await writeFile(join(keys.layout.publicDirectory, 'note'), 'hello');
    const { keys: listed, bad } = await listKeys(keys.layout);
    assert.deepEqual(
      listed.map(({ box_id }) => box_id),
      ['9', '10'],
    );
    assert.equal(listed[0]?.secret_file, keys.layout.boxSecret('9'));
    assert.match(bad[0]?.reason ?? '', /note: no line/);
  });

  it('accepts a key as a box; another key of that box only when asked to', async () => {
    const [first, second] = [newKeyPair().publicKey, newKeyPair().publicKey];
    const file = await acceptKey(keys.layout, first, '1001');
    assert.deepEqual(await readPublicCertificate(file), { boxId: '1001', publicKey: first });
    assert.equal(await acceptKey(keys.layout, first, '1001'), file, 'twice is once');
    await assert.rejects(acceptKey(keys.layout, first, '1002'), { message: /box 1001's/ });
    await assert.rejects(acceptKey(keys.layout, second, '1001'), { message: /has another key/ });
    await rename(file, join(keys.layout.publicDirectory, 'other name'));
    await acceptKey(keys.layout, second, '1001', { replace: true });
    assert.deepEqual(
      (await listKeys(keys.layout)).keys.map((key) => key.public_key),
      [second],
    );
  });

  it("accepts neither a secret key, nor the server's, nor what is no key", async () => {
    await newServer(keys.layout);
    const { secretFile } = await newBox(keys.layout, '7');
    const { secretKey } = await readSecretCertificate(secretFile);
    const secret = secretKey.reveal();
    await assert.rejects(acceptKey(keys.layout, secret, '8'), (error: Error) => {
      assert.ok(!error.message.includes(secret));
      return /secret/.test(error.message);
    });
    const { publicKey } = await readPublicCertificate(keys.layout.serverPublic);
    await assert.rejects(acceptKey(keys.layout, publicKey, '8'), { message: /server's own/ });
    await assert.rejects(acceptKey(keys.layout, publicKey.slice(1), '8'), { code: 'KEY_INVALID' });
    await assert.rejects(acceptKey(keys.layout, newKeyPair().publicKey, 'box'), { code: 'KEY_INVALID' });
    assert.deepEqual(await states(), [
      [null, 'server'],
      ['7', 'allowed'],
    ]);
  });

  it('revokes every certificate of a box, whatever the files are called, and takes a key back only when asked to', async () => {
    const { publicFile } = await newBox(keys.layout, '7');
    const { publicKey } = await readPublicCertificate(publicFile);
    const second = newKeyPair().publicKey;
    await writePublicCertificate(join(keys.layout.publicDirectory, 'spare'), {
      boxId: '7',
      publicKey: second,
    });
    const files = await revokeBox(keys.layout, '7');
    assert.deepEqual(
      files.map((file) => file.slice(keys.layout.revokedDirectory.length)),
      ['/opqbox7', '/spare'],
    );
    assert.deepEqual(await states(), [
      ['7', 'revoked'],
      ['7', 'revoked'],
    ]);
    await assert.rejects(revokeBox(keys.layout, '7'), { code: 'KEY_FILE_IO', message: /no certificate/ });
    await assert.rejects(acceptKey(keys.layout, publicKey, '7'), { message: /was revoked/ });
    await acceptKey(keys.layout, publicKey, '7', { restore: true });
    assert.deepEqual(
      (await listKeys(keys.layout)).keys.map((key) => [key.public_key === publicKey, key.state]),
      [
        [true, 'allowed'],
        [false, 'revoked'],
      ],
    );
    // The name is taken in the folder of revoked ones: both are kept.
    await writePublicCertificate(join(keys.layout.revokedDirectory, 'opqbox7'), {
      boxId: '7',
      publicKey: newKeyPair().publicKey,
    });
    await revokeBox(keys.layout, '7');
    assert.equal((await readdir(keys.layout.revokedDirectory)).length, 3);
  });

  it('revokes a key that no certificate holds', async () => {
    const { publicKey } = newKeyPair();
    const [file] = await revokeBox(keys.layout, '7', publicKey);
    assert.ok(file?.startsWith(keys.layout.revokedDirectory));
    assert.deepEqual(await states(), [['7', 'revoked']]);
  });
});

describe('keys/rotation', () => {
  let keys: Awaited<ReturnType<typeof temporaryKeys>>;
  beforeEach(async () => {
    keys = await temporaryKeys();
  });
  afterEach(() => keys.remove());

  it('prepares, finishes, and keeps the pair of before', async () => {
    await assert.rejects(prepareRotation(keys.layout), { code: 'KEY_FILE_IO' });
    await newServer(keys.layout);
    const before = await readFile(keys.layout.serverSecret, 'utf8');
    await prepareRotation(keys.layout);
    await assert.rejects(prepareRotation(keys.layout), { message: /exists already/ });
    const next = await readSecretCertificate(keys.layout.nextServerSecret);
    assert.deepEqual(
      (await listKeys(keys.layout)).keys.map(({ state }) => state),
      ['server', 'next-server'],
    );

    const { previousFile } = await finishRotation(keys.layout);
    assert.equal(await readFile(previousFile, 'utf8'), before);
    assert.equal((await stat(previousFile)).mode & 0o777, 0o600);
    const present = await readSecretCertificate(keys.layout.serverSecret);
    assert.equal(present.secretKey.reveal(), next.secretKey.reveal());
    assert.equal((await readPublicCertificate(keys.layout.serverPublic)).publicKey, next.publicKey);
    assert.deepEqual(await readdir(keys.layout.publicDirectory), ['opqserver.key']);
    await assert.rejects(finishRotation(keys.layout), { code: 'KEY_FILE_IO' });
  });

  it('drops the next pair', async () => {
    await newServer(keys.layout);
    const before = await readFile(keys.layout.serverSecret, 'utf8');
    await prepareRotation(keys.layout);
    await abortRotation(keys.layout);
    assert.deepEqual(await readdir(keys.layout.privateDirectory), ['opqserver_secret']);
    assert.deepEqual(await readdir(keys.layout.publicDirectory), ['opqserver.key']);
    assert.equal(await readFile(keys.layout.serverSecret, 'utf8'), before);
    await assert.rejects(abortRotation(keys.layout), { code: 'KEY_FILE_IO' });
  });
});
