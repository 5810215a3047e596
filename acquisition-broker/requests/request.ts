/**
 * A client's request in the one shape that it has inside the broker. The three messages that clients send (RequestEventMessage,
 * RequestDataMessage and Command) are decoded and checked here and nowhere else.
 */
import { isBoxId } from '../../common/box-id.js';
import { MAX_BOXES_PER_REQUEST } from '../../common/request-limits.js';
import type { ClientRequest, Command, RequestDataMessage, TimeWindow } from '../../proto/index.js';
import { decodeClientRequest } from '../../proto/index.js';

/** How far a window may reach into the future: clocks differ, and boxes are asked once it has passed. */
export const MAX_AHEAD_MS = 300_000;
/** Longest description stored, in characters. */
export const MAX_DESCRIPTION_LENGTH = 4096;
/** Longest identity taken, in characters. */
export const MAX_IDENTITY_LENGTH = 200;
/** A RequestDataMessage names no requestee: all clients that send it count as one. */
const READ_CLIENT = 'RequestDataMessage';
/** Topic of event notices on the same socket: an identity must not pass for one. */
const RESERVED_TOPIC = 'evnew';
/** Prefix of the identities whose replies are stored. */
const STORED_PREFIX = 'data';

interface Common {
  /** whose rate it counts against */
  readonly client: string;
  /** boxes asked, each once; empty: every box */
  readonly boxIds: readonly number[];
}

/** Becomes an event of its own. */
export interface EventRequest extends Common {
  readonly kind: 'event';
  readonly window: TimeWindow;
  /** trigger type's name */
  readonly type: string;
  /** largest deviation in percent of the reference, not negative */
  readonly percentMagnitude: number;
  readonly description: string;
  /** false: the event is logged, no waveform is asked for */
  readonly requestData: boolean;
  /** start of the first window of the same deviation, Unix ms; undefined: it stands alone */
  readonly familyStartMs?: number | undefined;
}

/** A Command whose reply is stored: Commands with one token within 20 s are one event. Its reply goes back to the client too. */
export interface TokenRequest extends Common {
  readonly kind: 'token';
  readonly window: TimeWindow;
  readonly command: Command;
  readonly token: string;
  /** rest of the identity: text of the v3 notice */
  readonly rest: string;
}

/** A Command whose reply is only passed on to its client. */
export interface RoutedRequest extends Common {
  readonly kind: 'routed';
  /** undefined: it asks for no waveform */
  readonly window: TimeWindow | undefined;
  readonly command: Command;
}

export type Request = EventRequest | TokenRequest | RoutedRequest;

/** Why a request is dropped, a fixed word of ours; undefined when it was taken. */
export type Refusal = string | undefined;

/** A valid request, or why it is not valid. `client` is for the log. */
export type ReadRequest = { request: Request } | { refusal: string; client: string };

export interface RequestLimits {
  /** Unix ms */
  nowMs: number;
  maxWindowMs: number;
}

/** Decodes and checks a frame on `backend_pull`. @throws DecodeError when it is none of the three messages */
export function readRequest(frame: Uint8Array, limits: RequestLimits): ReadRequest {
  const message = decodeClientRequest(frame);
  const request = shapeOf(message);
  if (typeof request === 'string') return { refusal: request, client: clientNameOf(message) };
  const refusal = checkWindow(request, limits) ?? checkBoxes(request);
  if (refusal !== undefined) return { refusal, client: clientNameOf(message) };
  return { request: { ...request, boxIds: [...new Set(request.boxIds)] } };
}

