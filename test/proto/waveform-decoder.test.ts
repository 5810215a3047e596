/** The WebAssembly decoder against the slow, obvious one and against protobufjs: same frames taken and refused, same samples. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  createWaveformDecoder,
  DecodeError,
  decodeCycles2,
  decodeCycles3,
  encodeCycles2,
  encodeCycles3,
  type Waveform,
} from '../../proto/index.js';
import { wireCodec } from '../../proto/schema.js';
import { runs } from '../support/property.js';
import { oracleCycles2, oracleCycles3 } from './waveform-oracle.js';
import { anyField, anyVarint, damaged, delimited, tag, varint } from './wire-arbitraries.js';

const BOX = 1001;
const T0 = 1_795_315_177_795;

const sample = fc.oneof(
  fc.integer({ min: -0x8000, max: 0x7fff }),
  fc.constantFrom(-0x8000, 0x7fff, 0, -1, 127, 128, 16_383, 16_384, -128, -129, -16_384, -16_385),
);
const cycleSamples = fc.array(sample, { maxLength: 40 });
const waveforms = fc.array(fc.tuple(fc.maxSafeNat(), cycleSamples), { maxLength: 12 }).map(
  (cycles): Waveform => ({
    timesMs: cycles.map(([time]) => time),
    cycleLengths: cycles.map(([, data]) => data.length),
    samples: Int16Array.from(cycles.flatMap(([, data]) => data)),
  }),
);

/** Fields of a cycle in any order, samples packed, unpacked, overlong, past 16 bits, with others between. */
function cycleFields(timeNumber: number, dataNumber: number): fc.Arbitrary<number[]> {
  const runOf = fc.array(sample, { maxLength: 12 });
  return fc
    .array(
      fc.oneof(
        { weight: 2, arbitrary: anyVarint.map((v) => [...tag(timeNumber, 0), ...v]) },
        {
          weight: 6,
          arbitrary: runOf.map((run) => run.flatMap((v) => [...tag(dataNumber, 0), ...varint(BigInt(v))])),
        },
        {
          weight: 2,
          arbitrary: runOf.map((run) =>
            delimited(
              dataNumber,
              run.flatMap((v) => varint(BigInt(v))),
            ),
          ),
        },
        fc.tuple(fc.integer({ min: 1, max: 5 }), anyVarint).map(([n, v]) => [...tag(n, 0), ...v]),
        fc.tuple(fc.integer({ min: 1, max: 5 }), anyVarint).map(([n, v]) => delimited(n, v)),
        anyField,
      ),
      { maxLength: 7 },
    )
    .map((parts) => parts.flat());
}

const dataMessage = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constant([0x08, ...varint(BigInt(BOX))]) },
      {
        weight: 5,
        arbitrary: cycleFields(1, 2).map((cycle) => delimited(3, [0x08, ...varint(BigInt(T0)), ...cycle])),
      },
      cycleFields(1, 2).map((cycle) => delimited(3, cycle)),
      anyVarint.map((v) => [0x08, ...v]),
      anyField,
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.flat());

const framesOf = (frame: fc.Arbitrary<number[]>): fc.Arbitrary<Uint8Array[]> =>
  fc.array(frame, { maxLength: 3 }).map((list) => list.map((bytes) => Uint8Array.from(bytes)));

