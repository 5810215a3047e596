/** Recognises the kinds of client requests by their tags (docs/wire-protocols.md, sections 3.1 and 3.2) and decodes them. */
import { requestData } from './box2/request-data.js';
import { command } from './box3/command.js';
import { DecodeError } from './codec.js';
import type { ClientRequest } from './dialect.js';
import { requestEvent } from './request-event.js';
import { tagsOf } from './wire.js';

/** Field 4 of each of the three requests, and fields 5 to 8 of a Command without an identity. */
const EVENT_PERCENT = 0x21;
const READ_TIME = 0x20;
const COMMAND_IDENTITY = 0x22;
const COMMAND_BODIES = new Set([0x2a, 0x32, 0x3a, 0x42]);

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
