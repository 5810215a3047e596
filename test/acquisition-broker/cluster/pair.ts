/** Two brokers of one cluster, in this process: real CURVE sockets, a real nats-server, one store. */
import { join } from 'node:path';
import { type AcquisitionBroker, startAcquisitionBroker } from '../../../acquisition-broker/index.js';
import { type Box, memorySource, startBox } from '../../../box/index.js';
import { type Logger, silentLogger } from '../../../common/log.js';
import { parseSettings } from '../../../config/index.js';
import { writeSecretCertificate } from '../../../keys/files.js';
import { type KeyPair, newKeyPair } from '../../../keys/key.js';
import { openSqliteStore } from '../../../store/sqlite/index.js';
import type { Store } from '../../../store/store.js';
import { temporaryKeys, until } from '../../keys/helpers.js';
import { FakeBox, FakeClient, freeEndpoints, recorded } from '../rig.js';

/** When the boxes were switched on, so that their buffers hold something; ten seconds would look like a gap. */
const ON_SINCE_MS = 9_000;
const SAMPLES = Int16Array.from({ length: 60 * 200 }, (_, i) => 16_000 * Math.sin((2 * Math.PI * i) / 200));

export class Pair {
  readonly a: AcquisitionBroker;
  readonly b: AcquisitionBroker;
  readonly store: Store;
  readonly #serverKey: string;
  readonly #pairs: ReadonlyMap<number, KeyPair>;
  readonly #closing: (() => unknown)[];

  private constructor(
    brokers: readonly [AcquisitionBroker, AcquisitionBroker],
    store: Store,
    serverKey: string,
    pairs: ReadonlyMap<number, KeyPair>,
    closing: (() => unknown)[],
  ) {
    [this.a, this.b] = brokers;
    this.store = store;
    this.#serverKey = serverKey;
    this.#pairs = pairs;
    this.#closing = closing;
  }

  /** @param boxes that have a certificate */
  static async start(
    nats: string,
    boxes: readonly number[],
    { config = {}, log = silentLogger() }: { config?: object; log?: Logger } = {},
  ): Promise<Pair> {
    const keys = await temporaryKeys();
    const server = newKeyPair();
    await writeSecretCertificate(keys.layout.serverSecret, { boxId: undefined, ...server });
    const pairs = new Map<number, KeyPair>();
    for (const id of boxes) pairs.set(id, await keys.box(String(id)));
    const store = await openSqliteStore(join(keys.directory, 'makai.db'), {
      retention: { mode: 'ttl', measurementsSeconds: 86_400 },
    });
    const start = (identity: string): Promise<AcquisitionBroker> => {
      const settings = parseSettings('acquisition-broker', {
        client_certs: keys.layout.publicDirectory,
        server_cert: keys.layout.serverSecret,
        ...freeEndpoints(),
        identity,
        status: 'off',
        metric_update_sec: 0,
        nats: { servers: [nats] },
        ...config,
      });
      return startAcquisitionBroker(settings, { store, log, noticesHoldMs: 0 });
    };
    const a = await start('broker-a');
    const b = await start('broker-b');
    const closing = [() => a.stop(), () => b.stop(), () => store.close(), () => keys.remove()];
    const pair = new Pair([a, b], store, server.publicKey, pairs, closing);
    await until(() => pair.hearEachOther);
    return pair;
  }

  get hearEachOther(): boolean {
    return [this.a, this.b].every((broker) => broker.status().nats?.brokers.length === 1);
  }

  keysOf(id: number): KeyPair {
    return this.#pairs.get(id) ?? newKeyPair();
  }

  get serverKey(): string {
    return this.#serverKey;
  }

  /** A simulated box. @param replies where it sends them; the broker of its commands by default */
  async box(id: number, commands: AcquisitionBroker, replies = commands): Promise<Box> {
    const box = await startBox({
      id,
      dialect: id > 1000 ? 2 : 3,
      source: memorySource(SAMPLES, 100, `box ${id}`),
      serverPublicKey: this.#serverKey,
      keys: this.keysOf(id),
      endpoints: {
        measurements: 'tcp://127.0.0.1:9',
        commands: commands.endpoints.box_pub ?? '',
        replies: replies.endpoints.box_pull ?? '',
      },
      startMs: Date.now() - ON_SINCE_MS,
    });
    this.#closing.unshift(() => box.stop());
    await recorded(box, 5);
    return box;
  }

  /** A box that replies what the test wants. */
  fakeBox(id: number, dialect: 2 | 3, broker: AcquisitionBroker): FakeBox {
    const box = new FakeBox(id, dialect, broker.endpoints, this.keysOf(id), this.#serverKey);
    this.#closing.unshift(() => box.close());
    return box;
  }

  async client(broker: AcquisitionBroker): Promise<FakeClient> {
    const client = new FakeClient(broker.endpoints);
    this.#closing.unshift(() => client.close());
    await client.connected();
    return client;
  }

  /** Waits until the waveforms of these boxes are stored, and of no others. */
  async stored(eventId: number, boxes: readonly number[]): Promise<void> {
    const wanted = boxes.map(String).sort();
    await until(async () => ((await this.store.event(eventId))?.boxes_received.length ?? 0) >= wanted.length);
    const found = (await this.store.boxEvents(eventId)).map(({ box_id }) => box_id).sort();
    if (found.join() !== wanted.join())
      throw new Error(`event ${eventId} has ${found.join()}, not ${wanted.join()}`);
  }

  async stop(): Promise<void> {
    for (const close of this.#closing) await close();
  }
}
