/**
 * Box 2: `opq.proto` (docs/wire-protocols.md, section 3.1). A READ reaches every connected Box 2 and each replies with the window it was
 * asked for. A message of a single frame on `box_pub` kills a Box 2.
 */
import { messageOf } from '../../common/errors.js';
import type { BoxMessage, DialectToAll, Reply } from '../dialect.js';
import { decodeCycles2 } from '../waveform-decoder.js';
import { requestData } from './request-data.js';
import { decodeTrigger } from './stream-trigger.js';
import { triggerMessage } from './trigger-message.js';

const TOPIC = 'evget';
/** Field 4 of a RequestDataMessage, `time`. */
const REPLY_TIME = 0x20;

export const box2: DialectToAll = {
  name: 'box2',
  reach: 'all',
  numberName: 'event',
  commandNames: ['ping', 'read'],
  replyNames: ['pong', 'resp'],

  // It subscribes to everything and does not say which box it is: its reply to a PING does.
  readSubscription: (topic) => (topic === '' ? { boxId: undefined } : undefined),

  askAll: (eventId, { startMs, endMs }) => ({
    name: 'read',
    topic: TOPIC,
    message: requestData.encode({
      type: 'READ',
      sequenceNumber: eventId,
      time: Math.floor((startMs + endMs) / 2),
      back: startMs,
      forward: endMs,
    }),
  }),

  // After 60 s without a message a Box 2 renews its socket. PING holds its type and a number, nothing else.
  keepAlive: {
    everyMs: 13_000,
    greetAfterMs: 250,
    message: (count) => ({
      name: 'ping',
      topic: TOPIC,
      message: requestData.encode({ type: 'PING', sequenceNumber: count >>> 0 }),
    }),
  },

  dangerOf: ({ topic, message }: BoxMessage) => {
    if (topic !== TOPIC) return `topic ${topic}`;
    if (message.length === 0) return 'an empty message';
    try {
      const { type } = requestData.decode(message);
      return type === 'PING' || type === 'READ' ? undefined : `a box replies to ${type} with ERROR`;
    } catch (error) {
      return messageOf(error);
    }
  },

  isReply: (tags) => tags.has(REPLY_TIME),
  decodeReply: (frame) => ({ dialect: 2, message: requestData.decode(frame) }),
  readReply,
  readWaveform: (frames, boxId) => decodeCycles2(frames, boxId),

  stream: {
    tag: 0x1d,
    number: 2,
    // the time is that of the first of ten cycles
    ageMs: { min: 150, max: 400 },
    decode: (frame) => ({ dialect: 2, message: triggerMessage.decode(frame) }),
    decodeInto: decodeTrigger,
  },
};

function readReply([head = new Uint8Array(), ...frames]: readonly Uint8Array[]): Reply {
  const { back, boxId, forward, sequenceNumber, time: timeMs, type } = requestData.decode(head);
  switch (type) {
    case 'PONG':
      return frames.length === 0
        ? { kind: 'alive', name: 'pong', boxId, timeMs }
        : { kind: 'unexpected', name: 'pong', boxId, reason: 'pong_with_data' };
    case 'ERROR':
      return { kind: 'error', name: 'error', boxId, about: `sequence number ${sequenceNumber}` };
    case 'RESP':
      return {
        kind: 'reply',
        name: 'resp',
        boxId,
        timeMs,
        number: sequenceNumber,
        body: 'data',
        window: back === undefined || forward === undefined ? undefined : { startMs: back, endMs: forward },
        frames,
      };
    case 'PING':
    case 'READ':
      return { kind: 'unexpected', name: 'resp', boxId, reason: 'reply_of_wrong_type', about: type };
  }
}
