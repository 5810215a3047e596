/** Box 3: one measurement of the triggering stream. */
import type { Codec } from '../codec.js';
import type { Measurement, MetricValues } from '../messages.js';
import { wireCodec } from '../schema.js';
import { decodedUint64, uint32, uint64 } from '../values.js';

const wire = wireCodec<Measurement>('opq.opqbox3.Measurement');

export const measurement: Codec<Measurement> = {
  encode: (message) => {
    uint32(message.boxId, 'box_id');
    uint64(message.timestampMs, 'timestamp_ms');
    return wire.encode(message);
  },
  decode: (bytes) => {
    const m = wire.decode(bytes);
    return {
      boxId: m.boxId,
      timestampMs: decodedUint64(m.timestampMs, 'timestamp_ms'),
      // fromEntries defines properties, so that a metric named like a part of Object's prototype is only a name
      metrics: Object.fromEntries(Object.entries(m.metrics).map(([name, value]) => [name, plain(value)])),
    };
  },
};

function plain(value: MetricValues): MetricValues {
  return { min: value.min, max: value.max, average: value.average };
}
