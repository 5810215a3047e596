/** Waveform frames to cycles, in portions: a minute of one box is 5 MB, and commands must not wait for all of it. */
import { yieldToEventLoop } from '../../common/yield.js';
import { DecodeError, type Dialect, type Waveform } from '../../proto/index.js';
import { join } from './trim.js';

/** Bytes decoded before other work gets its turn: ten seconds of one box, one or two milliseconds. */
const PORTION_BYTES = 1024 * 1024;

export interface WaveformFrames {
  dialect: Dialect;
  boxId: number;
  /** those after frame 0 */
  frames: readonly Uint8Array[];
}

/** Max of one reply. */
export interface ReplyLimits {
  cycles: number;
  samples: number;
}

/** What one reply may hold: four times the longest window on a 70 Hz grid, since a box may send more than it was asked for; 250 samples per cycle. */
export function replyLimits(maxWindowMs: number): ReplyLimits {
  const cycles = 4 * Math.ceil((maxWindowMs * 70) / 1000) + 100;
  return { cycles, samples: cycles * 250 };
}

/** Bytes of a reply with the longest window as it was asked for, at most: a negative sample of a Box 2 takes eleven bytes with its tag. */
export function longestReplyBytes(maxWindowMs: number): number {
  return (replyLimits(maxWindowMs).samples / 4) * 12;
}

/** @throws DecodeError when a frame is malformed, names another box, or the reply holds more than it may */
export async function decodeWaveform(reply: WaveformFrames, limits: ReplyLimits): Promise<Waveform> {
  const parts: Waveform[] = [];
  let cycles = 0;
  let samples = 0;
  for (const portion of portions(reply.frames)) {
    if (parts.length > 0) await yieldToEventLoop();
    const part = reply.dialect.readWaveform(portion, reply.boxId);
    parts.push(part);
    cycles += part.timesMs.length;
    samples += part.samples.length;
    if (cycles > limits.cycles) throw new DecodeError(`more than ${limits.cycles} cycles in one reply`);
    if (samples > limits.samples) throw new DecodeError(`more than ${limits.samples} samples in one reply`);
  }
  return join(parts);
}

function* portions(frames: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  let from = 0;
  let bytes = 0;
  for (const [i, frame] of frames.entries()) {
    bytes += frame.length;
    if (bytes < PORTION_BYTES) continue;
    yield frames.slice(from, i + 1);
    from = i + 1;
    bytes = 0;
  }
  if (from < frames.length) yield frames.slice(from);
}