describe('proto/waveform-decoder', () => {
  it('gives back what either dialect encodes', () => {
    fc.assert(
      fc.property(waveforms, fc.integer(), (waveform, boxId) => {
        assert.deepEqual(decodeCycles2([encodeCycles2(boxId, waveform)], boxId), waveform);
        assert.deepEqual(decodeCycles3(encodeCycles3(waveform)), waveform);
      }),
      { numRuns: runs(500) },
    );
  });

  it('equals the oracle on Box 2 frames of any fields', () => {
    fc.assert(fc.property(framesOf(dataMessage), assertSame2), { numRuns: runs(3000) });
  });

  it('equals the oracle on Box 3 frames of any fields', () => {
    fc.assert(fc.property(framesOf(cycleFields(2, 1)), assertSame3), { numRuns: runs(3000) });
  });

  it('equals the oracle on damaged frames', () => {
    const good2 = waveforms.map((waveform) => [...encodeCycles2(BOX, waveform)]);
    const good3 = waveforms.map((waveform) => [...(encodeCycles3(waveform)[0] ?? [])]);
    fc.assert(fc.property(framesOf(damaged(fc.oneof(good2, dataMessage))), assertSame2), {
      numRuns: runs(2000),
    });
    fc.assert(fc.property(framesOf(damaged(fc.oneof(good3, cycleFields(2, 1)))), assertSame3), {
      numRuns: runs(2000),
    });
  });

  it('equals the oracle on every prefix of a frame', () => {
    const waveform = {
      timesMs: [T0],
      cycleLengths: [6],
      samples: Int16Array.of(5, -5, 300, -300, 32_767, -32_768),
    };
    const frames = {
      two: encodeCycles2(BOX, waveform),
      three: encodeCycles3(waveform)[0] ?? new Uint8Array(0),
    };
    for (let n = 0; n <= frames.two.length; n++) assertSame2([frames.two.slice(0, n)]);
    for (let n = 0; n <= frames.three.length; n++) assertSame3([frames.three.slice(0, n)]);
  });

  it('puts many frames together in order, past one batch', () => {
    const cycles = 1500;
    const waveform: Waveform = {
      timesMs: Array.from({ length: cycles }, (_, i) => T0 + i * 17),
      cycleLengths: Array.from({ length: cycles }, (_, i) => 199 + (i % 3)),
      samples: Int16Array.from({ length: 200 * cycles }, (_, i) => ((i * 7919) % 65_536) - 32_768),
    };
    assert.deepEqual(decodeCycles3(encodeCycles3(waveform)), waveform);
    assert.deepEqual(decodeCycles2([encodeCycles2(BOX, waveform)], BOX), waveform);
  });

  it('has nothing to say about no frames', () => {
    const none = { timesMs: [], cycleLengths: [], samples: new Int16Array(0) };
    assert.deepEqual(decodeCycles2([], BOX), none);
    assert.deepEqual(decodeCycles3([]), none);
  });

  it('names what it refuses', () => {
    const frame = encodeCycles2(BOX, { timesMs: [1], cycleLengths: [1], samples: Int16Array.of(1) });
    const refuses = (frames: number[][], why: RegExp) => {
      assert.throws(
        () =>
          decodeCycles2(
            frames.map((bytes) => Uint8Array.from(bytes)),
            BOX,
          ),
        (error) => error instanceof DecodeError && why.test(error.message),
      );
    };
    refuses([[...frame].slice(0, -1)], /malformed/);
    refuses([[0x1a, 2, 0x08, 1]], /missing/);
    refuses([[0x08, ...varint(BigInt(BOX)), ...delimited(3, [0x10, 1])]], /missing/);
    refuses([[...frame], [0x08, 5]], /another box/);
    refuses(
      [[0x08, ...varint(BigInt(BOX)), ...delimited(3, [0x08, 1, 0x10, ...varint(32_768n)])]],
      /16 bits/,
    );
    refuses([[0x08, ...varint(BigInt(BOX)), ...delimited(3, [0x08, ...varint(2n ** 53n)])]], /2\^53/);
  });

  it('refuses a reply past its limits, and works on after it', () => {
    const decoder = createWaveformDecoder({ maxCycles: 3, maxSamples: 5, maxFrameBytes: 100 });
    const frames = (...lengths: number[]) =>
      encodeCycles3({
        timesMs: lengths.map((_, i) => i),
        cycleLengths: lengths,
        samples: new Int16Array(lengths.reduce((sum, n) => sum + n, 0)),
      });
    assert.equal(decoder.decodeCycles3(frames(2, 1, 2)).samples.length, 5);
    assert.throws(() => decoder.decodeCycles3(frames(1, 1, 1, 1)), /too many cycles/);
    assert.throws(() => decoder.decodeCycles3(frames(2, 2, 2)), /too many samples/);
    assert.throws(() => decoder.decodeCycles3([new Uint8Array(101)]), /101 bytes are too many/);
    const many = encodeCycles2(BOX, {
      timesMs: [1, 2, 3, 4],
      cycleLengths: [0, 0, 0, 0],
      samples: new Int16Array(0),
    });
    assert.throws(() => decoder.decodeCycles2([many]), /too many cycles/);
    const one = encodeCycles2(BOX, { timesMs: [1, 2], cycleLengths: [0, 0], samples: new Int16Array(0) });
    assert.throws(() => decoder.decodeCycles2([one, one]), /too many cycles/);
    assert.deepEqual(decoder.decodeCycles3(frames(5)).cycleLengths, [5]);
  });

  it('gives results that later calls leave alone', () => {
    const decoder = createWaveformDecoder();
    const one = decoder.decodeCycles3(
      encodeCycles3({ timesMs: [1], cycleLengths: [2], samples: Int16Array.of(1, 2) }),
    );
    decoder.decodeCycles3(encodeCycles3({ timesMs: [9], cycleLengths: [2], samples: Int16Array.of(8, 9) }));
    assert.deepEqual(one, { timesMs: [1], cycleLengths: [2], samples: Int16Array.of(1, 2) });
  });
});

function assertSame2(frames: Uint8Array[]): void {
  const expected = oracleCycles2(frames, BOX);
  assert.deepEqual(
    taken(() => decodeCycles2(frames, BOX)),
    expected,
  );
  assert.deepEqual(byProtobufjs2(frames), expected, 'protobufjs');
}

function assertSame3(frames: Uint8Array[]): void {
  const expected = oracleCycles3(frames);
  assert.deepEqual(
    taken(() => decodeCycles3(frames)),
    expected,
  );
  assert.deepEqual(byProtobufjs3(frames), expected, 'protobufjs');
}

function taken<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error));
    return undefined;
  }
}

const dataMessageWire = wireCodec<{ id: number; cycles: { time: number; data: number[] }[] }>(
  'opq.proto.DataMessage',
);
const cycleWire = wireCodec<{ datapoints: number[]; timestampMs: number }>('opq.opqbox3.Cycle');

function byProtobufjs2(frames: Uint8Array[]): Waveform | undefined {
  return taken(() =>
    plain(
      frames.flatMap((frame) => {
        const { id, cycles } = dataMessageWire.decode(frame);
        if (id !== BOX) throw new DecodeError('box');
        return cycles.map(({ time, data }): [number, number[]] => [time, data]);
      }),
    ),
  );
}

function byProtobufjs3(frames: Uint8Array[]): Waveform | undefined {
  return taken(() =>
    plain(
      frames.map((frame): [number, number[]] => {
        const { timestampMs, datapoints } = cycleWire.decode(frame);
        return [timestampMs, datapoints];
      }),
    ),
  );
}

function plain(cycles: [number, number[]][]): Waveform {
  const values = cycles.flatMap(([, data]) => data);
  if (values.some((v) => v < -32_768 || v > 32_767)) throw new DecodeError('sample');
  if (cycles.some(([time]) => !Number.isSafeInteger(time))) throw new DecodeError('time');
  return {
    timesMs: cycles.map(([time]) => time),
    cycleLengths: cycles.map(([, data]) => data.length),
    samples: Int16Array.from(values),
  };
}
