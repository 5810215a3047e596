/** Box 3: what a client asks of a box, and what the broker sends it. Never without a body: that kills a box. */
import { type Codec, DecodeError } from '../codec.js';
import type { Command, CommandBody } from '../messages.js';
import { wireCodec } from '../schema.js';
import { decodedUint64, int32, uint32, uint64 } from '../values.js';

interface WireBody {
  infoCommand?: Record<string, never>;
  dataCommand?: { startMs: number; endMs: number; wait: boolean };
  samplingRateCommand?: { measurementWindowCycles: number };
  sendCommandToPlugin?: { pluginName: string; message: string };
}

interface Wire extends WireBody {
  seq: number;
  boxId: number;
  timestampMs: number;
  identity: string;
  /** name of the body's field that came last */
  readonly command?: keyof WireBody;
}

const wire = wireCodec<Wire>('opq.opqbox3.Command');

export const command: Codec<Command> = {
  encode: (message) =>
    wire.encode({
      seq: uint32(message.seq, 'seq'),
      boxId: int32(message.boxId, 'box_id'),
      timestampMs: uint64(message.timestampMs, 'timestamp_ms'),
      identity: message.identity,
      ...wireBody(message.body),
    }),
  decode: (bytes) => {
    const m = wire.decode(bytes);
    return {
      seq: m.seq,
      boxId: m.boxId,
      timestampMs: decodedUint64(m.timestampMs, 'timestamp_ms'),
      identity: m.identity,
      body: bodyOf(m),
    };
  },
};

function wireBody(body: CommandBody): WireBody {
  switch (body.kind) {
    case 'info':
      return { infoCommand: {} };
    case 'data':
      return {
        dataCommand: {
          startMs: uint64(body.startMs, 'start_ms'),
          endMs: uint64(body.endMs, 'end_ms'),
          wait: body.wait,
        },
      };
    case 'samplingRate': {
      const cycles = uint32(body.measurementWindowCycles, 'measurement_window_cycles');
      return { samplingRateCommand: { measurementWindowCycles: cycles } };
    }
    case 'plugin':
      return { sendCommandToPlugin: { pluginName: body.pluginName, message: body.message } };
  }
}

function bodyOf(m: Wire): CommandBody {
  if (m.command === 'infoCommand') return { kind: 'info' };
  if (m.command === 'dataCommand' && m.dataCommand) {
    const { startMs, endMs, wait } = m.dataCommand;
    return {
      kind: 'data',
      startMs: decodedUint64(startMs, 'start_ms'),
      endMs: decodedUint64(endMs, 'end_ms'),
      wait,
    };
  }
  if (m.command === 'samplingRateCommand' && m.samplingRateCommand) {
    return { kind: 'samplingRate', measurementWindowCycles: m.samplingRateCommand.measurementWindowCycles };
  }
  if (m.command === 'sendCommandToPlugin' && m.sendCommandToPlugin) {
    const { pluginName, message } = m.sendCommandToPlugin;
    return { kind: 'plugin', pluginName, message };
  }
  throw new DecodeError('Command: no command in it');
}
