import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type EventOfType, type EventType, Pull, Push, type Socket } from 'zeromq';
import { silentLogger } from '../../common/log.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { type AllowList, startAllowList } from '../../keys/allow-list.js';
import { DirectorySource } from '../../keys/directory-source.js';
import { Disconnector } from '../../keys/disconnector.js';
import { writePublicCertificate } from '../../keys/files.js';
import type { Gate } from '../../keys/gate.js';
import { type KeyPair, newKeyPair } from '../../keys/key.js';
import { StoreSource } from '../../keys/store-source.js';
import { z85Decode, z85Encode } from '../../keys/z85.js';
import { openGate } from '../../keys/zap.js';
import { parseZapRequest, zapReply } from '../../keys/zap-message.js';
import { bindWhenFree } from '../../zmq/bind-when-free.js';
import { keySet, nextChange, readableLog, temporaryKeys, until } from './helpers.js';

/** Golden frames lie beside the project; see docs of the tests. */
const GOLDEN = join(PACKAGE_ROOT, '../shared/data/golden');

function nextEvent<E extends EventType>(socket: Socket, type: E): Promise<EventOfType<E>> {
  return new Promise((resolve) => {
    const listener = (event: EventOfType<E>): void => {
      socket.events.off(type, listener);
      resolve(event);
    };
    socket.events.on(type, listener);
  });
}

