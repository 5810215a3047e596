/** A client's request for the waveforms of some boxes over a window. */
import { type Codec, DecodeError } from './codec.js';
import type { RequestEventMessage, TriggerType } from './messages.js';
import { enumValues, wireCodec } from './schema.js';
import { decodedUint64, int32, uint64 } from './values.js';

interface Wire {
  startTimestampMsUtc: number;
  endTimestampMsUtc: number;
  triggerType: number;
  percentMagnitude: number;
  boxIds: number[];
  requestee: string;
  description: string;
  requestData: boolean;
  familyStartMsUtc?: number;
}

const wire = wireCodec<Wire>('opq.proto.RequestEventMessage');
const NUMBERS = enumValues('opq.proto.RequestEventMessage.TriggerType');
const TYPES = new Map(Object.entries(NUMBERS).map(([name, number]) => [number, name as TriggerType]));

export const requestEvent: Codec<RequestEventMessage> = {
  encode: (message) => {
    const triggerType = NUMBERS[message.triggerType];
    if (triggerType === undefined) throw new RangeError(`no such trigger type: ${message.triggerType}`);
    return wire.encode({
      startTimestampMsUtc: uint64(message.startMs, 'start_timestamp_ms_utc'),
      endTimestampMsUtc: uint64(message.endMs, 'end_timestamp_ms_utc'),
      triggerType,
      percentMagnitude: message.percentMagnitude,
      boxIds: message.boxIds.map((id) => int32(id, 'box_ids')),
      requestee: message.requestee,
      description: message.description,
      requestData: message.requestData,
      ...(message.familyStartMs === undefined
        ? {}
        : { familyStartMsUtc: uint64(message.familyStartMs, 'family_start_ms_utc') }),
    });
  },
  decode: (bytes) => {
    const m = wire.decode(bytes);
    const triggerType = TYPES.get(m.triggerType);
    if (triggerType === undefined) {
      throw new DecodeError(`RequestEventMessage: unknown trigger type ${m.triggerType}`);
    }
    return {
      startMs: decodedUint64(m.startTimestampMsUtc, 'start_timestamp_ms_utc'),
      endMs: decodedUint64(m.endTimestampMsUtc, 'end_timestamp_ms_utc'),
      triggerType,
      percentMagnitude: m.percentMagnitude,
      boxIds: [...m.boxIds],
      requestee: m.requestee,
      description: m.description,
      requestData: m.requestData,
      ...(m.familyStartMsUtc === undefined || !Object.hasOwn(m, 'familyStartMsUtc')
        ? {}
        : { familyStartMs: decodedUint64(m.familyStartMsUtc, 'family_start_ms_utc') }),
    };
  },
};
