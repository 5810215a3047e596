/** What strangers, boxes and subscribers can send at the broker's two ports. After each the stream of a good box must still flow. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket as TcpSocket } from 'node:net';
import fc from 'fast-check';
import { Subscriber, XPublisher, XSubscriber } from 'zeromq';
import { silentLogger } from '../../common/log.js';
import { parseSettings } from '../../config/index.js';
import { readPublicCertificate, readSecretCertificate } from '../../keys/files.js';
import { newBox, newServer } from '../../keys/manage.js';
import { startTriggeringBroker, type TriggeringBroker } from '../../triggering-broker/index.js';
import { temporaryKeys, until } from '../keys/helpers.js';
import { runs } from '../support/property.js';

const SIGNATURE = Buffer.from('ff00000000000000017f', 'hex');

/** A ZMTP 3 greeting (64 bytes): signature, version, mechanism, as-server, filler. */
function greeting(mechanism: string, major = 3, minor = 1): Buffer {
  const bytes = Buffer.alloc(64);
  SIGNATURE.copy(bytes);
  bytes[10] = major;
  bytes[11] = minor;
  bytes.write(mechanism, 12, 20, 'latin1');
  return bytes;
}

/** A command frame of ZMTP 3. */
function command(name: string, body: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from([name.length]), Buffer.from(name, 'latin1'), body]);
  return Buffer.concat([Buffer.from([0x04, Math.min(content.length, 255)]), content]);
}

