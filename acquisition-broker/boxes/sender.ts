/**
 * What goes out on `box_pub`, and nothing else. A message of one frame kills a Box 2, a Command without its oneof kills a Box 3
 * and every box whose id is a prefix of its id (wire-protocols 3.1, 3.2): so each message is taken apart again before it is sent,
 * and one that is not sound is counted and never leaves.
 */

import { messageOf } from '../../common/errors.js';
import type { Rejections } from '../../common/rejections.js';
import type { Proto } from '../../proto/codec.js';
import type { Command } from '../../proto/messages.js';
import type { Traffic } from '../traffic.js';
import { isBoxId } from './presence.js';
import { LEAST_SEQUENCE_NUMBER } from './sequence-numbers.js';

const BOX2_TOPIC = 'evget';

export interface TimeWindow {
  /** Unix ms, both ends included */
  startMs: number;
  endMs: number;
}

/** Sends one multipart message to the boxes; never blocks (a PUB socket drops for a peer that does not read). */
export type Publish = (frames: readonly [string, Uint8Array]) => void;

export interface BoxSenderDeps {
  proto: Proto;
  publish: Publish;
  rejections: Rejections;
  traffic: Traffic;
  /** called when a READ went out: every Box 2 hears it */
  readSent(): void;
}

export class BoxSender {
  readonly #deps: BoxSenderDeps;
  readonly sent = { ping: 0, read: 0, command: 0, unsafe: 0 };

  constructor(deps: BoxSenderDeps) {
    this.#deps = deps;
  }

  /** PING: type and a number counted from 0, nothing else. */
  ping(sequenceNumber: number): void {
    const message = this.#deps.proto.requestData.encode({
      type: 'PING',
      sequenceNumber: sequenceNumber >>> 0,
    });
    if (this.#send(BOX2_TOPIC, message)) this.sent.ping += 1;
  }

  /** READ to every Box 2: `time` is the window's middle. */
  read(eventId: number, { startMs, endMs }: TimeWindow): void {
    const message = this.#deps.proto.requestData.encode({
      type: 'READ',
      sequenceNumber: eventId,
      time: Math.floor((startMs + endMs) / 2),
      back: startMs,
      forward: endMs,
    });
    if (!this.#send(BOX2_TOPIC, message)) return;
    this.sent.read += 1;
    this.#deps.readSent();
  }

  /** A Command to one Box 3. */
  command(command: Command): void {
    if (this.#send(String(command.boxId), this.#deps.proto.command.encode(command))) this.sent.command += 1;
  }

  #send(topic: string, message: Uint8Array): boolean {
    const { proto, publish, rejections, traffic } = this.#deps;
    const danger = dangerOf(proto, topic, message);
    if (danger !== undefined) {
      this.sent.unsafe += 1;
      rejections.count('unsafe_for_boxes', topic, danger);
      return false;
    }
    publish([topic, message]);
    traffic.sent += topic.length + message.length;
    return true;
  }
}

/** Why a message must not go out to the boxes, or undefined when it may. */
export function dangerOf(proto: Proto, topic: string, message: Uint8Array): string | undefined {
  try {
    if (message.length === 0) return 'an empty message';
    if (topic === BOX2_TOPIC) {
      const { type } = proto.requestData.decode(message);
      return type === 'PING' || type === 'READ' ? undefined : `a ${type} is answered with ERROR`;
    }
    const { boxId, seq } = proto.command.decode(message);
    if (!isBoxId(boxId) || topic !== String(boxId)) return `topic ${topic} for box ${boxId}`;
    return seq < LEAST_SEQUENCE_NUMBER ? `sequence number ${seq} means something to a Box 2` : undefined;
  } catch (error) {
    return messageOf(error);
  }
}
