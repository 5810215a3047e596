/** An event that clients asked for: what its replies share, and what is announced of it. */
import type { NewEvent } from '../../store/store.js';
import type { SendQueue } from '../../zmq/send-queue.js';

/** One event as far as replies to it are concerned; several open requests may belong to one (Commands with the same token). */
export class RequestedEvent {
  readonly event: NewEvent;
  /** frame 0 of the v3 notice */
  readonly noticeText: string;
  /** boxes whose waveform is stored or being stored: the first one that is not empty counts */
  readonly #boxes = new Set<number>();
  #isNoticed = false;

  constructor(event: NewEvent, noticeText: string) {
    this.event = event;
    this.noticeText = noticeText;
  }

  get id(): number {
    return this.event.event_id;
  }

  /** Boxes whose waveform is stored or being stored. */
  get boxes(): Iterable<number> {
    return this.#boxes;
  }

  has(boxId: number): boolean {
    return this.#boxes.has(boxId);
  }

  /** A waveform of this box is about to be stored; it counts as there from now on. */
  claim(boxId: number): void {
    this.#boxes.add(boxId);
  }

  /** Before a restart the waveforms of these boxes were stored; the v3 notice went out with the first. */
  wereStored(boxIds: readonly number[]): void {
    for (const boxId of boxIds) this.#boxes.add(boxId);
    this.#isNoticed ||= boxIds.length > 0;
  }

  /** It could not be stored. */
  release(boxId: number): void {
    this.#boxes.delete(boxId);
  }

  /** Whether the v3 notice is due: true at the first call alone. */
  takeNotice(): boolean {
    if (this.#isNoticed) return false;
    this.#isNoticed = true;
    return true;
  }
}

export interface NoticesDeps {
  /** of `backend_pub` */
  clientQueue: Pick<SendQueue, 'send'>;
  /** of `zmq_event_endpoint` */
  noticeQueue: Pick<SendQueue, 'send'>;
  /** Called for each, for the clients of other brokers. */
  sent?: ((kind: 'evnew' | 'v3', text: string, eventId: number) => void) | undefined;
}

/** What the broker announces: `evnew` for each accepted event, and the v3 notice when its first waveform is stored. */
export class Notices {
  readonly #deps: NoticesDeps;
  readonly sent = { evnew: 0, notices: 0 };

  constructor(deps: NoticesDeps) {
    this.#deps = deps;
  }

  /** `["evnew", id]`: only for an event that is durable. */
  eventStored({ id }: RequestedEvent): void {
    this.sent.evnew += 1;
    this.#deps.clientQueue.send(['evnew', String(id)]);
    this.#deps.sent?.('evnew', '', id);
  }

  /** `[<rest of the identity>, id]`, once per event: call it for each waveform stored. */
  waveformStored(event: RequestedEvent): void {
    if (!event.takeNotice()) return;
    this.sent.notices += 1;
    this.#deps.noticeQueue.send([event.noticeText, String(event.id)]);
    this.#deps.sent?.('v3', event.noticeText, event.id);
  }
}
