/** Frames laid by hand, byte by byte, in golden/*.json. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import * as proto from '../../proto/index.js';

const FOLDER = path.join(PACKAGE_ROOT, 'test/proto/golden');

interface Case {
  what: string;
  as: keyof typeof KINDS;
  layout: [bytes: string, meaning: string][];
  message: unknown;
  encodesBack: boolean;
}

interface Kind {
  decode(frame: Uint8Array): unknown;
  encode(message: unknown): Uint8Array;
}

const KINDS = {
  stream: kind(proto.decodeStream, (m) =>
    m.dialect === 2 ? proto.triggerMessage.encode(m.message) : proto.measurement.encode(m.message),
  ),
  requestData: kind(proto.requestData.decode, proto.requestData.encode),
  clientRequest: kind(proto.decodeClientRequest, (m) => {
    if (m.kind === 'event') return proto.requestEvent.encode(m.message);
    return m.kind === 'read' ? proto.requestData.encode(m.message) : proto.command.encode(m.message);
  }),
  boxReply: kind(proto.decodeBoxReply, (m) =>
    m.dialect === 2 ? proto.requestData.encode(m.message) : proto.response.encode(m.message),
  ),
  cycles2: kind(
    (frame) => listed(proto.decodeCycles2([frame])),
    (m) => proto.encodeCycles2(1001, { ...m, samples: Int16Array.from(m.samples) }),
  ),
  cycles3: kind(
    (frame) => listed(proto.decodeCycles3([frame])),
    (m) => proto.encodeCycles3({ ...m, samples: Int16Array.from(m.samples) })[0] ?? new Uint8Array(0),
  ),
};

describe('frames laid by hand', () => {
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.json'))) {
    const golden = JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as Case;
    it(`${file}: ${golden.what}`, () => {
      const frame = Buffer.from(golden.layout.map(([bytes]) => bytes.replaceAll(' ', '')).join(''), 'hex');
      const { decode, encode } = KINDS[golden.as];
      assert.deepEqual(decode(frame), golden.message);
      if (golden.encodesBack) assert.deepEqual(Buffer.from(encode(golden.message)), frame);
    });
  }
});

function kind<M>(decode: (frame: Uint8Array) => M, encode: (message: M) => Uint8Array): Kind {
  return { decode, encode: (message) => encode(message as M) };
}

function listed({ timesMs, cycleLengths, samples }: proto.Waveform) {
  return { timesMs, cycleLengths, samples: [...samples] };
}
