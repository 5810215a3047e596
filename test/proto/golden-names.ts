/** From field names as the .proto files spell them, with defaults left out, to our messages. */
import type {
  Command,
  CommandBody,
  Measurement,
  RequestDataMessage,
  RequestEventMessage,
  Response,
  ResponseBody,
  TriggerMessage,
} from '../../proto/messages.js';

type Fields = Record<string, unknown>;

export function asTrigger(d: Fields): TriggerMessage {
  return {
    id: Number(d.id),
    time: Number(d.time),
    frequency: float(d.frequency),
    rms: float(d.rms),
    ...('thd' in d && { thd: float(d.thd) }),
    ...('last_gps' in d && { lastGps: Number(d.last_gps) }),
    ...('current_count' in d && { currentCount: Number(d.current_count) }),
    ...('flags' in d && { flags: Number(d.flags) }),
  };
}

export function asRequestData(d: Fields): RequestDataMessage {
  return {
    type: d.type as RequestDataMessage['type'],
    sequenceNumber: Number(d.sequence_number),
    ...('boxId' in d && { boxId: Number(d.boxId) }),
    ...('time' in d && { time: Number(d.time) }),
    ...('back' in d && { back: Number(d.back) }),
    ...('forward' in d && { forward: Number(d.forward) }),
    ...('num_cycles' in d && { numCycles: Number(d.num_cycles) }),
  };
}

export function asRequestEvent(d: Fields): RequestEventMessage {
  return {
    startMs: Number(d.start_timestamp_ms_utc),
    endMs: Number(d.end_timestamp_ms_utc),
    triggerType: d.trigger_type as RequestEventMessage['triggerType'],
    percentMagnitude: Number(d.percent_magnitude),
    boxIds: (d.box_ids as number[] | undefined) ?? [],
    requestee: String(d.requestee),
    description: String(d.description),
    requestData: d.request_data as boolean,
  };
}

export function asMeasurement(d: Fields): Measurement {
  const metrics = d.metrics as Record<string, Fields>;
  return {
    boxId: int(d.box_id),
    timestampMs: int(d.timestamp_ms),
    metrics: Object.fromEntries(
      Object.entries(metrics).map(([name, metric]) => [
        name,
        { min: float(metric.min), max: float(metric.max), average: float(metric.average) },
      ]),
    ),
  };
}

export function asCommand(d: Fields): Command {
  return {
    seq: int(d.seq),
    boxId: int(d.box_id),
    timestampMs: int(d.timestamp_ms),
    identity: text(d.identity),
    body: commandBody(d),
  };
}

function commandBody(d: Fields): CommandBody {
  const data = d.data_command as Fields | undefined;
  if (data) {
    return {
      kind: 'data',
      startMs: int(data.start_ms),
      endMs: int(data.end_ms),
      wait: data.wait === true,
    };
  }
  const rate = d.sampling_rate_command as Fields | undefined;
  if (rate) return { kind: 'samplingRate', measurementWindowCycles: int(rate.measurement_window_cycles) };
  const plugin = d.send_command_to_plugin as Fields | undefined;
  if (plugin) return { kind: 'plugin', pluginName: text(plugin.plugin_name), message: text(plugin.message) };
  if ('info_command' in d) return { kind: 'info' };
  throw new Error('no command in the golden values');
}

export function asResponse(d: Fields): Response {
  return {
    boxId: int(d.box_id),
    seq: int(d.seq),
    timestampMs: int(d.timestamp_ms),
    body: responseBody(d),
  };
}

function responseBody(d: Fields): ResponseBody {
  const data = d.get_data_response as Fields | undefined;
  if (data) return { kind: 'data', startTs: int(data.start_ts), endTs: int(data.end_ts) };
  const rate = d.message_rate_reponse as Fields | undefined;
  if (rate) return { kind: 'samplingRate', oldRateCycles: int(rate.old_rate_cycles) };
  const plugin = d.command_to_plugin_response as Fields | undefined;
  if (plugin) return { kind: 'plugin', ok: plugin.ok === true };
  const info = d.info_response as Fields | undefined;
  if (!info) throw new Error('no response in the golden values');
  return {
    kind: 'info',
    macAddr: text(info.mac_addr),
    wifiNetwork: text(info.wifi_network),
    ip: text(info.ip),
    uptime: int(info.uptime),
    calibrationConstant: int(info.calibration_constant),
    pubKey: text(info.pub_key),
    measurementRate: int(info.measurement_rate),
  };
}

/** Numbers come as numbers or, 64 bits wide, as text; what is 0 is left out. */
function int(value: unknown): number {
  return value === undefined ? 0 : Number(value);
}

function text(value: unknown): string {
  return value === undefined ? '' : String(value);
}

/** Floats are written with as many digits as a float32 needs; infinity and NaN as words. */
function float(value: unknown): number {
  if (value === 'inf' || value === 'nan') return value === 'inf' ? Number.POSITIVE_INFINITY : Number.NaN;
  return Math.fround(int(value));
}