describe('keys/zap', () => {
  let keys: Awaited<ReturnType<typeof temporaryKeys>>;
  let allow: AllowList;
  let gate: Gate;
  let server: KeyPair;
  let pull: Pull;
  let log: ReturnType<typeof readableLog>;
  const clients: Push[] = [];

  const listen = async (options: ReturnType<() => Gate['socketOptions']>, pair = server): Promise<Pull> => {
    const socket = new Pull({
      curveServer: true,
      curvePublicKey: pair.publicKey,
      curveSecretKey: pair.secretKey.reveal(),
      handshakeInterval: 500,
      linger: 0,
      ...options,
    });
    await socket.bind('tcp://127.0.0.1:*');
    return socket;
  };
  const endpoint = (socket: Socket): string => socket.lastEndpoint ?? '';
  /** a box's PUSH; it gives a handshake up early, so that the wait after a 300 (30 s with existing boxes) is short */
  const client = (pair: KeyPair | undefined, serverKey = server.publicKey, to = endpoint(pull)): Push => {
    const socket = new Push({ linger: 0, handshakeInterval: 300, reconnectInterval: 50 });
    clients.push(socket);
    if (pair !== undefined) {
      socket.curveServerKey = serverKey;
      socket.curvePublicKey = pair.publicKey;
      socket.curveSecretKey = pair.secretKey.reveal();
    }
    socket.connect(to);
    return socket;
  };

  beforeEach(async () => {
    keys = await temporaryKeys();
    await writePublicCertificate(keys.layout.boxPublic('1'), {
      boxId: '1',
      publicKey: newKeyPair().publicKey,
    });
    log = readableLog();
    allow = await startAllowList({
      sources: [new DirectorySource(keys.layout.publicDirectory, silentLogger())],
      log: silentLogger(),
    });
    gate = await openGate('test', allow, log.log);
    server = newKeyPair();
    pull = await listen(gate.socketOptions);
  });
  afterEach(async () => {
    for (const socket of clients.splice(0)) socket.close();
    pull.close();
    await gate.stop();
    await allow.stop();
    await keys.remove();
  });

  it('lets a known box in', async () => {
    const change = nextChange(allow);
    const pair = await keys.box('7');
    await change;
    await client(pair).send('hello');
    assert.equal(String((await pull.receive())[0]), 'hello');
    assert.equal(gate.mayBeConnected(keySet(pair)), true);
  });

  it('logs once that a box has the default id', async () => {
    const change = nextChange(allow);
    const pair = await keys.box('0');
    await change;
    for (const text of ['one', 'two']) {
      await client(pair).send(text);
      assert.equal(String((await pull.receive())[0]), text);
    }
    assert.equal(log.text().split('still the default').length, 2);
  });

  it('answers 300 to an unknown key, and the same client comes in once it is accepted', async () => {
    const pair = newKeyPair();
    const refused = nextEvent(pull, 'handshake:error:auth');
    const socket = client(pair);
    assert.equal((await refused).error.status, 300);
    const [pending] = gate.status().pending;
    assert.equal(pending?.public_key, pair.publicKey);
    assert.equal(pending?.address, '127.0.0.1');
    assert.equal(pending?.reason, 'unknown');
    assert.match(log.text(), /refused a key/);

    const sent = socket.send('at last');
    await writePublicCertificate(keys.layout.boxPublic('7'), { boxId: '7', publicKey: pair.publicKey });
    await sent;
    assert.equal(String((await pull.receive())[0]), 'at last');
    assert.deepEqual(gate.status().pending, [], 'who has been let in is not pending');
  });

  it('answers 400 to a revoked key', async () => {
    const pair = newKeyPair();
    const change = writePublicCertificate(join(keys.layout.revokedDirectory, 'opqbox7'), {
      boxId: '7',
      publicKey: pair.publicKey,
    });
    await change;
    await allow.refresh();
    const refused = nextEvent(pull, 'handshake:error:auth');
    client(pair);
    assert.equal((await refused).error.status, 400);
    assert.equal(gate.status().refused.revoked, 1);
  });

  it('answers 300 while the list cannot be read', async () => {
    const broken = await startAllowList({
      sources: [new StoreSource('store', () => Promise.reject(new Error('away')), silentLogger())],
      log: silentLogger(),
    });
    const second = await openGate('test', broken, silentLogger());
    const socket = await listen(second.socketOptions);
    const refused = nextEvent(socket, 'handshake:error:auth');
    client(newKeyPair(), server.publicKey, endpoint(socket));
    assert.equal((await refused).error.status, 300);
    assert.equal(second.status().refused.unavailable, 1);
    socket.close();
    await second.stop();
    await broken.stop();
  });

  it('keeps out who has the wrong server key, no key, or speaks no ZeroMQ', async () => {
    const change = nextChange(allow);
    const pair = await keys.box('7');
    await change;
    let failed = nextEvent(pull, 'handshake:error:protocol');
    client(pair, newKeyPair().publicKey);
    assert.equal((await failed).error.code, 'ERR_ZMTP_CRYPTOGRAPHIC');
    for (const socket of clients.splice(0)) socket.close();

    failed = nextEvent(pull, 'handshake:error:protocol');
    const other = client(undefined);
    for (;;) {
      const { error } = await failed;
      if (error.code === 'ERR_ZMTP_MECHANISM_MISMATCH') break;
      failed = nextEvent(pull, 'handshake:error:protocol');
    }
    other.close();

    const gone = nextEvent(pull, 'disconnect');
    const stranger = connect(Number(endpoint(pull).split(':').at(-1)), '127.0.0.1');
    stranger.on('error', () => undefined);
    stranger.write('GET / HTTP/1.1\r\n\r\n'.repeat(10));
    await gone;
    stranger.destroy();
    assert.equal(gate.mayBeConnected(keySet(pair)), false);

    // Still open for who may enter.
    await client(pair).send('hello');
    assert.equal(String((await pull.receive())[0]), 'hello');
  });

  it('is shared by two gates with lists of their own, and starts again after the last one left', async () => {
    const mine = newKeyPair();
    const others = await startAllowList({
      sources: [
        new StoreSource(
          's',
          () => Promise.resolve({ boxes: [{ boxId: '9', publicKey: mine.publicKey }] }),
          silentLogger(),
        ),
      ],
      log: silentLogger(),
    });
    for (let round = 0; round < 3; round += 1) {
      const second = await openGate('test', others, silentLogger());
      assert.notEqual(second.domain, gate.domain);
      const socket = await listen(second.socketOptions);
      await client(mine, server.publicKey, endpoint(socket)).send('mine');
      assert.equal(String((await socket.receive())[0]), 'mine');
      const refused = nextEvent(pull, 'handshake:error:auth');
      client(mine);
      await refused;
      for (const opened of clients.splice(0)) opened.close();
      socket.close();
      pull.close();
      await Promise.all([second.stop(), gate.stop()]);
      gate = await openGate('test', allow, silentLogger());
      pull = await listen(gate.socketOptions);
    }
    await others.stop();
  });

  it('lets nobody in when the handler is gone', async () => {
    const change = nextChange(allow);
    const pair = await keys.box('7');
    await change;
    await gate.stop();
    const failed = nextEvent(pull, 'handshake:error:other');
    client(pair);
    await failed;
  });

  it("serves two of the server's keys on two endpoints of one socket, and knows who came by which", async () => {
    const change = nextChange(allow);
    const [one, two] = [await keys.box('7'), await keys.box('8')];
    await change;
    await allow.refresh();
    const next = newKeyPair();
    const old = endpoint(pull);
    Object.assign(pull, {
      curvePublicKey: next.publicKey,
      curveSecretKey: next.secretKey.reveal(),
      zapDomain: gate.nextSocketOptions.zapDomain,
    });
    await pull.bind('tcp://127.0.0.1:*');
    await client(one, server.publicKey, old).send('old key');
    assert.equal(String((await pull.receive())[0]), 'old key');
    await client(two, next.publicKey, endpoint(pull)).send('new key');
    assert.equal(String((await pull.receive())[0]), 'new key');
    assert.deepEqual(gate.status().boxes_on_key, {
      present: 1,
      next: 1,
      present_ids: ['7'],
      next_ids: ['8'],
    });
  });

  it('cuts off a box that is inside: sockets closed and opened again, the others come back', async () => {
    const change = nextChange(allow);
    const [bad, good] = [await keys.box('7'), await keys.box('8')];
    await change;
    await allow.refresh();
    const where = endpoint(pull);
    const closed: number[] = [];
    let reopened: (() => void) | undefined;
    let refused: Promise<EventOfType<'handshake:error:auth'>> | undefined;
    const again = (): Promise<void> =>
      new Promise((resolve) => {
        reopened = resolve;
      });
    const disconnector = new Disconnector({
      guards: [{ allow, gate }],
      close: async () => {
        closed.push(performance.now());
        pull.close();
      },
      open: async () => {
        pull = new Pull({
          curveServer: true,
          curvePublicKey: server.publicKey,
          curveSecretKey: server.secretKey.reveal(),
          linger: 0,
          ...gate.socketOptions,
        });
        // listened for before the port is open: the box may be back before this function is
        refused = nextEvent(pull, 'handshake:error:auth');
        await bindWhenFree(pull, where);
        reopened?.();
      },
      log: silentLogger(),
      intervalMs: 300,
    });
    const [badSocket, goodSocket] = [client(bad), client(good)];
    await badSocket.send('1');
    await pull.receive();
    await goodSocket.send('2');
    await pull.receive();

    let done = again();
    await writePublicCertificate(join(keys.layout.revokedDirectory, 'x'), {
      boxId: '7',
      publicKey: bad.publicKey,
    });
    await done;
    assert.equal((await refused)?.error.status, 400);
    // Both came in before; the good one has come in again.
    await until(() => gate.mayBeConnected(keySet(good)));
    await goodSocket.send('3');
    assert.equal(String((await pull.receive())[0]), '3');
    assert.equal(disconnector.count, 1);

    // A key that never came in costs nobody a new handshake; one that did waits for the interval.
    await writePublicCertificate(join(keys.layout.revokedDirectory, 'y'), {
      boxId: '9',
      publicKey: newKeyPair().publicKey,
    });
    await allow.refresh();
    done = again();
    await writePublicCertificate(join(keys.layout.revokedDirectory, 'z'), {
      boxId: '8',
      publicKey: good.publicKey,
    });
    await done;
    assert.equal(closed.length, 2);
    assert.ok((closed[1] ?? 0) - (closed[0] ?? 0) >= 290);
    await disconnector.stop();
  });

  it('forgets the key longest silent when too many are refused, and does not fill the log', () => {
    for (let index = 0; index < 1500; index += 1) {
      const key = Buffer.alloc(32, 1);
      key.writeUInt32LE(index);
      gate.decide({ requestId: Buffer.from('1'), domain: 'test', address: '10.0.0.1', key });
    }
    const status = gate.status();
    assert.equal(status.refused.unknown, 1500);
    assert.equal(status.refused_keys, 1000);
    assert.equal(status.refused_keys_forgotten, 500);
    assert.equal(status.pending.length, 1000);
    assert.equal(z85Decode(status.pending[0]?.public_key ?? '').readUInt32LE(), 1499);
    assert.ok(log.text().split('\n').length < 30);
  });
});

