/** DataMessages decoded by hand-written JavaScript. WebAssembly has to be faster than this to justify its build step. Valid frames only. */
import type { Waveform } from '../proto/messages.js';
import { WireReader } from '../proto/wire-reader.js';

const reader = new WireReader();

export function handCycles2(frames: readonly Uint8Array[]): Waveform {
  const timesMs: number[] = [];
  const cycleLengths: number[] = [];
  const most = frames.reduce((sum, frame) => sum + frame.length, 0) / 2;
  const samples = new Int16Array(most);
  let count = 0;
  for (const frame of frames) {
    reader.open(frame);
    while (reader.pos < reader.limit) {
      const tag = reader.tag();
      if (tag !== 0x1a) {
        reader.skip(tag, 0);
        continue;
      }
      const outer = reader.limit;
      reader.limit = reader.end();
      const first = count;
      while (reader.pos < reader.limit) {
        const field = reader.tag();
        if (field === 0x10) samples[count++] = reader.uint32();
        else if (field === 0x08) timesMs.push(reader.uint64());
        else reader.skip(field, 1);
      }
      cycleLengths.push(count - first);
      reader.limit = outer;
    }
  }
  return { timesMs, cycleLengths, samples: samples.slice(0, count) };
}
