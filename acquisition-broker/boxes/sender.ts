/**
 * What goes out on `box_pub`, and nothing else. Some messages kill a box (wire-protocols 3.1, 3.2), so each is taken apart again by its
 * dialect before it is sent; one that could harm a box is counted and never leaves.
 */
import type { Rejections } from '../../common/rejections.js';
import { type BoxMessage, DIALECTS, type Dialect } from '../../proto/index.js';
import type { SendQueue } from '../../zmq/send-queue.js';
import type { ConnectedBoxes } from './connected-boxes.js';

/** Whom a command is meant for. */
export interface Audience {
  /** undefined: everyone */
  boxIds: readonly number[] | undefined;
  /** it was sent before, and a box did not reply */
  isAgain: boolean;
}

/** Hands a command to the other brokers that have a box of the audience. @returns whether it is to go out here too */
export type Relay = (dialect: Dialect, message: BoxMessage, audience: Audience) => boolean;

export interface BoxSenderDeps {
  /** of `box_pub`; it never blocks, since a PUB socket drops for a peer that does not read */
  boxQueue: Pick<SendQueue, 'send'>;
  /** undefined: there are no other brokers */
  relay?: Relay | undefined;
  rejections: Rejections;
  /** bytes since the start: sent on `box_pub` once, however many boxes listen */
  traffic: { sent: number };
  /** hears of commands to all boxes of a dialect */
  boxes: Pick<ConnectedBoxes, 'asked'>;
}

export class BoxSender {
  readonly #deps: BoxSenderDeps;
  /** by the message's name */
  readonly #sent: Record<string, number>;

  constructor(deps: BoxSenderDeps) {
    this.#deps = deps;
    const names = DIALECTS.flatMap(({ commandNames }) => commandNames);
    this.#sent = Object.fromEntries(names.map((name) => [name, 0]));
  }

  /** Messages sent, by name. */
  get sent(): Readonly<Record<string, number>> {
    return this.#sent;
  }

  /** @param audience undefined: boxes that are connected here, whichever they are */
  send(dialect: Dialect, message: BoxMessage, audience?: () => Audience): void {
    const { boxes, boxQueue, rejections, relay, traffic } = this.#deps;
    const danger = dialect.dangerOf(message);
    if (danger !== undefined) {
      rejections.count('unsafe_for_boxes', message.topic, danger);
      return;
    }
    if (audience !== undefined && relay?.(dialect, message, audience()) === false) return;
    if (dialect.reach === 'all') boxes.asked(dialect);
    boxQueue.send([message.topic, message.message]);
    this.#sent[message.name] = (this.#sent[message.name] ?? 0) + 1;
    traffic.sent += message.topic.length + message.message.length;
  }
}
