/** A small picture of a waveform as PNG (W3C PNG, third edition): mail programs show no SVG. */
import { deflateSync } from 'node:zlib';

const WIDTH = 480;
const HEIGHT = 120;
/** Palette: background, line in the middle, waveform. */
const COLOURS = [0xff, 0xff, 0xff, 0xc8, 0xc8, 0xc8, 0x1f, 0x5f, 0xbf];
const [MIDDLE, TRACE] = [1, 2];

/** @param samples raw counts, at least one */
export function waveformPicture(samples: Int16Array): Buffer {
  const rows = Array.from({ length: HEIGHT }, () => new Uint8Array(WIDTH + 1));
  const paint = (x: number, y: number, colour: number): void => {
    const row = rows[y];
    if (row !== undefined) row[x + 1] = colour;
  };
  let peak = 1;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  const yOf = (sample: number): number => Math.round(((1 - sample / peak) * (HEIGHT - 1)) / 2);
  for (let x = 0; x < WIDTH; x += 1) paint(x, yOf(0), MIDDLE);
  for (let x = 0; x < WIDTH; x += 1) {
    const from = Math.floor((x * samples.length) / WIDTH);
    // To the first sample of the next column, so that the trace has no gaps.
    const to = Math.max(from, Math.min(samples.length - 1, Math.floor(((x + 1) * samples.length) / WIDTH)));
    let [min, max] = [Infinity, -Infinity];
    for (let index = from; index <= to; index += 1) {
      min = Math.min(min, samples[index] ?? 0);
      max = Math.max(max, samples[index] ?? 0);
    }
    for (let y = yOf(max); y <= yOf(min); y += 1) paint(x, y, TRACE);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  // 8 bits a pixel, palette, deflate, no filter method but the standard one, not interlaced
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(COLOURS)),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  body.copy(whole, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}

/** CRC-32 of ISO 3309, bit by bit: zlib has it only from Node 22 on. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
