/**
 * Box 3: `opqbox3.proto` (docs/wire-protocols.md, section 3.2). A Command goes to one box. Subscriptions are prefixes, so box 1 also hears
 * and answers what is meant for boxes 10 to 19. A Command without its oneof kills a Box 3.
 */
import { randomInt } from 'node:crypto';
import { isBoxId, MAX_BOX_ID } from '../../common/box-id.js';
import { messageOf } from '../../common/errors.js';
import type { BoxMessage, CommandNumbers, DialectToOne, Reply } from '../dialect.js';
import type { Command } from '../messages.js';
import { decodeCycles3 } from '../waveform-decoder.js';
import { command } from './command.js';
import { measurement } from './measurement.js';
import { response } from './response.js';
import { decodeMeasurement } from './stream-measurement.js';

/** Fields 4 to 7 of a Response. */
const RESPONSE_BODIES = [0x22, 0x2a, 0x32, 0x3a];
/** A Box 2 hears Commands too and takes 1 to 5 for its own message types. */
const MIN_NUMBER = 6;
const PAST_MAX_NUMBER = 2 ** 32;

export const box3: DialectToOne = {
  name: 'box3',
  reach: 'one',
  numberName: 'sequence number',
  commandNames: ['command'],
  replyNames: ['response'],
  newNumbers: () => new SequenceNumbers(),

  readSubscription: (topic) => {
    const boxId = Number(topic);
    return /^(?:0|[1-9]\d{0,9})$/.test(topic) && boxId <= MAX_BOX_ID ? { boxId } : undefined;
  },

  askOne: ({ boxId, eventId, identity, nowMs, number, window: { startMs, endMs } }) =>
    messageFor({
      seq: number,
      boxId,
      timestampMs: nowMs,
      identity: `data_${eventId}_${identity}`,
      body: { kind: 'data', startMs, endMs, wait: false },
    }),
  relay: (clientCommand, number) => messageFor({ ...clientCommand, seq: number }),

  dangerOf: ({ message, topic }: BoxMessage) => {
    if (message.length === 0) return 'an empty message';
    try {
      const { boxId, seq } = command.decode(message);
      if (!isBoxId(boxId) || topic !== String(boxId)) return `topic ${topic} for box ${boxId}`;
      return seq < MIN_NUMBER ? `sequence number ${seq} means something to a Box 2` : undefined;
    } catch (error) {
      return messageOf(error);
    }
  },

  isReply: (tags) => RESPONSE_BODIES.some((tag) => tags.has(tag)),
  decodeReply: (frame) => ({ dialect: 3, message: response.decode(frame) }),
  readReply,
  readWaveform: (frames) => decodeCycles3(frames),

  stream: {
    tag: 0x1a,
    number: 3,
    // the time is that of sending
    ageMs: { min: 0, max: 250 },
    decode: (frame) => ({ dialect: 3, message: measurement.decode(frame) }),
    decodeInto: decodeMeasurement,
  },
};

function messageFor(message: Command): BoxMessage {
  return { name: 'command', topic: String(message.boxId), message: command.encode(message) };
}

function readReply([head = new Uint8Array(), ...frames]: readonly Uint8Array[]): Reply {
  const { body, boxId, seq, timestampMs } = response.decode(head);
  // A proto3 field that is not there is 0.
  const timeMs = timestampMs === 0 ? undefined : timestampMs;
  return {
    kind: 'reply',
    name: 'response',
    boxId,
    timeMs,
    number: seq,
    body: body.kind,
    window: undefined,
    frames,
  };
}

/** Starts at random, so that an old reply that a box kept in its queue does not fit a new request. */
export class SequenceNumbers implements CommandNumbers {
  #next: number;

  /** @param first where to begin; a random number by default */
  constructor(first: number = randomInt(MIN_NUMBER, PAST_MAX_NUMBER)) {
    this.#next = first >= MIN_NUMBER && first < PAST_MAX_NUMBER ? first : MIN_NUMBER;
  }

  next(isTaken: (sequenceNumber: number) => boolean = () => false): number {
    for (;;) {
      const number = this.#next;
      this.#next = number + 1 < PAST_MAX_NUMBER ? number + 1 : MIN_NUMBER;
      if (!isTaken(number)) return number;
    }
  }
}
