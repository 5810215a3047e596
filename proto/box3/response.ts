/** Box 3: frame 0 of a reply. */
import { type Codec, DecodeError } from '../codec.js';
import type { Response, ResponseBody } from '../messages.js';
import { wireCodec } from '../schema.js';
import { decodedUint64, int32, uint32, uint64 } from '../values.js';

type Info = Omit<Extract<ResponseBody, { kind: 'info' }>, 'kind'>;

interface WireBody {
  infoResponse?: Info;
  messageRateReponse?: { oldRateCycles: number };
  getDataResponse?: { startTs: number; endTs: number };
  commandToPluginResponse?: { ok: boolean };
}

interface Wire extends WireBody {
  boxId: number;
  seq: number;
  timestampMs: number;
  /** name of the body's field that came last */
  readonly response?: keyof WireBody;
}

const wire = wireCodec<Wire>('opq.opqbox3.Response');

export const response: Codec<Response> = {
  encode: (message) =>
    wire.encode({
      boxId: int32(message.boxId, 'box_id'),
      seq: uint32(message.seq, 'seq'),
      timestampMs: uint64(message.timestampMs, 'timestamp_ms'),
      ...wireBody(message.body),
    }),
  decode: (bytes) => {
    const m = wire.decode(bytes);
    return {
      boxId: m.boxId,
      seq: m.seq,
      timestampMs: decodedUint64(m.timestampMs, 'timestamp_ms'),
      body: bodyOf(m),
    };
  },
};

function wireBody(body: ResponseBody): WireBody {
  switch (body.kind) {
    case 'info': {
      const { kind: _kind, ...info } = body;
      uint64(info.uptime, 'uptime');
      uint64(info.calibrationConstant, 'calibration_constant');
      uint32(info.measurementRate, 'measurement_rate');
      return { infoResponse: info };
    }
    case 'samplingRate':
      return { messageRateReponse: { oldRateCycles: uint32(body.oldRateCycles, 'old_rate_cycles') } };
    case 'data':
      return {
        getDataResponse: { startTs: uint64(body.startTs, 'start_ts'), endTs: uint64(body.endTs, 'end_ts') },
      };
    case 'plugin':
      return { commandToPluginResponse: { ok: body.ok } };
  }
}

function bodyOf(m: Wire): ResponseBody {
  if (m.response === 'infoResponse' && m.infoResponse) return { kind: 'info', ...plainInfo(m.infoResponse) };
  if (m.response === 'messageRateReponse' && m.messageRateReponse) {
    return { kind: 'samplingRate', oldRateCycles: m.messageRateReponse.oldRateCycles };
  }
  if (m.response === 'getDataResponse' && m.getDataResponse) {
    const { startTs, endTs } = m.getDataResponse;
    return {
      kind: 'data',
      startTs: decodedUint64(startTs, 'start_ts'),
      endTs: decodedUint64(endTs, 'end_ts'),
    };
  }
  if (m.response === 'commandToPluginResponse' && m.commandToPluginResponse) {
    return { kind: 'plugin', ok: m.commandToPluginResponse.ok };
  }
  throw new DecodeError('Response: no response in it');
}

function plainInfo(info: Info): Info {
  return {
    macAddr: info.macAddr,
    wifiNetwork: info.wifiNetwork,
    ip: info.ip,
    uptime: decodedUint64(info.uptime, 'uptime'),
    calibrationConstant: decodedUint64(info.calibrationConstant, 'calibration_constant'),
    pubKey: info.pubKey,
    measurementRate: info.measurementRate,
  };
}
