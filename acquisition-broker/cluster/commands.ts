/** Commands for boxes that are connected to another broker, and those of other brokers for boxes here. */
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { type BoxMessage, DIALECTS, type Dialect } from '../../proto/index.js';
import type { ConnectedBoxes } from '../boxes/connected-boxes.js';
import type { Audience, BoxSender } from '../boxes/sender.js';
import type { OpenRequest } from '../open-requests/open-request.js';
import type { BoxesElsewhere } from './boxes-elsewhere.js';
import { decode, encode, relayed } from './messages.js';

/** Ids of boxes named in a log line. */
const NAMED_IN_LOG = 20;

export interface CommandsDeps {
  member: string;
  boxes: Pick<ConnectedBoxes, 'isHere' | 'anonymousHere'>;
  elsewhere: BoxesElsewhere;
  sender: Pick<BoxSender, 'send'>;
  log: Logger;
  isConnected(): boolean;
  send(data: Uint8Array, member: string): boolean;
}

export class CommandsElsewhere {
  readonly #deps: CommandsDeps;
  readonly #log: ThrottledLog;
  /** handed to others, handed to this one by others, and boxes that were connected nowhere when they were asked first */
  readonly counts = { sent: 0, received: 0, nowhere: 0 };

  constructor(deps: CommandsDeps) {
    this.#deps = deps;
    this.#log = new ThrottledLog(deps.log);
  }

  /**
   * Hands a command to the brokers that have boxes of its audience. One that all boxes of a dialect hear goes where those that are meant were heard; to every broker
   * with such boxes where that is not known, or where one did not reply: its reply may have come to another broker than the one that it hears.
   * @returns whether it is to go out here too
   */
  relay(dialect: Dialect, message: BoxMessage, audience: Audience): boolean {
    const { elsewhere, member: from, send } = this.#deps;
    const { isHere, places } =
      dialect.reach === 'all'
        ? this.#placesOfAll(dialect, audience)
        : {
            places: new Set(audience.boxIds?.flatMap((id) => elsewhere.membersWith(dialect, id))),
            isHere: true,
          };
    const { name, topic } = message;
    const data = encode({ from, dialect: dialect.name, name, topic }, message.message);
    for (const place of places) if (send(data, place)) this.counts.sent += 1;
    return isHere;
  }

  /** A command of another broker. @returns false: it is none */
  take(data: Uint8Array): boolean {
    const message = decode(relayed, data);
    if (message === undefined) return false;
    const { dialect: name, name: command, topic } = message.head;
    const dialect = DIALECTS.find((one) => one.name === name);
    if (dialect?.commandNames.includes(command) !== true) return false;
    this.counts.received += 1;
    // The sender takes it apart again: what could harm a box never leaves.
    this.#deps.sender.send(dialect, { name: command, topic, message: message.body });
    return true;
  }

  /** A request is asked for the first time: boxes of it that are connected to no broker are said, once. */
  noteNowhere({ asks, key }: Pick<OpenRequest, 'asks' | 'key'>): void {
    const { boxes, elsewhere, isConnected } = this.#deps;
    const isThere = (boxId: number): boolean =>
      DIALECTS.some((dialect) => boxes.isHere(dialect, boxId) || elsewhere.has(dialect, boxId));
    const nowhere = [...asks].flatMap(({ boxId }) => (isThere(boxId) ? [] : [boxId]));
    if (nowhere.length === 0) return;
    this.counts.nowhere += nowhere.length;
    const fields = { request: key, count: nowhere.length, boxes: nowhere.slice(0, NAMED_IN_LOG) };
    if (isConnected())
      this.#log.warn(
        fields,
        'boxes that were asked are connected to no broker: they are asked when they come',
      );
    else
      this.#log.warn(
        fields,
        'boxes that were asked are not connected here, and this broker is not connected to NATS: they are asked when they come',
      );
  }

  /** @returns where boxes of the audience are, and whether that is here too */
  #placesOfAll(dialect: Dialect, { boxIds, isAgain }: Audience): { places: Set<string>; isHere: boolean } {
    const { boxes, elsewhere } = this.#deps;
    const withAnonymous = elsewhere.membersWithAnonymous(dialect);
    if (boxIds === undefined || isAgain) return { places: new Set(withAnonymous), isHere: true };
    const places = new Set<string>();
    let isHere = false;
    for (const boxId of boxIds) {
      const found = elsewhere.membersWith(dialect, boxId);
      for (const place of found) places.add(place);
      if (boxes.isHere(dialect, boxId)) isHere = true;
      else if (found.length === 0) return { places: new Set(withAnonymous), isHere: true };
    }
    return { places, isHere };
  }
}
