import assert from 'node:assert/strict';
import { Publisher, Subscriber, XPublisher } from 'zeromq';
import { silentLogger } from '../../common/log.js';
import { type Access, openAccess } from '../../keys/access.js';
import { type KeyPair, newKeyPair } from '../../keys/key.js';
import { Relay } from '../../triggering-broker/relay.js';
import { until } from '../keys/helpers.js';
import { freePort } from '../support/free-port.js';

/** One that a relay finds free when it comes back. */
const ownEndpoint = async (): Promise<string> => `tcp://127.0.0.1:${await freePort()}`;

describe('triggering-broker/relay', () => {
  let access: Access;
  let relay: Relay;
  let server: KeyPair;
  const sockets: { close(): void }[] = [];

  beforeEach(async () => {
    server = newKeyPair();
    access = await openAccess({
      name: 'relay-test',
      serverKey: { publicKey: server.publicKey, secretKey: server.secretKey.reveal() },
      allow: { any: true },
      log: silentLogger(),
    });
    relay = new Relay({
      front: [{ field: 'interface', endpoint: await ownEndpoint(), curve: access.curve }],
      back: { field: 'backend', endpoint: await ownEndpoint() },
      messageBytes: 65_536,
      queueMessages: 1000,
      subscribersWait: { minMs: 0, maxMs: 0 },
      log: silentLogger(),
    });
    await relay.start();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close();
    await relay.stop();
    await access.stop();
  });

  function box(): XPublisher {
    const { publicKey, secretKey } = newKeyPair();
    const socket = new XPublisher({ linger: 0, reconnectInterval: 50 });
    sockets.push(socket);
    socket.curveServerKey = server.publicKey;
    socket.curvePublicKey = publicKey;
    socket.curveSecretKey = secretKey.reveal();
    socket.connect(relay.frontEndpoints[0] ?? '');
    return socket;
  }

  function subscriber(): Subscriber {
    const socket = new Subscriber({ linger: 0, reconnectInterval: 50 });
    sockets.push(socket);
    socket.subscribe('');
    socket.connect(relay.backEndpoint);
    return socket;
  }

  it('sends every subscription to a box that comes, also more than libzmq would by itself', async () => {
    const [half, all] = [800, 1600];
    for (const first of [1000, 2000]) {
      const socket = new Subscriber({ linger: 0 });
      sockets.push(socket);
      socket.subscribe(...Array.from({ length: half }, (_, i) => String(first + i)));
      socket.connect(relay.backEndpoint);
    }
    const hearsAll = async (publisher: XPublisher): Promise<void> => {
      const heard = new Set<string>();
      while (heard.size < all) heard.add(String((await publisher.receive())[0]));
    };
    await hearsAll(box()); // there while they come
    await hearsAll(box()); // gets them all together
  });

  it('loses nothing that a box sends between the closing and the reopening', async () => {
    const [publisher, sub] = [box(), subscriber()];
    await publisher.receive();
    await publisher.send('before');
    assert.equal(String((await sub.receive())[0]), 'before');
    for (let round = 0; round < 5; round += 1) {
      // What the box writes before it notices is lost on the way, as with any broken connection.
      const noticed = new Promise<void>((resolve) => {
        publisher.events.on('disconnect', () => resolve());
      });
      await relay.close();
      assert.equal(relay.isOpen, false);
      await noticed;
      const first = sub.receive();
      for (let index = 0; index < 100; index += 1) await publisher.send(`${round}:${index}`);
      await relay.reopen();
      assert.equal(String((await first)[0]), `${round}:0`);
      for (let index = 1; index < 100; index += 1) {
        assert.equal(String((await sub.receive())[0]), `${round}:${index}`);
      }
    }
    assert.equal(relay.failures, 0);
  });

  it('lets boxes in again when both subscribers are back, also where one of them has many topics', async () => {
    const slow = new Subscriber({ linger: 0, reconnectInterval: 200 });
    const fast = new Subscriber({ linger: 0, reconnectInterval: 10 });
    sockets.push(slow, fast);
    slow.subscribe('slow');
    fast.subscribe(...Array.from({ length: 100 }, (_, i) => String(1000 + i)));
    for (const socket of [slow, fast]) socket.connect(relay.backEndpoint);
    await until(() => relay.subscribers.connected === 2);
    // A socket subscribes again when its program has a turn, here while it receives.
    const [first, other] = [slow.receive(), fast.receive()];
    await relay.close();
    const publisher = box();
    await relay.reopen();
    assert.equal(relay.subscribers.connected, 2);
    const topics = new Set<string>();
    while (topics.size < 101) topics.add(String((await publisher.receive())[0]));
    await publisher.send('slow');
    await publisher.send('1000');
    assert.deepEqual([await first, await other].map(String), ['slow', '1000']);
  });

  it('waits longer where one of two subscribers may have sent all the topics', async () => {
    const [fast, silent] = [0, 1].map(() => new Subscriber({ linger: 0, reconnectInterval: 10 }));
    assert.ok(fast !== undefined && silent !== undefined);
    sockets.push(fast, silent);
    fast.subscribe(...Array.from({ length: 300 }, (_, i) => String(1000 + i)));
    for (const socket of [fast, silent]) socket.connect(relay.backEndpoint);
    await until(() => relay.subscribers.connected === 2);
    const received = fast.receive();
    await relay.close();
    const startedMs = performance.now();
    await relay.reopen();
    const waitedMs = performance.now() - startedMs;
    assert.ok(waitedMs >= 500, `${waitedMs} ms`);
    const publisher = box();
    await publisher.receive();
    await publisher.send('1000');
    assert.equal(String((await received)[0]), '1000');
  });

  it('waits for its port when another has taken it, and comes back when that is gone', async () => {
    const [front, back] = [relay.frontEndpoints[0] ?? '', relay.backEndpoint];
    await relay.close();
    const thief = new Publisher({ linger: 0 });
    await until(() =>
      thief.bind(back).then(
        () => true,
        () => false,
      ),
    );
    const reopened = relay.reopen();
    let isBack = false;
    void reopened.then(() => {
      isBack = true;
    });
    await until(() => relay.subscribers.status().accepted === 0);
    assert.equal(isBack, false);
    thief.close();
    await reopened;
    assert.deepEqual([relay.frontEndpoints[0], relay.backEndpoint], [front, back]);
    const [publisher, sub] = [box(), subscriber()];
    await publisher.receive();
    await publisher.send('after');
    assert.equal(String((await sub.receive())[0]), 'after');
  });

  it('lets boxes in after the start only when a service has subscribed, or the time is over', async () => {
    for (const [wait, subscribes] of [
      [{ minMs: 100, maxMs: 20_000 }, true],
      [{ minMs: 0, maxMs: 300 }, false],
    ] as const) {
      const fresh = new Relay({
        front: [{ field: 'interface', endpoint: 'tcp://127.0.0.1:*', curve: access.curve }],
        back: { field: 'backend', endpoint: 'tcp://127.0.0.1:*' },
        messageBytes: 65_536,
        queueMessages: 1000,
        subscribersWait: wait,
        log: silentLogger(),
      });
      const before = relay;
      relay = fresh;
      try {
        await fresh.start();
        assert.equal(fresh.isOpen, false, 'ready before boxes are let in');
        assert.match(fresh.frontEndpoints[0] ?? '', /:\d+$/);
        if (subscribes) {
          const publisher = box();
          // Queued, as by a box that was connected to the last broker: a PUB drops what it has no subscription for.
          const sub = subscriber();
          assert.deepEqual(String((await publisher.receive())[0]), '\u0001');
          await publisher.send('first');
          assert.equal(String((await sub.receive())[0]), 'first');
        }
        await until(() => fresh.isOpen);
      } finally {
        for (const socket of sockets.splice(0)) socket.close();
        await fresh.stop();
        relay = before;
      }
    }
  });

  it('can be stopped while it waits for subscribers', async () => {
    const fresh = new Relay({
      front: [{ field: 'interface', endpoint: 'tcp://127.0.0.1:*', curve: access.curve }],
      back: { field: 'backend', endpoint: 'tcp://127.0.0.1:*' },
      messageBytes: 65_536,
      queueMessages: 1000,
      subscribersWait: { minMs: 60_000, maxMs: 60_000 },
      log: silentLogger(),
    });
    await fresh.start();
    await fresh.stop();
    assert.equal(fresh.isOpen, false);
  });

  it('can be stopped while it waits for its port', async () => {
    const back = relay.backEndpoint;
    await relay.close();
    const thief = new Publisher({ linger: 0 });
    sockets.push(thief);
    await until(() =>
      thief.bind(back).then(
        () => true,
        () => false,
      ),
    );
    const reopened = relay.reopen();
    await relay.stop();
    await reopened;
    assert.equal(relay.isOpen, false);
  });

  it('takes opening and closing in any order and number', async () => {
    await Promise.all([relay.reopen(), relay.close(), relay.close(), relay.reopen(), relay.reopen()]);
    assert.equal(relay.isOpen, true);
    const [publisher, sub] = [box(), subscriber()];
    await publisher.receive();
    await publisher.send('still there');
    assert.equal(String((await sub.receive())[0]), 'still there');
  });
});
