/**
 * A TCP proxy in front of an MQTT broker that notes which incidents were published to it, and which of these it confirmed (PUBACK). What a broker that is
 * killed loses after it has confirmed it is the broker's loss, and cannot be seen from a subscriber alone.
 */
import { once } from 'node:events';
import { createConnection, createServer, type Server } from 'node:net';

const PUBLISH = 3;
const PUBACK = 4;

export class MqttRecorder {
  readonly #server: Server;
  /** by incident, how often it was published and how often confirmed */
  readonly published = new Map<number, number>();
  readonly confirmed = new Map<number, number>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(brokerPort: number): Promise<MqttRecorder> {
    const server = createServer();
    const recorder = new MqttRecorder(server);
    server.on('connection', (client) => {
      const broker = createConnection({ host: '127.0.0.1', port: brokerPort });
      /** incident of each packet that is not confirmed yet, by packet id */
      const underWay = new Map<number, number>();
      const fromClient = new Packets((type, flags, body) => {
        if (type !== PUBLISH || (flags & 6) === 0) return;
        const topicLength = body.readUInt16BE(0);
        if (!body.toString('utf8', 2, 2 + topicLength).startsWith('makai/incidents/')) return;
        const text = body.toString('latin1');
        // It is published again when it joins its group: that is no repeat.
        if (!text.includes('"group":{')) return;
        const id = Number(/"incident_id":(\d+)/.exec(text)?.[1]);
        underWay.set(body.readUInt16BE(2 + topicLength), id);
        recorder.published.set(id, (recorder.published.get(id) ?? 0) + 1);
      });
      const fromBroker = new Packets((type, _, body) => {
        const id = type === PUBACK ? underWay.get(body.readUInt16BE(0)) : undefined;
        if (id !== undefined) recorder.confirmed.set(id, (recorder.confirmed.get(id) ?? 0) + 1);
      });
      client.on('data', (bytes) => {
        fromClient.take(bytes);
        broker.write(bytes);
      });
      broker.on('data', (bytes) => {
        fromBroker.take(bytes);
        client.write(bytes);
      });
      for (const [one, other] of [
        [client, broker],
        [broker, client],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return recorder;
  }

  get url(): string {
    const address = this.#server.address();
    return `mqtt://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Whole packets of a stream (MQTT 5, 2.1). */
class Packets {
  readonly #each: (type: number, flags: number, body: Buffer) => void;
  #rest = Buffer.alloc(0);

  constructor(each: (type: number, flags: number, body: Buffer) => void) {
    this.#each = each;
  }

  take(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      let length = 0;
      let at = 1;
      for (let shift = 0; ; shift += 7) {
        const byte = this.#rest[at];
        if (byte === undefined) return;
        at += 1;
        length += (byte & 0x7f) << shift;
        if (byte < 0x80) break;
      }
      if (this.#rest.length < at + length) return;
      const [head = 0] = this.#rest;
      this.#each(head >> 4, head & 15, this.#rest.subarray(at, at + length));
      this.#rest = this.#rest.subarray(at + length);
    }
  }
}
