/** The format chunk of a WAV file (Microsoft's WAVEFORMATEX and WAVEFORMATEXTENSIBLE). */
import { type Place, unreadable } from '../problems.js';
import type { Warnings } from '../warnings.js';
import type { Chunk } from './chunks.js';

export const PCM = 1;
export const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

export interface WavFormat {
  code: number;
  channels: number;
  rateHz: number;
  /** of the container of a sample: 8, 16, 24, 32, 64 */
  bits: number;
  /** bytes of one sample of all channels */
  block: number;
}

const READABLE: Readonly<Record<number, readonly number[]>> = { [PCM]: [8, 16, 24, 32], [FLOAT]: [32, 64] };
const MAX_RATE_HZ = 1e9;

/** @throws MakaiError for an encoding that cannot be read, and for numbers that contradict each other */
export function formatOf(
  bytes: Uint8Array,
  { from, to }: Chunk,
  place: Place,
  warnings: Warnings,
): WavFormat {
  const at = { ...place, byte: from };
  if (to - from < 16)
    throw unreadable(at, `its format chunk has ${to - from} bytes, at least 16 belong there`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + from, to - from);
  const tag = view.getUint16(0, true);
  // the real code of the extensible form begins its GUID
  const code = tag === EXTENSIBLE && view.byteLength >= 26 ? view.getUint16(24, true) : tag;
  const channels = view.getUint16(2, true);
  const rateHz = view.getUint32(4, true);
  const bytesPerSecond = view.getUint32(8, true);
  const block = view.getUint16(12, true);
  const bits = view.getUint16(14, true);
  if (!(READABLE[code] ?? []).includes(bits)) {
    throw unreadable(
      at,
      `format ${code} with ${bits} bits; PCM of 8, 16, 24, 32 bits and float of 32, 64 bits can be read`,
    );
  }
  if (channels === 0 || block !== (channels * bits) / 8) {
    throw unreadable(
      at,
      `its format chunk contradicts itself: ${channels} channels of ${bits} bits, ${block} bytes a sample of all`,
    );
  }
  if (rateHz === 0 || rateHz > MAX_RATE_HZ) throw unreadable(at, `a sampling rate of ${rateHz} Hz`);
  if (bytesPerSecond !== rateHz * block) {
    const text = `${bytesPerSecond} bytes a second, but ${rateHz} Hz of ${block} bytes are ${rateHz * block}: the rate is followed`;
    warnings.add('byte-rate', at, text);
  }
  return { code, channels, rateHz, bits, block };
}
