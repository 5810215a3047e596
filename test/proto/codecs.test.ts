/** What the codecs and the dispatchers refuse, on either side, and that nothing but DecodeError ever comes out of decoding. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as proto from '../../proto/index.js';
import {
  anyCommand,
  anyMeasurement,
  anyRequestData,
  anyRequestEvent,
  anyResponse,
  anyTrigger,
} from './protoc-arbitraries.js';
import { anyField, damaged, delimited, varint } from './wire-arbitraries.js';

const FRAMES: fc.Arbitrary<number[]>[] = [
  anyTrigger.map(({ message }) => [...proto.triggerMessage.encode(message)]),
  anyRequestData.map(({ message }) => [...proto.requestData.encode(message)]),
  anyRequestEvent.map(({ message }) => [...proto.requestEvent.encode(message)]),
  anyMeasurement.map(({ message }) => [...proto.measurement.encode(message)]),
  ...Object.values(anyCommand).map((any) => any.map(({ message }) => [...proto.command.encode(message)])),
  ...Object.values(anyResponse).map((any) => any.map(({ message }) => [...proto.response.encode(message)])),
];

const DECODERS: Record<string, (frame: Uint8Array) => unknown> = {
  triggerMessage: proto.triggerMessage.decode,
  measurement: proto.measurement.decode,
  requestData: proto.requestData.decode,
  requestEvent: proto.requestEvent.decode,
  command: proto.command.decode,
  response: proto.response.decode,
  decodeStream: proto.decodeStream,
  decodeClientRequest: proto.decodeClientRequest,
  decodeBoxReply: proto.decodeBoxReply,
  decodeCycles2: (frame) => proto.decodeCycles2([frame]),
  decodeCycles3: (frame) => proto.decodeCycles3([frame]),
};

const PAST_2_53 = varint(2n ** 53n);

describe('proto: the codecs', () => {
  for (const [name, decode] of Object.entries(DECODERS)) {
    it(`${name} takes any bytes, or throws DecodeError`, () => {
      const bytes = fc.oneof(
        ...FRAMES.map((frame) => damaged(frame)),
        fc.array(anyField, { maxLength: 6 }).map((fields) => fields.flat()),
        fc.array(fc.nat(255), { maxLength: 80 }),
      );
      fc.assert(
        fc.property(bytes, (frame) => {
          try {
            decode(Uint8Array.from(frame));
          } catch (error) {
            assert.ok(error instanceof proto.DecodeError, String(error));
          }
        }),
        { numRuns: 500 },
      );
    });
  }

  it('recognise whatever they encode', () => {
    const message = <T>(any: fc.Arbitrary<{ message: T }>) =>
      any.map((both) => structuredClone(both.message));
    const sees = <T, D>(
      any: fc.Arbitrary<{ message: T }>,
      codec: proto.Codec<T>,
      decode: (b: Uint8Array) => D,
      as: object,
    ) =>
      fc.assert(
        fc.property(message(any), (m) => assert.deepEqual(decode(codec.encode(m)), { ...as, message: m })),
        { numRuns: 200 },
      );
    const withTime = anyRequestData.map(({ message: m }) => ({ message: { time: 7, ...m } }));
    sees(anyTrigger, proto.triggerMessage, proto.decodeStream, { dialect: 2 });
    sees(anyMeasurement, proto.measurement, proto.decodeStream, { dialect: 3 });
    sees(anyRequestEvent, proto.requestEvent, proto.decodeClientRequest, { kind: 'event' });
    sees(withTime, proto.requestData, proto.decodeClientRequest, { kind: 'read' });
    sees(withTime, proto.requestData, proto.decodeBoxReply, { dialect: 2 });
    for (const any of Object.values(anyCommand)) {
      sees<proto.Command, proto.ClientRequest>(any, proto.command, proto.decodeClientRequest, {
        kind: 'command',
      });
    }
    for (const any of Object.values(anyResponse)) {
      sees<proto.Response, proto.BoxReply>(any, proto.response, proto.decodeBoxReply, { dialect: 3 });
    }
  });

  const refuses = (decode: (frame: Uint8Array) => unknown, bytes: number[], why: RegExp): void => {
    assert.throws(
      () => decode(Uint8Array.from(bytes)),
      (error) => error instanceof proto.DecodeError && why.test(error.message),
      Buffer.from(bytes).toString('hex'),
    );
  };

  it('refuse a message without a required field', () => {
    refuses(proto.triggerMessage.decode, [0x08, 1, 0x10, 1, 0x1d, 0, 0, 0, 0], /rms/);
    refuses(proto.requestData.decode, [0x08, 1], /sequenceNumber/);
    refuses(proto.requestEvent.decode, [0x08, 1], /required/);
  });

  it('refuse an enum value that nobody knows, as one that is missing', () => {
    refuses(proto.requestData.decode, [0x08, 6, 0x10, 1], /type/);
    refuses(proto.requestData.decode, [0x08, 0, 0x10, 1], /type/);
  });

  it('refuse numbers past 2^53', () => {
    refuses(proto.measurement.decode, [0x10, ...PAST_2_53], /timestamp_ms/);
    refuses(proto.requestData.decode, [0x08, 1, 0x10, 1, 0x28, ...PAST_2_53], /back/);
    refuses(proto.command.decode, delimited(6, [0x10, ...PAST_2_53]), /end_ms/);
    refuses(proto.response.decode, delimited(4, [0x20, ...PAST_2_53]), /uptime/);
    refuses(proto.response.decode, [0x18, ...varint(2n ** 64n - 1n), ...delimited(4, [])], /timestamp_ms/);
  });

  it('refuse a Command or a Response without its oneof, and send none', () => {
    refuses(proto.command.decode, [0x08, 6, 0x10, 7], /no command/);
    refuses(proto.response.decode, [0x08, 7, 0x10, 6], /no response/);
    refuses(proto.decodeClientRequest, [0x08, 6, 0x22, 1, 0x78], /no command/);
  });

  it('take the last one where a oneof comes twice', () => {
    const twice = [...delimited(5, []), ...delimited(7, [0x08, 60])];
    const body = { kind: 'samplingRate', measurementWindowCycles: 60 };
    assert.deepEqual(proto.command.decode(Uint8Array.from(twice)).body, body);
  });

  it('refuse frames that are none of what they recognise', () => {
    refuses(proto.decodeClientRequest, [], /neither/);
    refuses(proto.decodeClientRequest, [0x08, 3, 0x10, 1], /neither/);
    refuses(proto.decodeBoxReply, [0x08, 1, 0x10, 1], /not the reply of a box/);
    refuses(proto.decodeBoxReply, [0x08, 1, 0x22, 200], /cut off/);
  });

  it('do not look for tags inside of texts', () => {
    const read = [0x08, 3, 0x10, 1, ...delimited(15, [0x21, 0, 0, 0, 0, 0, 0, 0, 0]), 0x20, 5];
    assert.equal(proto.decodeClientRequest(Uint8Array.from(read)).kind, 'read');
  });

  it('keep metrics that are named like parts of Object', () => {
    const entry = (name: string) =>
      delimited(3, [...delimited(1, [...Buffer.from(name)]), ...delimited(2, [])]);
    const { metrics } = proto.measurement.decode(
      Uint8Array.from([...entry('__proto__'), ...entry('constructor'), ...entry('')]),
    );
    assert.deepEqual(Object.keys(metrics).sort(), ['', '__proto__', 'constructor']);
    assert.equal(Object.getPrototypeOf(metrics), Object.prototype);
    assert.equal(({} as Record<string, unknown>).min, undefined);
  });

  it('survive a frame of nothing but metrics, and of nothing but groups', () => {
    const empty = Uint8Array.from({ length: 200_000 }, (_, i) => (i % 2 === 0 ? 0x1a : 0));
    assert.deepEqual(Object.keys(proto.measurement.decode(empty).metrics), ['']);
    refuses(proto.measurement.decode, new Array<number>(100_000).fill(0x4b), /depth/);
    refuses(proto.decodeBoxReply, new Array<number>(100_000).fill(0x4b), /cut off/);
  });

  it('do not encode what a field cannot hold', () => {
    const reads = { type: 'READ', sequenceNumber: 1 } as const;
    for (const bad of [-1, 1.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
      assert.throws(() => proto.requestData.encode({ ...reads, back: bad }), RangeError);
      assert.throws(() => proto.requestData.encode({ ...reads, sequenceNumber: bad }), RangeError);
    }
    assert.throws(
      () => proto.triggerMessage.encode({ id: 2 ** 31, time: 0, frequency: 1, rms: 1 }),
      RangeError,
    );
    assert.throws(
      () => proto.encodeCycles3({ timesMs: [1], cycleLengths: [3], samples: Int16Array.of(1, 2) }),
      /add up/,
    );
    assert.throws(
      () => proto.encodeCycles2(1, { timesMs: [], cycleLengths: [1], samples: Int16Array.of(1) }),
      /time/,
    );
  });
});
