/** The JSON settings file of a Box 3. */
import assert from 'node:assert/strict';
import { parseBox3Settings } from '../../box/box3-settings.js';
import { MakaiError } from '../../common/errors.js';
import { newKeyPair } from '../../keys/key.js';

describe('a Box 3’s file', () => {
  const server = newKeyPair();
  const own = newKeyPair();
  const file = {
    box_id: 7,
    server_public_key: server.publicKey,
    box_public_key: own.publicKey,
    box_secret_key: own.secretKey.reveal(),
    cmd_sub_ep: 'tcp://broker:8194',
    cmd_push_ep: 'tcp://broker:8196',
    trg_push_ep: 'tcp://broker:9880',
    calibration: 152.5,
    windows_in_storage_buffer: 1000,
    device_path: '/dev/opq',
    plugins: [],
  };

  it('returns id, keys and endpoints, and ignores other settings', () => {
    const { keys, ...settings } = parseBox3Settings(file, 'triggering.json');
    assert.equal(keys.publicKey, own.publicKey);
    assert.equal(keys.secretKey.reveal(), own.secretKey.reveal());
    assert.deepEqual(settings, {
      id: 7,
      serverPublicKey: server.publicKey,
      freshKeys: false,
      endpoints: {
        measurements: 'tcp://broker:9880',
        commands: 'tcp://broker:8194',
        replies: 'tcp://broker:8196',
      },
      measurementWindowCycles: 60,
      bufferCycles: 1000,
      calibrationConstant: 152.5,
    });
  });

  it('makes a new key pair at each start if the file has no keys', () => {
    const { box_public_key: _public, box_secret_key: _secret, ...shipped } = file;
    const [first, second] = [parseBox3Settings(shipped, 'f'), parseBox3Settings(shipped, 'f')];
    assert.ok(first.freshKeys && second.freshKeys);
    assert.notEqual(first.keys.publicKey, second.keys.publicKey);
  });

  it('reports every mistake together, and never a key', () => {
    assert.throws(
      () => parseBox3Settings({ ...file, box_id: -1, box_secret_key: 5, trg_push_ep: 1 }, 'f'),
      (error) =>
        error instanceof MakaiError &&
        error.code === 'CONFIG_INVALID' &&
        /box_id/.test(error.message) &&
        /trg_push_ep/.test(error.message) &&
        /box_secret_key/.test(error.message),
    );
    assert.throws(
      () => parseBox3Settings({ ...file, box_secret_key: server.secretKey.reveal() }, 'f'),
      (error) =>
        error instanceof MakaiError &&
        error.code === 'KEY_INVALID' &&
        !error.message.includes(server.secretKey.reveal()),
    );
  });
});
