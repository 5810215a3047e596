/** Box 2: one measurement of the triggering stream. */
import type { Codec } from '../codec.js';
import type { TriggerMessage } from '../messages.js';
import { wireCodec } from '../schema.js';
import { decodedOptional, decodedUint64, int32, uint64 } from '../values.js';

const wire = wireCodec<TriggerMessage>('opq.proto.TriggerMessage');

export const triggerMessage: Codec<TriggerMessage> = {
  encode: (message) => {
    int32(message.id, 'id');
    uint64(message.time, 'time');
    return wire.encode(message);
  },
  decode: (bytes) => {
    const m = wire.decode(bytes);
    const thd = decodedOptional(m, 'thd');
    const lastGps = decodedOptional(m, 'lastGps');
    const currentCount = decodedOptional(m, 'currentCount');
    const flags = decodedOptional(m, 'flags');
    return {
      id: m.id,
      time: decodedUint64(m.time, 'time'),
      frequency: m.frequency,
      rms: m.rms,
      ...(thd !== undefined && { thd }),
      ...(lastGps !== undefined && { lastGps }),
      ...(currentCount !== undefined && { currentCount }),
      ...(flags !== undefined && { flags }),
    };
  },
};
