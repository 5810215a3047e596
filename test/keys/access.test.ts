/** Who may connect and who is disconnected: `openAccess`, a gate, sockets under CURVE that are closed and reopened. */
import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { Pull, Push } from 'zeromq';
import { silentLogger } from '../../common/log.js';
import { parseSettings } from '../../config/index.js';
import { type Access, openAccess } from '../../keys/access.js';
import { Disconnector } from '../../keys/disconnector.js';
import { type KeyPair, newKeyPair } from '../../keys/key.js';
import { revokeBox } from '../../keys/manage.js';
import type { ReadBoxKeys } from '../../keys/store-source.js';
import { z85Decode } from '../../keys/z85.js';
import { bindWhenFree } from '../../zmq/bind-when-free.js';
import { givenServerKeys, keySet, type ServerKeys, until } from './helpers.js';

describe('keys/access', () => {
  const givenKeys = givenServerKeys();
  let keys: ServerKeys['keys'];
  let ends: ServerKeys['ends'];
  beforeEach(() => {
    ({ keys, ends } = givenKeys());
  });

  /** A server socket behind the access that a broker's file asks for. */
  async function start(fields: Record<string, unknown>, boxKeys?: ReadBoxKeys) {
    const { allow } = parseSettings('triggering-broker', {
      client_certs: keys.layout.publicDirectory,
      ...fields,
    });
    const log = silentLogger();
    const access = await openAccess({
      name: 'test',
      serverKey: { file: keys.layout.serverSecret },
      allow,
      boxKeys,
      log,
    });
    ends.push(() => access.stop());
    const server = new Server(access);
    await server.open();
    ends.push(() => server.close());
    const disconnector = new Disconnector({
      guards: [access],
      close: () => server.close(),
      open: () => server.open(),
      log,
    });
    ends.push(() => disconnector.stop());
    return { access, disconnector, server };
  }

  function client(pair: KeyPair, server: Server): Push {
    const socket = new Push({ linger: 0, handshakeInterval: 300, reconnectInterval: 50 });
    socket.curveServerKey = server.publicKey;
    socket.curvePublicKey = pair.publicKey;
    socket.curveSecretKey = pair.secretKey.reveal();
    socket.connect(server.endpoint);
    ends.push(() => socket.close());
    return socket;
  }

  it('allow_any_client lets everyone in, but for revoked keys, and cuts off who is revoked', async () => {
    const [before, after, nobody] = [await keys.box('7'), await keys.box('8'), newKeyPair()];
    await revokeBox(keys.layout, '7');
    const { access, disconnector, server } = await start({ allow_any_client: true });
    client(before, server);
    await until(() => access.gate.status().refused.revoked > 0);
    for (const pair of [after, nobody]) {
      await client(pair, server).send('in');
      assert.equal(await server.next(), 'in');
    }
    await revokeBox(keys.layout, '8');
    await until(() => disconnector.count === 1);
    const isRefused = (pair: KeyPair) =>
      access.gate.status().pending.some((key) => key.public_key === pair.publicKey);
    await until(() => isRefused(after));
    // The one without a certificate has come back.
    await until(() => access.gate.mayBeConnected(keySet(nobody)));
    assert.equal(isRefused(nobody), false);
  });

  it('allow_any_client waits for the folder of revoked keys: what was never read may name anyone', async () => {
    const { publicKey } = newKeyPair();
    const away = `${keys.layout.publicDirectory}-away`;
    await rename(keys.layout.publicDirectory, away);
    const { access } = await start({ allow_any_client: true });
    assert.equal(access.allow.check(z85Decode(publicKey)), 'unavailable');
    await rename(away, keys.layout.publicDirectory);
    await access.allow.refresh();
    assert.equal(access.allow.check(z85Decode(publicKey)), 'known');
  });

  it('a box revoked by its file is cut off while the store hangs', async () => {
    const pair = await keys.box('7');
    let hangs = false;
    const never = new Promise<never>(() => undefined);
    const { access, disconnector, server } = await start({ white_list: 'both' }, () =>
      hangs ? never : Promise.resolve({ boxes: [] }),
    );
    await client(pair, server).send('in');
    assert.equal(await server.next(), 'in');
    hangs = true;
    void access.allow.refresh();
    await revokeBox(keys.layout, '7');
    await until(() => disconnector.count === 1);
    const [, store] = access.allow.status().sources;
    assert.equal(store?.ok, true, 'nobody waited until the store was given up');
    await until(() => access.gate.status().refused.revoked > 0);
  });
});

/** A PULL that can be closed and opened again at the same place. */
class Server {
  readonly publicKey: string;
  endpoint = 'tcp://127.0.0.1:*';
  readonly #access: Access;
  #socket: Pull | undefined;

  constructor(access: Access) {
    this.#access = access;
    this.publicKey = access.curve.curvePublicKey;
  }

  async open(): Promise<void> {
    this.#socket = new Pull({ linger: 0, handshakeInterval: 500, ...this.#access.curve });
    await bindWhenFree(this.#socket, this.endpoint);
    this.endpoint = this.#socket.lastEndpoint ?? '';
  }

  async close(): Promise<void> {
    this.#socket?.close();
    this.#socket = undefined;
  }

  async next(): Promise<string> {
    return String((await this.#socket?.receive())?.[0]);
  }
}
