/** Box 2: PING and READ to the boxes, PONG, RESP and ERROR from them; a READ from some clients. */
import { type Codec, DecodeError } from '../codec.js';
import type { RequestDataMessage, RequestDataType } from '../messages.js';
import { enumValues, wireCodec } from '../schema.js';
import { decodedOptional, decodedUint64, uint32, uint64 } from '../values.js';

type Wire = Omit<RequestDataMessage, 'type'> & { type: number };

const wire = wireCodec<Wire>('opq.proto.RequestDataMessage');
const NUMBERS = enumValues('opq.proto.RequestDataMessage.RequestType');
const TYPES = new Map(Object.entries(NUMBERS).map(([name, number]) => [number, name as RequestDataType]));

export const requestData: Codec<RequestDataMessage> = {
  encode: (message) => {
    const { boxId, time, back, forward, numCycles } = message;
    const type = NUMBERS[message.type];
    if (type === undefined) throw new RangeError(`no such request type: ${message.type}`);
    return wire.encode({
      type,
      sequenceNumber: uint32(message.sequenceNumber, 'sequence_number'),
      ...(boxId !== undefined && { boxId: uint32(boxId, 'boxId') }),
      ...(time !== undefined && { time: uint64(time, 'time') }),
      ...(back !== undefined && { back: uint64(back, 'back') }),
      ...(forward !== undefined && { forward: uint64(forward, 'forward') }),
      ...(numCycles !== undefined && { numCycles: uint32(numCycles, 'num_cycles') }),
    });
  },
  decode: (bytes) => {
    const m = wire.decode(bytes);
    const type = TYPES.get(m.type);
    if (type === undefined) throw new DecodeError(`RequestDataMessage: unknown type ${m.type}`);
    const boxId = decodedOptional(m, 'boxId');
    const time = decodedOptional(m, 'time');
    const back = decodedOptional(m, 'back');
    const forward = decodedOptional(m, 'forward');
    const numCycles = decodedOptional(m, 'numCycles');
    return {
      type,
      sequenceNumber: m.sequenceNumber,
      ...(boxId !== undefined && { boxId }),
      ...(time !== undefined && { time: decodedUint64(time, 'time') }),
      ...(back !== undefined && { back: decodedUint64(back, 'back') }),
      ...(forward !== undefined && { forward: decodedUint64(forward, 'forward') }),
      ...(numCycles !== undefined && { numCycles }),
    };
  },
};
