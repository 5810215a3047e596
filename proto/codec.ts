/**
 * The contract of `proto/`: what it encodes and decodes. Every decode throws `DecodeError` for bytes that are not the message
 * (truncated, a required field missing, a number past 2^53, an unknown enum value, a oneof without content), and nothing else.
 * Every encode throws RangeError for a number that its field cannot hold.
 */
import type { BoxReply, ClientRequest, StreamMessage } from './dialect.js';
import type {
  Command,
  Measurement,
  RequestDataMessage,
  RequestEventMessage,
  Response,
  TriggerMessage,
  Waveform,
} from './messages.js';

export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

export interface Codec<T> {
  encode(message: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

/**
 * What `proto/index.ts` exports, besides the types, the columns with `decodeInto` (stream-decoder.ts: the hot path, without objects)
 * and `createWaveformDecoder` (waveform-decoder.ts: the two decodeCycles with limits of one's own).
 */
export interface Proto {
  triggerMessage: Codec<TriggerMessage>;
  measurement: Codec<Measurement>;
  requestData: Codec<RequestDataMessage>;
  requestEvent: Codec<RequestEventMessage>;
  command: Codec<Command>;
  response: Codec<Response>;
  decodeStream(frame: Uint8Array): StreamMessage;
  decodeClientRequest(frame: Uint8Array): ClientRequest;
  decodeBoxReply(frame: Uint8Array): BoxReply;
  /** DataMessage frames of a Box 2 reply (those after frame 0) → cycles. */
  decodeCycles2(frames: readonly Uint8Array[], expectedBoxId?: number): Waveform;
  /** Cycle frames of a Box 3 reply (those after frame 0), packed or not → cycles. */
  decodeCycles3(frames: readonly Uint8Array[]): Waveform;
  /** One DataMessage frame for the cycles given (what a Box 2 sends for one measurement). */
  encodeCycles2(boxId: number, cycles: Waveform): Uint8Array;
  /** One frame a cycle, not packed (what a Box 3 sends). */
  encodeCycles3(cycles: Waveform): Uint8Array[];
}