/** @returns the request, or why it cannot be one */
function shapeOf(message: ClientRequest): Request | string {
  switch (message.kind) {
    case 'event': {
      const { boxIds, description, endMs, percentMagnitude, requestData, requestee, startMs, triggerType } =
        message.message;
      const { familyStartMs } = message.message;
      // The largest deviation from the reference, positive by definition; what is not a number says nothing.
      const magnitude = Math.abs(percentMagnitude);
      return {
        kind: 'event',
        client: requestee,
        boxIds,
        window: { startMs, endMs },
        type: triggerType,
        percentMagnitude: Number.isFinite(magnitude) ? magnitude : 0,
        description: description.slice(0, MAX_DESCRIPTION_LENGTH),
        requestData,
        familyStartMs,
      };
    }
    case 'read':
      return readShape(message.message);
    case 'command':
      return commandShape(message.message);
  }
}

/** What some clients and documents of v2 send in place of a RequestEventMessage. */
function readShape({ back, boxId, forward, type }: RequestDataMessage): EventRequest | string {
  if (type !== 'READ') return 'request_type_not_read';
  if (back === undefined || forward === undefined) return 'window_missing';
  return {
    kind: 'event',
    client: READ_CLIENT,
    boxIds: boxId === undefined ? [] : [boxId],
    window: { startMs: back, endMs: forward },
    type: 'OTHER',
    percentMagnitude: 0,
    description: READ_CLIENT,
    requestData: true,
  };
}

/** What v3 services send. Its reply goes to its identity; with the prefix `data` it is stored too. */
function commandShape(command: Command): TokenRequest | RoutedRequest | string {
  const { body, boxId, identity } = command;
  if (!isUsableIdentity(identity)) return 'identity_not_usable';
  const window = body.kind === 'data' ? { startMs: body.startMs, endMs: body.endMs } : undefined;
  const routed: RoutedRequest = {
    kind: 'routed',
    client: clientOf(identity),
    boxIds: [boxId],
    window,
    command,
  };
  const data = parseDataIdentity(identity);
  if (window === undefined || data === undefined) return routed;
  const stored: TokenRequest = { ...routed, ...data, kind: 'token', window };
  return stored;
}

/** A window of the past, however old, is valid: its event is stored even when no buffer reaches it (wire-protocols 3.3). */
function checkWindow({ window }: Request, { maxWindowMs, nowMs }: RequestLimits): Refusal {
  if (window === undefined) return undefined;
  const { endMs, startMs } = window;
  if (startMs >= endMs) return 'start_not_before_end';
  if (endMs - startMs > maxWindowMs) return 'window_too_long';
  if (endMs > nowMs + MAX_AHEAD_MS) return 'window_in_the_future';
  return startMs <= 0 ? 'window_without_a_date' : undefined;
}

function checkBoxes({ boxIds }: Request): Refusal {
  if (boxIds.length > MAX_BOXES_PER_REQUEST) return 'too_many_boxes';
  return boxIds.every(isBoxId) ? undefined : 'box_id_out_of_range';
}

function clientNameOf(message: ClientRequest): string {
  if (message.kind === 'event') return message.message.requestee;
  return message.kind === 'read' ? READ_CLIENT : message.message.identity;
}

/**
 * Token and rest of an identity `<prefix>_<token>_<rest>` whose replies are stored as an event (wire-protocols 3.3); undefined for all
 * others, which are only routed.
 */
export function parseDataIdentity(identity: string): { token: string; rest: string } | undefined {
  const match = /^([^_]*)_([^_]+)(?:_(.*))?$/s.exec(identity);
  if (match?.[1] !== STORED_PREFIX || match[2] === undefined) return undefined;
  return { token: match[2], rest: match[3] ?? '' };
}

/** Whether replies can be published under an identity. */
export function isUsableIdentity(identity: string): boolean {
  return identity.length <= MAX_IDENTITY_LENGTH && !identity.startsWith(RESERVED_TOPIC);
}

/** The name under which a client's Commands are counted: the service's own part of the identity. */
export function clientOf(identity: string): string {
  const data = parseDataIdentity(identity);
  if (data !== undefined) return `${STORED_PREFIX} ${data.rest}`;
  const end = identity.indexOf('_');
  return end < 0 ? identity : identity.slice(0, end);
}
