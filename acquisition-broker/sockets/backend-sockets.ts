/** The sockets of our own services: requests in, notices and routed replies out, event ids. */
import type { Clock } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import type { Rejections } from '../../common/rejections.js';
import { BIND_TIMEOUT_MS, bindAt, refuseWhereAnswered } from '../../zmq/bind.js';
import { Connections } from '../../zmq/connections.js';
import type { CurveServerOptions } from '../../zmq/curve.js';
import { receiveLoop } from '../../zmq/receive.js';
import { envelopeOf } from '../../zmq/replier.js';
import type { SendQueue } from '../../zmq/send-queue.js';
import { bound, type Publisher, type Pull, type Router, type Socket } from '../../zmq/sockets.js';
import type { SendReply } from '../events/id-service.js';

export const BACKEND_FIELDS = [
  'backend_pull',
  'backend_pub',
  'zmq_event_endpoint',
  'zmq_event_id_endpoint',
] as const;
export type BackendField = (typeof BACKEND_FIELDS)[number];

export interface BackendSocketsOptions {
  endpoints: Readonly<Record<BackendField, string>>;
  /** settings that the configuration does not name: a port in use there is a warning */
  optional: ReadonlySet<BackendField>;
  /** plain without it */
  curve: CurveServerOptions | undefined;
  /** longest frame of a client; who sends a longer one is disconnected */
  frameBytes: number;
  /** how long notices wait after the sockets are opened, ms: subscribers that were there before connect again meanwhile */
  noticesHoldMs: number;
  clock: Clock;
  log: Logger;
  rejections: Rejections;
  /** of `backend_pub`: notices and routed replies. They are dropped while the sockets are closed: then no subscriber is connected. */
  clientQueue: SendQueue;
  /** of `zmq_event_endpoint` */
  noticeQueue: SendQueue;
  /** a message on `backend_pull` */
  request(frames: Buffer[]): void;
  /** a request on `zmq_event_id_endpoint` */
  idRequest(reply: SendReply): Promise<void>;
}

interface OpenSockets {
  backend_pull: Pull;
  backend_pub: Publisher;
  zmq_event_endpoint: Publisher;
  zmq_event_id_endpoint: Router;
}

/** What only one program may serve. A v3 event service on all addresses does not keep a bind to one address from succeeding. */
const ANSWERED_ONCE: ReadonlySet<BackendField> = new Set(['zmq_event_endpoint', 'zmq_event_id_endpoint']);

export class BackendSockets {
  readonly #options: BackendSocketsOptions;
  readonly connections: Readonly<Record<BackendField, Connections>> = {
    backend_pull: new Connections(),
    backend_pub: new Connections(),
    zmq_event_endpoint: new Connections(),
    zmq_event_id_endpoint: new Connections(),
  };
  readonly #endpoints: Partial<Record<BackendField, string>> = {};
  #open: OpenSockets | undefined;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: BackendSocketsOptions) {
    this.#options = options;
  }

  /** Where they are open, with the port that `*` became; without those that could not be. */
  get endpoints(): Readonly<Partial<Record<BackendField, string>>> {
    return this.#endpoints;
  }

  /** @throws MakaiError ENDPOINT_IN_USE, with nothing left open */
  async open(): Promise<void> {
    const { clock, frameBytes, log, idRequest, noticesHoldMs, rejections, request } = this.#options;
    const { noticeQueue, clientQueue } = this.#options;
    const limits = { maxMessageSize: frameBytes };
    const sockets: OpenSockets = {
      backend_pull: bound.pull(limits),
      backend_pub: bound.publisher(limits),
      zmq_event_endpoint: bound.publisher(limits),
      zmq_event_id_endpoint: bound.replier(limits),
    };
    this.#open = sockets;
    try {
      for (const field of BACKEND_FIELDS) {
        this.connections[field].attach(sockets[field]);
        await this.#bind(sockets[field], field);
      }
    } catch (error) {
      await this.close();
      throw error;
    }
    clientQueue.attach(sockets.backend_pub, noticesHoldMs);
    noticeQueue.attach(sockets.zmq_event_endpoint, noticesHoldMs);
    const loop = { clock, log };
    this.#loops = Promise.all([
      receiveLoop({ ...loop, name: 'backend_pull', socket: sockets.backend_pull, handle: request }),
      receiveLoop({
        ...loop,
        name: 'zmq_event_id_endpoint',
        socket: sockets.zmq_event_id_endpoint,
        handle: (frames) => {
          const envelope = envelopeOf(frames);
          if (envelope === undefined)
            return rejections.count('request_without_delimiter', 'zmq_event_id_endpoint');
          return idRequest((text) => sockets.zmq_event_id_endpoint.send([...envelope, text]));
        },
      }),
    ]);
  }

  async close(): Promise<void> {
    const { noticeQueue, clientQueue } = this.#options;
    await Promise.all([clientQueue.release(), noticeQueue.release()]);
    clientQueue.attach(undefined);
    noticeQueue.attach(undefined);
    for (const socket of Object.values<Socket>({ ...this.#open })) socket.close();
    this.#open = undefined;
    await this.#loops;
  }

  /** No further requests are read; notices still go out. */
  stopReading(): void {
    this.#open?.backend_pull.close();
  }

  async #bind(socket: Socket, field: BackendField): Promise<void> {
    const { curve, endpoints, log, optional } = this.#options;
    const before = this.#endpoints[field];
    const mayFail = optional.has(field) && before === undefined;
    const endpoint = before ?? endpoints[field];
    const timeoutMs = before === undefined ? BIND_TIMEOUT_MS.first : BIND_TIMEOUT_MS.again;
    try {
      if (before === undefined && ANSWERED_ONCE.has(field)) await refuseWhereAnswered(field, endpoint);
      this.#endpoints[field] = await bindAt(
        socket,
        { field, endpoint, curve },
        { timeoutMs: mayFail ? 0 : timeoutMs, log },
      );
    } catch (error) {
      if (!mayFail || codeOf(error) !== 'ENDPOINT_IN_USE') throw error;
      const hint = `write another as "${field}"`;
      log.warn({ setting: field, endpoint, hint }, 'port in use: this v3 endpoint is not served');
    }
  }
}
