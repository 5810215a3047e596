/** Everything the other rooms use of `proto/` (the contract is codec.ts). */
export {
  type BoxReply,
  type ClientRequest,
  type Codec,
  DecodeError,
  type Proto,
  type StreamMessage,
} from './codec.js';
export * from './columns.js';
export { command } from './command.js';
export { encodeCycles2, encodeCycles3 } from './cycles.js';
export { decodeBoxReply, decodeClientRequest, decodeStream } from './dispatch.js';
export { measurement } from './measurement.js';
export type * from './messages.js';
export { requestData } from './request-data.js';
export { requestEvent } from './request-event.js';
export { response } from './response.js';
export * from './stream-decoder.js';
export { triggerMessage } from './trigger-message.js';
export {
  createWaveformDecoder,
  decodeCycles2,
  decodeCycles3,
  WAVEFORM_LIMITS,
  type WaveformDecoder,
  type WaveformLimits,
} from './waveform-decoder.js';