describe('triggering-broker, hostile peers', () => {
  let keys: Awaited<ReturnType<typeof temporaryKeys>>;
  let broker: TriggeringBroker;
  let publisher: XPublisher;
  let sub: Subscriber;
  let sent = 0;
  const sockets: { close(): void }[] = [];

  before(async () => {
    keys = await temporaryKeys();
    await newServer(keys.layout);
    const { secretFile } = await newBox(keys.layout, '1001');
    broker = await startTriggeringBroker(
      parseSettings('triggering-broker', {
        client_certs: keys.layout.publicDirectory,
        server_cert: keys.layout.serverSecret,
        interface: 'tcp://127.0.0.1:*',
        backend: 'tcp://127.0.0.1:*',
        status: 'off',
      }),
      { log: silentLogger() },
    );
    sub = new Subscriber({ linger: 0 });
    sub.subscribe('1001');
    sub.connect(broker.endpoints.backend ?? '');
    publisher = await box(secretFile);
    await publisher.receive();
  });
  after(async () => {
    for (const socket of [...sockets.splice(0), publisher, sub]) socket.close();
    await broker.stop();
    await keys.remove();
  });

  async function box(secretFile: string): Promise<XPublisher> {
    const pair = await readSecretCertificate(secretFile);
    const socket = new XPublisher({ linger: 0, reconnectInterval: 50 });
    socket.curveServerKey = (await readPublicCertificate(keys.layout.serverPublic)).publicKey;
    socket.curvePublicKey = pair.publicKey;
    socket.curveSecretKey = pair.secretKey.reveal();
    socket.connect(broker.endpoints.interface ?? '');
    return socket;
  }

  /** The good box's next message goes through, and nothing else comes out under its topic. */
  async function stillFlows(): Promise<void> {
    sent += 1;
    await publisher.send(['1001', String(sent)]);
    assert.deepEqual((await sub.receive()).map(String), ['1001', String(sent)]);
  }

  async function dial(field: 'interface' | 'backend'): Promise<TcpSocket> {
    const socket = connect(Number(broker.endpoints[field]?.split(':').at(-1)), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  }

  /** Writes, reads what is answered until the broker closes, or until nothing more can come. */
  async function assault(field: 'interface' | 'backend', pieces: readonly Buffer[]): Promise<void> {
    const socket = await dial(field);
    socket.resume();
    const closed = new Promise<void>((resolve) => {
      socket.on('close', () => resolve());
    });
    for (const piece of pieces) socket.write(piece);
    socket.end();
    await closed;
  }

  for (const field of ['interface', 'backend'] as const) {
    it(`${field}: any bytes, with or without a sound greeting before them`, async () => {
      const mechanism = fc.constantFrom('CURVE', 'NULL', 'PLAIN', 'GSSAPI', 'curve', '');
      const start = fc.oneof(
        fc.constant([]),
        fc.constant([SIGNATURE]),
        fc
          .tuple(mechanism, fc.nat(4), fc.nat(4))
          .map(([name, major, minor]) => [greeting(name, major, minor)]),
      );
      const name = fc.constantFrom(
        'HELLO',
        'INITIATE',
        'WELCOME',
        'READY',
        'ERROR',
        'MESSAGE',
        'PING',
        'SUBSCRIBE',
        '',
      );
      const piece = fc.oneof(
        fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
        fc
          .tuple(name, fc.uint8Array({ maxLength: 240 }))
          .map(([word, body]) => command(word, Buffer.from(body))),
        // A CURVE HELLO of the right length (version, padding, key, nonce, box) with nonsense in it.
        fc.uint8Array({ minLength: 192, maxLength: 192 }).map((bytes) => {
          const body = Buffer.concat([
            Buffer.from([1, 0]),
            Buffer.alloc(72),
            Buffer.from(bytes).subarray(72),
          ]);
          return command('HELLO', body);
        }),
        // A long frame that announces up to 2^63 bytes.
        fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map((length) => {
          const header = Buffer.alloc(9);
          header[0] = 2;
          header.writeBigUInt64BE(length, 1);
          return header;
        }),
      );
      await fc.assert(
        fc.asyncProperty(start, fc.array(piece, { maxLength: 4 }), async (head, tail) => {
          await assault(field, [...head, ...tail]);
        }),
        { numRuns: runs(200) },
      );
      await stillFlows();
      assert.equal(broker.status().proxy_failures, 0);
    });
  }

  it('a thousand connections that come and go, and some that stay silent', async () => {
    const dialledMs = performance.now();
    const silent = await Promise.all(Array.from({ length: 100 }, () => dial('interface')));
    for (let round = 0; round < 10; round += 1) {
      const some = await Promise.all(Array.from({ length: 100 }, () => dial('interface')));
      for (const socket of some) socket.destroy();
    }
    await stillFlows();
    // The broker gives up those that have been silent for half a minute.
    for (const socket of silent) socket.resume();
    const open = (): number => silent.filter(({ closed }) => !closed).length;
    let most = 0;
    await until(() => {
      most = Math.max(most, broker.status().boxes.in_handshake);
      return broker.status().boxes.in_handshake === open();
    });
    // None where the machine stood still for half a minute.
    assert.ok(most > 0 || performance.now() - dialledMs > 25_000, 'the silent ones are counted');
    assert.equal(broker.status().boxes.connected, 1);
    for (const socket of silent) socket.destroy();
    await until(() => broker.status().boxes.in_handshake === 0);
    assert.equal(broker.status().boxes.connected, 1);
  });

  it("a subscriber that sends what is no subscription: it goes to the boxes' PUB, which drops it, and harms nothing here", async () => {
    const odd = new XSubscriber({ linger: 0 });
    sockets.push(odd);
    odd.connect(broker.endpoints.backend ?? '');
    await odd.send(Buffer.alloc(0));
    await odd.send(Buffer.from([2, 1, 2, 3]));
    await odd.send([Buffer.from([1]), Buffer.from('two frames'), Buffer.alloc(1000)]);
    for (let index = 0; index < 500; index += 1) await odd.send(Buffer.from(`\u0001topic ${index}`));
    await stillFlows();
    odd.close();
    await stillFlows();
  });

  it('a box may send any frames: they pass, and the next message is whole', async () => {
    const odd = new Subscriber({ linger: 0 });
    sockets.push(odd);
    odd.subscribe('any');
    odd.connect(broker.endpoints.backend ?? '');
    // The box hears of this subscription after all that the tests before have sent it.
    while (String((await publisher.receive())[0]) !== '\u0001any');
    const frames = fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(frames, async (message) => {
        const whole = [Buffer.from('any'), ...message.map((frame) => Buffer.from(frame))];
        await publisher.send(whole);
        assert.deepEqual(await odd.receive(), whole);
      }),
      { numRuns: runs(200) },
    );
    await stillFlows();
  });
});
