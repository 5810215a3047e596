import assert from 'node:assert/strict';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  readPublicCertificate,
  readSecretCertificate,
  writePublicCertificate,
  writeSecretCertificate,
} from '../../keys/files.js';
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
    await assert.rejects(revokeBox(keys.layout, '7'), { code: 'NOT_FOUND', message: /no certificate/ });
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

  it('goes on where it was interrupted, at each step', async () => {
    const { layout } = keys;
    await newServer(layout);
    const present = async () => (await readSecretCertificate(layout.serverSecret)).publicKey;
    // Preparing, after the secret half.
    await prepareRotation(layout);
    const next = await readSecretCertificate(layout.nextServerSecret);
    await rm(layout.nextServerPublic);
    await prepareRotation(layout);
    assert.equal((await readPublicCertificate(layout.nextServerPublic)).publicKey, next.publicKey);
    // Finishing, after the rename; with the public certificate of before, and without the next one.
    const before = await readFile(layout.serverPublic, 'utf8');
    for (const left of ['both public halves', 'the next public half'] as const) {
      await rename(layout.nextServerSecret, layout.serverSecret);
      if (left === 'the next public half')
        await writePublicCertificate(layout.serverPublic, next, { replace: true });
      await writePublicCertificate(layout.nextServerPublic, next, { replace: true });
      await assert.rejects(abortRotation(layout), { code: 'KEY_FILE_IO' }, 'it is in force already');
      await finishRotation(layout);
      assert.equal(await present(), next.publicKey);
      assert.equal((await readPublicCertificate(layout.serverPublic)).publicKey, next.publicKey);
      assert.deepEqual(await readdir(layout.publicDirectory), ['opqserver.key']);
      await writeFile(layout.serverPublic, before);
      await rename(layout.serverSecret, layout.nextServerSecret);
      await writeSecretCertificate(layout.serverSecret, { boxId: undefined, ...newKeyPair() });
    }
    // Aborting, after the secret half.
    await rm(layout.nextServerSecret);
    await writePublicCertificate(layout.nextServerPublic, next);
    await abortRotation(layout);
    assert.deepEqual(await readdir(layout.publicDirectory), ['opqserver.key']);
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