describe('keys/zap-message', () => {
  for (const generation of ['v2', 'v3']) {
    it(`reads the request that libzmq makes of a ${generation} box`, function () {
      const file = join(GOLDEN, generation, 'zap_request.json');
      if (!existsSync(file)) {
        // biome-ignore lint/suspicious/noConsole: says why the test is skipped
        console.log(`      skipped: ${file} is not there`);
        this.skip();
      }
      const golden: unknown = JSON.parse(readFileSync(file, 'utf8'));
      assert.ok(
        typeof golden === 'object' && golden !== null && 'frames_hex' in golden && 'decoded' in golden,
      );
      assert.ok(Array.isArray(golden.frames_hex));
      const request = parseZapRequest(golden.frames_hex.map((hex: string) => Buffer.from(hex, 'hex')));
      assert.ok(request?.key);
      assert.equal(String(request.requestId), '1');
      assert.equal(request.domain, 'global');
      assert.equal(request.address, '127.0.0.1');
      const decoded = JSON.stringify(golden.decoded);
      assert.ok(decoded.includes(request.key.toString('hex')) || decoded.includes(z85Encode(request.key)));
    });
  }

  it('takes nothing but CURVE with 32 bytes for a key, and answers nothing to what is no request', () => {
    const frames = (...texts: (string | Buffer)[]): Buffer[] => texts.map((text) => Buffer.from(text));
    const key = Buffer.alloc(32, 7);
    const head = ['1.0', '1', 'd', 'a', ''];
    assert.deepEqual(parseZapRequest(frames(...head, 'CURVE', key))?.key, key);
    const mapped = head.with(3, '::ffff:192.0.2.1');
    assert.equal(parseZapRequest(frames(...mapped, 'CURVE', key))?.address, '192.0.2.1');
    for (const tail of [
      ['NULL'],
      ['PLAIN', 'user', 'word'],
      ['CURVE'],
      ['CURVE', key.subarray(1)],
      ['CURVE', key, key],
    ]) {
      const request = parseZapRequest(frames(...head, ...tail));
      assert.ok(request);
      assert.equal(request.key, undefined);
    }
    for (const bad of [
      [],
      ['1.0'],
      ['1.0', '1'],
      ['1.0', '1', 'd'],
      ['2.0', '1', 'd', 'a', '', 'CURVE', key],
    ]) {
      assert.equal(parseZapRequest(frames(...bad)), undefined);
    }
  });

  it('answers as RFC 27 says', () => {
    const id = Buffer.from('5');
    assert.deepEqual(zapReply(id, 200, '1001'), ['1.0', id, '200', 'OK', '1001', '']);
    assert.deepEqual(zapReply(id, 300, ''), ['1.0', id, '300', 'try again later', '', '']);
    assert.deepEqual(zapReply(id, 400, ''), ['1.0', id, '400', 'revoked', '', '']);
  });
});
