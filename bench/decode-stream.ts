/** The measurement stream: frames as they come from a socket → columns, one batch at a time, as in the triggering service. */
import { createColumns, METRICS, type MeasurementColumns, type MetricColumns } from '../proto/columns.js';
import { decodeInto, decodeStream, measurement, triggerMessage } from '../proto/index.js';
import type { Measurement, TriggerMessage } from '../proto/messages.js';
import { wireCodec } from '../proto/schema.js';
import { type Comparison, compare, nsEach } from './compare.js';

const BATCH = 512;
const BATCHES = 40;

/** ns per message of protobufjs, our codec and the decoder of the hot path. */
export async function compareStream(rounds: number): Promise<Comparison[]> {
  const columns = createColumns(BATCH, true);
  const comparisons: Comparison[] = [];
  for (const { title, frames, byProtobufjs } of [
    { title: 'Measurement, four metrics → columns', frames: measurements(), byProtobufjs: protobufjs3() },
    { title: 'TriggerMessage → columns', frames: triggers(), byProtobufjs: protobufjs2() },
  ]) {
    const each = (decode: (frame: Uint8Array, index: number) => void) => (): number =>
      nsEach(BATCHES, () => {
        let index = 0;
        for (const frame of frames) decode(frame, index++);
      }) / BATCH;
    comparisons.push(
      await compare(
        {
          title,
          unit: 'ns per message',
          better: 'lower',
          baseline: 'protobufjs',
          contenders: [
            { name: 'protobufjs', once: each((frame, index) => byProtobufjs(frame, columns, index)) },
            { name: 'decodeStream, objects only', once: each(decodeStream) },
            { name: 'decodeInto', once: each((frame, index) => decodeInto(frame, columns, index)) },
          ],
        },
        rounds,
      ),
    );
  }
  return comparisons;
}

/** Each frame is a separate buffer, as from a socket. */
function measurements(): Buffer[] {
  return Array.from({ length: BATCH }, (_, i) => {
    const values = (value: number) => ({
      min: value * 0.999,
      max: value * 1.001,
      average: value + (i % 7) / 100,
    });
    const metrics = { f: values(60), trans: values(0.085), rms: values(120), thd: values(0.03) };
    return Buffer.from(
      measurement.encode({ boxId: 1000 + (i % 300), timestampMs: 1_795_315_358_581 + i, metrics }),
    );
  });
}

function triggers(): Buffer[] {
  return Array.from({ length: BATCH }, (_, i) =>
    Buffer.from(
      triggerMessage.encode({
        id: 1000 + (i % 300),
        time: 1_795_315_358_581 + i,
        frequency: 60 + (i % 7) / 100,
        rms: 120 + (i % 11) / 10,
        thd: 0.03,
        lastGps: 0,
        currentCount: 4833,
        flags: 0,
      }),
    ),
  );
}

type Fill = (frame: Uint8Array, columns: MeasurementColumns, index: number) => void;

function protobufjs3(): Fill {
  const wire = wireCodec<Measurement>('opq.opqbox3.Measurement');
  return (frame, columns, index) => {
    const { boxId, timestampMs, metrics } = wire.decode(frame);
    columns.boxId[index] = boxId;
    columns.timestampMs[index] = timestampMs;
    columns.dialect[index] = 3;
    columns.invalid[index] = 0;
    for (const name of METRICS) {
      const values = metrics[name];
      put(
        columns[name],
        index,
        values?.min ?? Number.NaN,
        values?.average ?? Number.NaN,
        values?.max ?? Number.NaN,
      );
    }
  };
}

function protobufjs2(): Fill {
  const wire = wireCodec<TriggerMessage>('opq.proto.TriggerMessage');
  return (frame, columns, index) => {
    const { id, time, frequency, rms, thd = Number.NaN } = wire.decode(frame);
    columns.boxId[index] = id;
    columns.timestampMs[index] = time;
    columns.dialect[index] = 2;
    columns.invalid[index] = 0;
    put(columns.f, index, frequency, frequency, frequency);
    put(columns.rms, index, rms, rms, rms);
    put(columns.thd, index, thd, thd, thd);
    put(columns.trans, index, Number.NaN, Number.NaN, Number.NaN);
  };
}

function put(metric: MetricColumns, index: number, min: number, average: number, max: number): void {
  metric.min[index] = min;
  metric.average[index] = average;
  metric.max[index] = max;
}
