/** WAV: every encoding, unfinished files, and what contradicts. */
import assert from 'node:assert/strict';
import { secondsOf, valuesOf, voltageOf } from '../../../formats/index.js';
import { readWav } from '../../../formats/wav/index.js';
import { near, one, refused, warns } from '../support.js';
import { chunk, formatChunk, riff } from './made.js';

const VALUES = [0, 0.5, -0.5, -1];

function frames(width: number, put: (buffer: Buffer, at: number, x: number) => void): Buffer {
  // two channels; the first is silent
  const buffer = Buffer.alloc(VALUES.length * width * 2);
  for (const [i, x] of VALUES.entries()) {
    put(buffer, i * width * 2, 0);
    put(buffer, i * width * 2 + width, x);
  }
  return buffer;
}

const PCM16 = frames(2, (b, at, x) => b.writeInt16LE(x * 2 ** 15, at));

describe('WAV, read', () => {
  for (const [what, code, bits, data] of [
    ['PCM 8', 1, 8, frames(1, (b, at, x) => b.writeUInt8(128 + x * 128, at))],
    ['PCM 16', 1, 16, PCM16],
    ['PCM 24', 1, 24, frames(3, (b, at, x) => b.writeIntLE(x * 2 ** 23, at, 3))],
    ['PCM 32', 1, 32, frames(4, (b, at, x) => b.writeInt32LE(x * 2 ** 31, at))],
    ['float 32', 3, 32, frames(4, (b, at, x) => b.writeFloatLE(x, at))],
    ['float 64', 3, 64, frames(8, (b, at, x) => b.writeDoubleLE(x, at))],
  ] as const) {
    it(`${what}: a channel of two, in volts of full scale`, () => {
      for (const extensible of [false, true]) {
        const bytes = riff(
          formatChunk(code, bits, 2, { extensible }),
          chunk('LIST', Buffer.from('odd')),
          chunk('data', data),
        );
        const content = readWav(bytes, 'a.wav', { fullScaleV: 200 });
        warns(content);
        const voltage = voltageOf(content, 'a.wav', { channel: '2' });
        near(voltage.values, [0, 100, -100, -200]);
        near(secondsOf(voltage.time), [0, 1 / 8000, 2 / 8000, 3 / 8000]);
        near(valuesOf(one(content).analog[0] ?? assert.fail()), [0, 0, 0, 0]);
      }
    });
  }

  for (const length of [0, 0xffff_ffff]) {
    it(`a data length of ${length.toString(16)}, as of a recorder that was switched off: read to the end, with a word`, () => {
      const content = readWav(riff(formatChunk(1, 16, 2), chunk('data', PCM16, length)), 'a.wav');
      warns(content, /the length of its data was never filled in/);
      near(valuesOf(one(content).analog[1] ?? assert.fail()), VALUES);
    });
  }

  it('RF64: the sizes of ds64', () => {
    const sizes = Buffer.alloc(28);
    sizes.writeBigUInt64LE(BigInt(PCM16.length), 8);
    const bytes = riff(
      chunk('ds64', sizes),
      formatChunk(1, 16, 2),
      chunk('data', PCM16, 0xffff_ffff),
      chunk('junk', Buffer.alloc(6)),
    );
    bytes.write('RF64', 0, 'latin1');
    bytes.writeUInt32LE(0xffff_ffff, 4);
    const content = readWav(bytes, 'a.wav');
    warns(content);
    near(valuesOf(one(content).analog[1] ?? assert.fail()), VALUES);
  });

  it('contradictions are reported with both numbers, or refused', () => {
    const cut = riff(formatChunk(1, 16, 2), chunk('data', PCM16, 100));
    warns(readWav(cut, 'a.wav'), /chunk "data" announces 100 bytes, 16 follow/);
    warns(
      readWav(riff(formatChunk(1, 16, 2), chunk('data', PCM16.subarray(0, 14))), 'a.wav'),
      /3 samples of 4 bytes and 2 bytes more/,
    );
    const fact = Buffer.alloc(4);
    fact.writeUInt32LE(9, 0);
    warns(
      readWav(riff(formatChunk(1, 16, 2), chunk('fact', fact), chunk('data', PCM16)), 'a.wav'),
      /fact announces 9 samples, there are 4/,
    );
    warns(
      readWav(riff(formatChunk(1, 16, 2, { bytesPerSecond: 7 }), chunk('data', PCM16)), 'a.wav'),
      /7 bytes a second, but 8000 Hz of 4 bytes are 32000/,
    );
    const long = riff(formatChunk(1, 16, 2), chunk('data', PCM16));
    long.writeUInt32LE(1000, 4);
    warns(readWav(long, 'a.wav'), /its header announces 1008 bytes, its chunks end at 60/);
    refused(
      () => readWav(riff(formatChunk(1, 16, 2, { block: 6 }), chunk('data', PCM16)), 'a.wav'),
      /a\.wav, byte 20: its format chunk contradicts itself: 2 channels of 16 bits, 6 bytes/,
    );
  });

  it('refuses what is no WAV, other encodings, rates and channels of 0', () => {
    refused(() => readWav(Buffer.from('RIFX....WAVE'), 'a.wav'), /a\.wav, byte 0: RIFX/);
    refused(() => readWav(Buffer.from('RIFF'), 'a.wav'), /a\.wav, byte 0: this is not a WAV file/);
    refused(
      () => readWav(riff(formatChunk(6, 8, 1), chunk('data', Buffer.alloc(8))), 'a.wav'),
      /format 6 with 8 bits/,
    );
    refused(
      () => readWav(riff(formatChunk(1, 16, 0, { block: 0 }), chunk('data', PCM16)), 'a.wav'),
      /contradicts itself/,
    );
    refused(
      () => readWav(riff(formatChunk(1, 16, 2, { rate: 0 }), chunk('data', PCM16)), 'a.wav'),
      /sampling rate of 0 Hz/,
    );
    refused(() => readWav(riff(formatChunk(1, 16, 2)), 'a.wav'), /no sound data/);
    refused(() => readWav(riff(chunk('data', PCM16)), 'a.wav'), /no format chunk/);
    refused(
      () => readWav(riff(chunk('fmt ', Buffer.alloc(8)), chunk('data', PCM16)), 'a.wav'),
      /format chunk has 8 bytes/,
    );
    refused(
      () => readWav(riff(formatChunk(1, 16, 2), chunk('data', Buffer.alloc(2))), 'a.wav'),
      /no sample in it/,
    );
  });
});
