/** Messages of every kind, each with the same content under the names of the .proto files. */
import fc from 'fast-check';
import type {
  Command,
  CommandBody,
  Measurement,
  MetricValues,
  RequestDataMessage,
  RequestEventMessage,
  Response,
  ResponseBody,
  TriggerMessage,
  Waveform,
} from '../../proto/messages.js';
import { type Text, Word } from './protoc-text.js';

type Both<T> = fc.Arbitrary<{ message: T; text: Text }>;

const time = fc.oneof(fc.maxSafeNat(), fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 }));
const uint32 = fc.nat(0xffff_ffff);
const int32 = fc.integer();
// what is no Unicode cannot be sent; protoc's own bytes for it would be refused
const string = fc.string({ unit: 'grapheme', maxLength: 12 });

export const anyTrigger: Both<TriggerMessage> = fc
  .record(
    {
      id: int32,
      time,
      frequency: fc.float(),
      rms: fc.float(),
      thd: fc.float(),
      lastGps: int32,
      currentCount: int32,
      flags: int32,
    },
    { requiredKeys: ['id', 'time', 'frequency', 'rms'] },
  )
  .map((message) => {
    const { lastGps, currentCount, ...rest } = message;
    return { message, text: { ...rest, last_gps: lastGps, current_count: currentCount } };
  });

export const anyRequestData: Both<RequestDataMessage> = fc
  .record(
    {
      type: fc.constantFrom('PING', 'PONG', 'READ', 'RESP', 'ERROR'),
      sequenceNumber: uint32,
      boxId: uint32,
      time,
      back: time,
      forward: time,
      numCycles: uint32,
    },
    { requiredKeys: ['type', 'sequenceNumber'] },
  )
  .map((message) => {
    const { type, sequenceNumber, numCycles, ...rest } = message;
    return {
      message,
      text: { ...rest, type: new Word(type), sequence_number: sequenceNumber, num_cycles: numCycles },
    };
  });

export const anyRequestEvent: Both<RequestEventMessage> = fc
  .record({
    startMs: time,
    endMs: time,
    triggerType: fc.constantFrom('FREQUENCY_SAG', 'FREQUENCY_SWELL', 'VOLTAGE_SAG', 'VOLTAGE_SWELL', 'OTHER'),
    percentMagnitude: fc.double(),
    boxIds: fc.array(int32, { maxLength: 4 }),
    requestee: string,
    description: string,
    requestData: fc.boolean(),
  })
  .map((message) => ({
    message,
    text: {
      start_timestamp_ms_utc: message.startMs,
      end_timestamp_ms_utc: message.endMs,
      trigger_type: new Word(message.triggerType),
      percent_magnitude: message.percentMagnitude,
      box_ids: message.boxIds,
      requestee: message.requestee,
      description: message.description,
      request_data: message.requestData,
    },
  }));

const metric: fc.Arbitrary<MetricValues> = fc.record({
  min: fc.float(),
  max: fc.float(),
  average: fc.float(),
});

export const anyMeasurement: Both<Measurement> = fc
  .record({
    boxId: uint32,
    timestampMs: time,
    // protoc sorts a map by its keys when asked to be deterministic
    metrics: fc
      .uniqueArray(fc.constantFrom('f', 'rms', 'thd', 'trans', 'other'), { maxLength: 5 })
      .chain((names) =>
        fc.tuple(...names.sort().map((name) => metric.map((values) => [name, values] as const))),
      )
      .map((entries) => Object.fromEntries(entries)),
  })
  .map((message) => ({
    message,
    text: {
      box_id: message.boxId,
      timestamp_ms: message.timestampMs,
      metrics: Object.entries(message.metrics).map(([key, value]) => ({ key, value: { ...value } })),
    },
  }));

function command<B extends CommandBody>(body: fc.Arbitrary<B>, text: (body: B) => Text): Both<Command> {
  return fc
    .record({ seq: uint32, boxId: int32, timestampMs: time, identity: string, body })
    .map(({ body: one, ...head }) => ({
      message: { ...head, body: one },
      text: {
        ...text(one),
        seq: head.seq,
        box_id: head.boxId,
        timestamp_ms: head.timestampMs,
        identity: head.identity,
      },
    }));
}

