/** An allow-list from a database behind a spool, which becomes unavailable and comes back. */
import assert from 'node:assert/strict';
import { Pull, Push } from 'zeromq';
import { openBrokerAccess } from '../../acquisition-broker/access.js';
import { parseSettings } from '../../config/index.js';
import { type KeyPair, newKeyPair } from '../../keys/key.js';
import { z85Decode } from '../../keys/z85.js';
import { givenServerKeys, readableLog, type ServerKeys, until } from '../keys/helpers.js';
import { givenSpool } from '../store/spool/given.js';

describe('acquisition broker: boxes of a database behind a spool', () => {
  const given = givenSpool();
  const givenKeys = givenServerKeys();
  let keys: ServerKeys['keys'];
  let ends: ServerKeys['ends'];
  beforeEach(() => {
    ({ keys, ends } = givenKeys());
  });

  it('go in by the keys that the spool remembers, and the list says that they are of before', async () => {
    const { database, way } = given();
    const [pair, stranger] = [newKeyPair(), newKeyPair()];
    const box = { box_id: '5', calibration_constant: 1, unplugged: false };
    await database.putBox({ ...box, public_key: pair.publicKey });
    const spool = await given().open();
    const config = parseSettings('acquisition-broker', {
      white_list: 'store',
      server_cert: keys.layout.serverSecret,
    });
    const { log, text } = readableLog();
    const { boxes: access, stop } = await openBrokerAccess(config, spool, log);
    ends.push(stop);
    const source = () => access.status().allow_list.sources[0];
    assert.equal(source()?.ok, true);

    way.open = false;
    await access.allow.refresh();
    assert.deepEqual(source(), {
      name: 'store',
      ok: false,
      keys: 1,
      revoked: 0,
      error: 'the database is unavailable: its keys as they were last read',
    });
    assert.match(text(), /"level":50.*the database is unavailable/);
    const pull = new Pull({ linger: 0, ...access.curve });
    ends.push(() => pull.close());
    await pull.bind('tcp://127.0.0.1:*');
    const client = (one: KeyPair): Push => {
      const socket = new Push({
        linger: 0,
        curveServerKey: access.curve.curvePublicKey,
        curvePublicKey: one.publicKey,
        curveSecretKey: one.secretKey.reveal(),
      });
      ends.push(() => socket.close());
      socket.connect(pull.lastEndpoint ?? '');
      return socket;
    };
    await client(pair).send('in');
    assert.equal(String((await pull.receive())[0]), 'in');
    client(stranger);
    await until(() => access.gate.status().refused.unavailable > 0);

    way.open = true;
    await until(() => spool.stats().state === 'up');
    await database.putBox(box);
    await access.allow.refresh();
    assert.equal(source()?.ok, true);
    assert.equal(access.allow.check(z85Decode(pair.publicKey)), 'unknown');
  });
});
