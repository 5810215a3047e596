/**
 * Waveform frames of both dialects → cycles, in WebAssembly (assembly/waveform.ts; README.md has the figures). Frames are copied in
 * batch by batch and results copied out, so the memory is fixed at the start whatever peers send.
 */
import { wasmExports } from '../common/wasm.js';
import { DecodeError } from './codec.js';
import type { Waveform } from './messages.js';

/** Bounds of one reply; a longer one is refused. */
export interface WaveformLimits {
  maxCycles: number;
  /** of all cycles together */
  maxSamples: number;
  /** of one frame; this and `maxCycles` decide how much memory a decoder has (about 3 bytes a byte, 12 a cycle) */
  maxFrameBytes: number;
}

/** Ten minutes at 60 Hz, 200 samples a cycle, and some more. */
export const WAVEFORM_LIMITS: WaveformLimits = {
  maxCycles: 40_000,
  maxSamples: 8_000_000,
  maxFrameBytes: 4 * 1024 * 1024,
};

export interface WaveformDecoder {
  /**
   * Cycles of a Box 2 reply.
   * @param frames the DataMessage frames, those after frame 0, with any number of cycles each
   * @param expectedBoxId the box that must have sent each of them
   * @throws DecodeError for bytes that are no such message, another box's id, a sample past 16 bits, a reply past a limit
   */
  decodeCycles2(frames: readonly Uint8Array[], expectedBoxId?: number): Waveform;
  /**
   * Cycles of a Box 3 reply.
   * @param frames the Cycle frames, those after frame 0; samples packed or not
   * @throws DecodeError for bytes that are no such message, a sample past 16 bits, a reply past a limit
   */
  decodeCycles3(frames: readonly Uint8Array[]): Waveform;
}

interface Exports {
  memory: WebAssembly.Memory;
  cycleCount: WebAssembly.Global;
  sampleCount: WebAssembly.Global;
  decode(
    dialect: number,
    frameCount: number,
    ends: number,
    input: number,
    timesAt: number,
    lengthsAt: number,
    samplesAt: number,
    maxCycles: number,
    checkBox: number,
    boxId: number,
  ): number;
}

/** Texts of the reasons in assembly/reader.ts, by number. */
const REASONS = [
  'ok',
  'malformed',
  'a required field is missing',
  'time of a cycle is past 2^53',
  'a sample is past 16 bits',
  'of another box',
  'too many cycles',
];

/** Bytes and frames copied in for one call: small enough for the processor's cache, large enough that the call costs nothing. */
const BATCH_BYTES = 256 * 1024;
const BATCH_FRAMES = 1024;
const PAGE = 65_536;
/** The decoder may read this far past its input. */
const SLACK = 16;

const MODULE = new URL('./waveform.wasm', import.meta.url);

/**
 * A decoder with a memory of its own, for use again and again.
 * @throws MakaiError BUILD_INCOMPLETE without the built WebAssembly
 */
export function createWaveformDecoder(limits: Partial<WaveformLimits> = {}): WaveformDecoder {
  const decoder = new Decoder({ ...WAVEFORM_LIMITS, ...limits });
  return {
    decodeCycles2: (frames, expectedBoxId) => decoder.decode(2, frames, expectedBoxId),
    decodeCycles3: (frames) => decoder.decode(3, frames, undefined),
  };
}

class Decoder {
  readonly #limits: WaveformLimits;
  readonly #exports: Exports;
  readonly #times: Float64Array;
  readonly #lengths: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #samples: Int16Array;
  readonly #input: Uint8Array;

  constructor(limits: WaveformLimits) {
    this.#limits = limits;
    this.#exports = wasmExports(MODULE) as unknown as Exports;
    const { memory } = this.#exports;
    const inputBytes = Math.max(limits.maxFrameBytes, BATCH_BYTES);
    // widest first, so that each is aligned; the first 1024 bytes are left to the module
    const times = 1024;
    const lengths = times + 8 * limits.maxCycles;
    const ends = lengths + 4 * limits.maxCycles;
    const samples = ends + 4 * BATCH_FRAMES;
    const input = samples + 2 * inputBytes + SLACK;
    memory.grow(Math.ceil((input + inputBytes + SLACK) / PAGE) - memory.buffer.byteLength / PAGE);
    this.#times = new Float64Array(memory.buffer, times, limits.maxCycles);
    this.#lengths = new Uint32Array(memory.buffer, lengths, limits.maxCycles);
    this.#ends = new Uint32Array(memory.buffer, ends, BATCH_FRAMES);
    this.#samples = new Int16Array(memory.buffer, samples, inputBytes);
    this.#input = new Uint8Array(memory.buffer, input, inputBytes);
  }

  decode(dialect: 2 | 3, frames: readonly Uint8Array[], boxId: number | undefined): Waveform {
    const timesMs: number[] = [];
    const cycleLengths: number[] = [];
    const parts: Int16Array[] = [];
    let sampleTotal = 0;
    for (let next = 0; next < frames.length; ) {
      const count = this.#copyIn(frames, next);
      const problem = this.#exports.decode(
        dialect,
        count,
        this.#ends.byteOffset,
        this.#input.byteOffset,
        this.#times.byteOffset,
        this.#lengths.byteOffset,
        this.#samples.byteOffset,
        this.#limits.maxCycles - timesMs.length,
        boxId === undefined ? 0 : 1,
        boxId ?? 0,
      );
      if (problem !== 0) throw new DecodeError(`waveform frame: ${REASONS[problem]}`);
      const cycles: number = this.#exports.cycleCount.value;
      const samples: number = this.#exports.sampleCount.value;
      sampleTotal += samples;
      if (sampleTotal > this.#limits.maxSamples) throw new DecodeError('waveform frame: too many samples');
      for (let i = 0; i < cycles; i++) {
        timesMs.push(this.#times[i] ?? 0);
        cycleLengths.push(this.#lengths[i] ?? 0);
      }
      parts.push(this.#samples.slice(0, samples));
      next += count;
    }
    return { timesMs, cycleLengths, samples: joined(parts, sampleTotal) };
  }

  /** Copies in as many frames as make a batch, at least one. @returns how many */
  #copyIn(frames: readonly Uint8Array[], first: number): number {
    let end = 0;
    let count = 0;
    while (count < BATCH_FRAMES) {
      const frame = frames[first + count];
      if (frame === undefined || (count > 0 && end + frame.length > BATCH_BYTES)) break;
      if (frame.length > this.#limits.maxFrameBytes) {
        throw new DecodeError(`waveform frame: ${frame.length} bytes are too many`);
      }
      this.#input.set(frame, end);
      end += frame.length;
      this.#ends[count] = end;
      count++;
    }
    return count;
  }
}

function joined(parts: readonly Int16Array[], length: number): Int16Array {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  // Not zeroed first: every byte is written.
  const all = new Int16Array(Buffer.allocUnsafeSlow(2 * length).buffer);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

let shared: WaveformDecoder | undefined;

/** `decodeCycles2` of a decoder with the default limits. */
export const decodeCycles2: WaveformDecoder['decodeCycles2'] = (frames, expectedBoxId) => {
  shared ??= createWaveformDecoder();
  return shared.decodeCycles2(frames, expectedBoxId);
};

/** `decodeCycles3` of a decoder with the default limits. */
export const decodeCycles3: WaveformDecoder['decodeCycles3'] = (frames) => {
  shared ??= createWaveformDecoder();
  return shared.decodeCycles3(frames);
};
