/** Everything the other rooms use of `proto/` (the contract is codec.ts). */
export { requestData } from './box2/request-data.js';
export { triggerMessage } from './box2/trigger-message.js';
export { command } from './box3/command.js';
export { measurement } from './box3/measurement.js';
export { response } from './box3/response.js';
export { type Codec, DecodeError, type Proto } from './codec.js';
export * from './columns.js';
export { encodeCycles2, encodeCycles3 } from './cycles.js';
export type * from './dialect.js';
export {
  COMMAND_DIALECT,
  DIALECTS,
  decodeBoxReply,
  decodeStream,
  dialectNamed,
  dialectOfReply,
} from './dialects.js';
export { decodeClientRequest } from './dispatch.js';
export type * from './messages.js';
export { requestEvent } from './request-event.js';
export * from './stream-decoder.js';
export {
  createWaveformDecoder,
  decodeCycles2,
  decodeCycles3,
  WAVEFORM_LIMITS,
  type WaveformDecoder,
  type WaveformLimits,
} from './waveform-decoder.js';
