/**
 * Counts the peers of a CURVE socket from the socket's events. Nothing else can be seen of a socket that libzmq's proxy holds, or of
 * handshakes that fail before the allow-list is asked. The events do not name the peer, so there are only numbers.
 */
import type { EventOfType, EventType, Socket } from 'zeromq';

/** Why a handshake failed. Refusals by the allow-list are not among them: the gate counts them, with the key. */
export type FailureReason =
  /** another mechanism than CURVE, most often no key at all */
  | 'no_curve'
  /** a wrong public key of the server, or bytes changed on the way */
  | 'wrong_server_key'
  | 'protocol'
  /** handshake not finished in time */
  | 'timeout'
  | 'closed_early'
  /** it did not begin like ZeroMQ */
  | 'not_zeromq'
  | 'other'
  /** no connection could be accepted: mostly too few file descriptors */
  | 'accept_failed';

export interface ConnectionStatus {
  /** passed the handshake and are open */
  connected: number;
  /** open, in the handshake */
  in_handshake: number;
  /** TCP connections since the start */
  opened: number;
  /** of them those that passed the handshake */
  accepted: number;
  failed: Partial<Record<FailureReason, number>>;
  /** when each reason occurred last, ISO 8601 */
  failed_last: Partial<Record<FailureReason, string>>;
}

export class Connections {
  readonly #failed = new Map<FailureReason, number>();
  readonly #lastMs = new Map<FailureReason, number>();
  #socket: Pick<Socket, 'events'> | undefined;
  #onFailed: (reason: FailureReason) => void = () => undefined;
  #opened = 0;
  #accepted = 0;
  #connected = 0;
  #inHandshake = 0;
  /** failed, but not reported closed yet */
  #failing = 0;
  /** 'not_zeromq' too many; the next ones are not counted instead, so that the total never falls */
  #miscounted = 0;

  /** Calls `failed` after each handshake that failed, with the reason. */
  onFailed(failed: (reason: FailureReason) => void): void {
    this.#onFailed = failed;
  }

  /** Listens to a new socket, before it is bound. Connections of the previous one are gone, and its events are ignored. */
  attach(socket: Pick<Socket, 'events'>): void {
    this.#socket = socket;
    this.#connected = 0;
    this.#inHandshake = 0;
    this.#failing = 0;
    const on = <E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): void => {
      socket.events.on(type, (event) => {
        if (this.#socket === socket) listener(event);
      });
    };
    on('accept', () => this.#open());
    on('accept:error', () => this.#count('accept_failed'));
    on('handshake', () => this.#pass());
    on('handshake:error:auth', () => this.#fail(undefined));
    on('handshake:error:protocol', (event) => this.#fail(protocolReason(event)));
    on('handshake:error:other', (event) => this.#fail(otherReason(event)));
    on('disconnect', () => this.#close());
  }

  get connected(): number {
    return this.#connected;
  }

  /** Connections that passed the handshake, since the start. */
  get accepted(): number {
    return this.#accepted;
  }

  status(): ConnectionStatus {
    return {
      connected: this.#connected,
      in_handshake: this.#inHandshake,
      opened: this.#opened,
      accepted: this.#accepted,
      failed: Object.fromEntries(this.#failed),
      failed_last: Object.fromEntries(
        [...this.#lastMs].map(([reason, ms]) => [reason, new Date(ms).toISOString()]),
      ),
    };
  }

  #open(): void {
    this.#opened += 1;
    this.#inHandshake += 1;
  }

  #pass(): void {
    this.#accepted += 1;
    if (this.#leaveHandshake()) this.#connected += 1;
  }

  #fail(reason: FailureReason | undefined): void {
    if (reason !== undefined) this.#count(reason);
    if (!this.#leaveHandshake()) this.#connected -= 1;
    this.#failing += 1;
  }

  /**
   * A connection ended. Which, the event does not say: one that failed, else one in the handshake (bytes that are no ZeroMQ end without
   * another event), else one that had passed. The guess in the middle is put right when that handshake goes on after all.
   */
  #close(): void {
    if (this.#failing > 0) {
      this.#failing -= 1;
    } else if (this.#inHandshake > 0) {
      this.#inHandshake -= 1;
      if (this.#miscounted > 0) this.#miscounted -= 1;
      else this.#count('not_zeromq');
    } else if (this.#connected > 0) {
      this.#connected -= 1;
    }
  }

  /** @returns false where none is left in the handshake: the end of one that had passed was taken for its end */
  #leaveHandshake(): boolean {
    if (this.#inHandshake > 0) {
      this.#inHandshake -= 1;
      return true;
    }
    this.#miscounted += 1;
    return false;
  }

  #count(reason: FailureReason): void {
    this.#failed.set(reason, (this.#failed.get(reason) ?? 0) + 1);
    this.#lastMs.set(reason, Date.now());
    this.#onFailed(reason);
  }
}

function protocolReason({ error }: EventOfType<'handshake:error:protocol'>): FailureReason {
  if (error.code === 'ERR_ZMTP_MECHANISM_MISMATCH') return 'no_curve';
  return error.code === 'ERR_ZMTP_CRYPTOGRAPHIC' ? 'wrong_server_key' : 'protocol';
}

function otherReason({ error }: EventOfType<'handshake:error:other'>): FailureReason {
  if (error.code === 'EAGAIN' || error.code === 'ETIMEDOUT') return 'timeout';
  return error.code === 'EPIPE' || error.code === 'ECONNRESET' ? 'closed_early' : 'other';
}
