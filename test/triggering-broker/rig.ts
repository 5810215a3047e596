/** A triggering broker with keys in a folder of its own, and boxes and services that connect to it. */
import { Subscriber, XPublisher } from 'zeromq';
import { silentLogger } from '../../common/log.js';
import { parseSettings } from '../../config/index.js';
import { readPublicCertificate, readSecretCertificate } from '../../keys/files.js';
import type { KeyPair } from '../../keys/key.js';
import type { KeyLayout } from '../../keys/layout.js';
import { newBox, newServer } from '../../keys/manage.js';
import { startTriggeringBroker, type TriggeringBroker } from '../../triggering-broker/index.js';
import { temporaryKeys } from '../keys/helpers.js';
import { freePort } from '../support/free-port.js';

export class BrokerRig {
  /** Z85 */
  serverKey = '';
  /** closed at the end */
  readonly sockets: { close(): void }[] = [];
  readonly #brokers: TriggeringBroker[] = [];
  #keys: Awaited<ReturnType<typeof temporaryKeys>> | undefined;

  async begin(): Promise<void> {
    this.#keys = await temporaryKeys();
    await newServer(this.layout);
    this.serverKey = (await readPublicCertificate(this.layout.serverPublic)).publicKey;
  }

  async end(): Promise<void> {
    for (const socket of this.sockets.splice(0)) socket.close();
    for (const broker of this.#brokers.splice(0)) await broker.stop();
    await this.#keys?.remove();
  }

  get directory(): string {
    return this.#begun.directory;
  }

  get layout(): KeyLayout {
    return this.#begun.layout;
  }

  async start(fields: Record<string, unknown> = {}, deps = {}): Promise<TriggeringBroker> {
    const config = parseSettings('triggering-broker', {
      client_certs: this.layout.publicDirectory,
      server_cert: this.layout.serverSecret,
      // Another broker may come back there.
      interface: `tcp://127.0.0.1:${await freePort()}`,
      backend: `tcp://127.0.0.1:${await freePort()}`,
      status: 'off',
      ...fields,
    });
    const broker = await startTriggeringBroker(config, {
      log: silentLogger(),
      subscribersWait: { minMs: 0, maxMs: 0 },
      ...deps,
    });
    this.#brokers.push(broker);
    return broker;
  }

  /** An XPUB in place of a box's PUB: it can be asked when the subscription has come. */
  box(pair: KeyPair, endpoint: string | undefined, key = this.serverKey): XPublisher {
    const socket = new XPublisher({ linger: 0, handshakeInterval: 300, reconnectInterval: 50 });
    this.sockets.push(socket);
    // Also a subscription that it has had: the sign that it has shaken hands again.
    socket.verbosity = 'allSubs';
    socket.curveServerKey = key;
    socket.curvePublicKey = pair.publicKey;
    socket.curveSecretKey = pair.secretKey.reveal();
    socket.connect(endpoint ?? '');
    return socket;
  }

  subscriber(broker: TriggeringBroker, topic = ''): Subscriber {
    const socket = new Subscriber({ linger: 0, reconnectInterval: 50 });
    this.sockets.push(socket);
    socket.subscribe(topic);
    socket.connect(broker.endpoints.backend ?? '');
    return socket;
  }

  async boxPair(id: string): Promise<KeyPair> {
    const { secretFile } = await newBox(this.layout, id);
    return readSecretCertificate(secretFile);
  }

  get #begun() {
    if (this.#keys === undefined) throw new Error('not begun');
    return this.#keys;
  }
}

/** Waits for a subscription. */
export const subscribed = async (socket: XPublisher): Promise<string> => String((await socket.receive())[0]);