export const anyCommand = {
  info: command(fc.constant({ kind: 'info' as const }), () => ({ info_command: {} })),
  data: command(
    fc.record({ kind: fc.constant('data' as const), startMs: time, endMs: time, wait: fc.boolean() }),
    ({ startMs, endMs, wait }) => ({ data_command: { start_ms: startMs, end_ms: endMs, wait } }),
  ),
  samplingRate: command(
    fc.record({ kind: fc.constant('samplingRate' as const), measurementWindowCycles: uint32 }),
    ({ measurementWindowCycles: cycles }) => ({
      sampling_rate_command: { measurement_window_cycles: cycles },
    }),
  ),
  plugin: command(
    fc.record({ kind: fc.constant('plugin' as const), pluginName: string, message: string }),
    ({ pluginName, message }) => ({ send_command_to_plugin: { plugin_name: pluginName, message } }),
  ),
};

function response<B extends ResponseBody>(body: fc.Arbitrary<B>, text: (body: B) => Text): Both<Response> {
  return fc.record({ boxId: int32, seq: uint32, timestampMs: time, body }).map(({ body: one, ...head }) => ({
    message: { ...head, body: one },
    text: { ...text(one), box_id: head.boxId, seq: head.seq, timestamp_ms: head.timestampMs },
  }));
}

export const anyResponse = {
  info: response(
    fc.record({
      kind: fc.constant('info' as const),
      macAddr: string,
      wifiNetwork: string,
      ip: string,
      uptime: time,
      calibrationConstant: time,
      pubKey: string,
      measurementRate: uint32,
    }),
    (info) => ({
      info_response: {
        mac_addr: info.macAddr,
        wifi_network: info.wifiNetwork,
        ip: info.ip,
        uptime: info.uptime,
        calibration_constant: info.calibrationConstant,
        pub_key: info.pubKey,
        measurement_rate: info.measurementRate,
      },
    }),
  ),
  samplingRate: response(
    fc.record({ kind: fc.constant('samplingRate' as const), oldRateCycles: uint32 }),
    ({ oldRateCycles }) => ({ message_rate_reponse: { old_rate_cycles: oldRateCycles } }),
  ),
  data: response(
    fc.record({ kind: fc.constant('data' as const), startTs: time, endTs: time }),
    ({ startTs, endTs }) => ({ get_data_response: { start_ts: startTs, end_ts: endTs } }),
  ),
  plugin: response(fc.record({ kind: fc.constant('plugin' as const), ok: fc.boolean() }), ({ ok }) => ({
    command_to_plugin_response: { ok },
  })),
};

export const anyWaveform: fc.Arbitrary<Waveform> = fc
  .array(fc.tuple(time, fc.array(fc.integer({ min: -0x8000, max: 0x7fff }), { maxLength: 20 })), {
    maxLength: 4,
  })
  .map((cycles) => ({
    timesMs: cycles.map(([timestamp]) => timestamp),
    cycleLengths: cycles.map(([, data]) => data.length),
    samples: Int16Array.from(cycles.flatMap(([, data]) => data)),
  }));

export function cycles2Text(id: number, waveform: Waveform): Text {
  return { id, cycles: cyclesOf(waveform).map(([timestamp, data]) => ({ time: timestamp, data })) };
}

export function cycles3Text(waveform: Waveform): Text[] {
  return cyclesOf(waveform).map(([timestamp, datapoints]) => ({ datapoints, timestamp_ms: timestamp }));
}

function cyclesOf({ timesMs, cycleLengths, samples }: Waveform): [number, number[]][] {
  let at = 0;
  return timesMs.map((timestamp, i) => {
    const from = at;
    at += cycleLengths[i] ?? 0;
    return [timestamp, [...samples.subarray(from, at)]];
  });
}
