/** Tells the dialects and the kinds of request apart by their tags (wire-protocols 3.1, 3.2) and decodes what it is. */
import { type BoxReply, type ClientRequest, DecodeError, type StreamMessage } from './codec.js';
import { command } from './command.js';
import { measurement } from './measurement.js';
import { requestData } from './request-data.js';
import { requestEvent } from './request-event.js';
import { response } from './response.js';
import { triggerMessage } from './trigger-message.js';
import { tagsOf } from './wire.js';

/** Field 3 as a float: a TriggerMessage; as a map entry, or not there: a Measurement. */
const TRIGGER_FREQUENCY = 0x1d;
const MEASUREMENT_METRIC = 0x1a;

/** Field 4 of each of the three requests, and fields 5 to 8 of a Command without an identity. */
const EVENT_PERCENT = 0x21;
const READ_TIME = 0x20;
const COMMAND_IDENTITY = 0x22;
const COMMAND_BODIES = new Set([0x2a, 0x32, 0x3a, 0x42]);

/** Field 4 of a RequestDataMessage; fields 4 to 7 of a Response. */
const REPLY_TIME = 0x20;
const RESPONSE_BODIES = new Set([0x22, 0x2a, 0x32, 0x3a]);

/** A frame of the triggering stream. @throws DecodeError */
export function decodeStream(frame: Uint8Array): StreamMessage {
  for (const tag of tagsOf(frame)) {
    if (tag === TRIGGER_FREQUENCY) return { dialect: 2, message: triggerMessage.decode(frame) };
    if (tag === MEASUREMENT_METRIC) break;
  }
  return { dialect: 3, message: measurement.decode(frame) };
}

/**
 * A frame on `backend_pull`. Field 4 decides wherever it stands; fields 5 to 8 only where there is no field 4, since an event
 * request has texts there too.
 * @throws DecodeError also for a frame that is none of the three
 */
export function decodeClientRequest(frame: Uint8Array): ClientRequest {
  let body = false;
  for (const tag of tagsOf(frame)) {
    if (tag === EVENT_PERCENT) return { kind: 'event', message: requestEvent.decode(frame) };
    if (tag === READ_TIME) return { kind: 'read', message: requestData.decode(frame) };
    if (tag === COMMAND_IDENTITY) return { kind: 'command', message: command.decode(frame) };
    body ||= COMMAND_BODIES.has(tag);
  }
  if (body) return { kind: 'command', message: command.decode(frame) };
  throw new DecodeError('neither an event request nor a READ nor a Command');
}

/**
 * Frame 0 on `box_pull`. A Box 2 echoes fields that it does not know, so its own field 4 is looked for first.
 * @throws DecodeError also for a frame that is neither
 */
export function decodeBoxReply(frame: Uint8Array): BoxReply {
  const tags = new Set(tagsOf(frame));
  if (tags.has(REPLY_TIME)) return { dialect: 2, message: requestData.decode(frame) };
  if ([...RESPONSE_BODIES].some((tag) => tags.has(tag)))
    return { dialect: 3, message: response.decode(frame) };
  throw new DecodeError('neither the reply of a Box 2 nor of a Box 3');
}
