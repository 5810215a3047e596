/** The stream decoder of bench/assembly, built when the benchmark runs, and the copies that it needs. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { columnsBytes, columnsOver, METRICS, type MeasurementColumns } from '../proto/columns.js';

interface Exports {
  memory: WebAssembly.Memory;
  decode(count: number, ends: number, input: number, columns: number, capacity: number): number;
}

const PAGE = 65_536;
const MAX_FRAME = 1024;

/** @param capacity frames per batch, each of at most 1 kB */
export function wasmStreamDecoder(capacity: number): {
  /** Decodes a batch. Without `into` the result stays in WebAssembly's memory. */
  decode(frames: readonly Uint8Array[], into?: MeasurementColumns): void;
} {
  const { memory, decode } = new WebAssembly.Instance(new WebAssembly.Module(built()), {})
    .exports as unknown as Exports;
  const endsAt = 1024;
  const columnsAt = endsAt + 4 * capacity;
  const inputAt = Math.ceil((columnsAt + columnsBytes(capacity)) / 16) * 16;
  memory.grow(Math.ceil((inputAt + capacity * MAX_FRAME) / PAGE) - memory.buffer.byteLength / PAGE);
  const ends = new Uint32Array(memory.buffer, endsAt, capacity);
  const input = new Uint8Array(memory.buffer, inputAt);
  const own = viewsAt(memory.buffer, columnsAt, capacity);
  return {
    decode: (frames, into) => {
      let end = 0;
      let index = 0;
      for (const frame of frames) {
        input.set(frame, end);
        end += frame.length;
        ends[index++] = end;
      }
      const count = decode(index, endsAt, inputAt, columnsAt, capacity);
      if (count !== frames.length) throw new Error('the benchmark sends only valid frames');
      if (into) copyColumns(own, into, count);
    },
  };
}

/** The columns of `columnsOver`, `offset` bytes into a buffer. */
function viewsAt(buffer: ArrayBuffer, offset: number, capacity: number): MeasurementColumns {
  const template = columnsOver(new ArrayBuffer(columnsBytes(capacity)), capacity);
  const floats = (array: Float32Array) => new Float32Array(buffer, offset + array.byteOffset, capacity);
  const metric = (name: (typeof METRICS)[number]) => ({
    min: floats(template[name].min),
    average: floats(template[name].average),
    max: floats(template[name].max),
  });
  return {
    count: 0,
    timestampMs: new Float64Array(buffer, offset + template.timestampMs.byteOffset, capacity),
    boxId: new Uint32Array(buffer, offset + template.boxId.byteOffset, capacity),
    f: metric('f'),
    rms: metric('rms'),
    thd: metric('thd'),
    trans: metric('trans'),
    invalid: new Uint8Array(buffer, offset + template.invalid.byteOffset, capacity),
    dialect: new Uint8Array(buffer, offset + template.dialect.byteOffset, capacity),
  };
}

function copyColumns(from: MeasurementColumns, to: MeasurementColumns, count: number): void {
  to.timestampMs.set(from.timestampMs.subarray(0, count));
  to.boxId.set(from.boxId.subarray(0, count));
  to.invalid.set(from.invalid.subarray(0, count));
  to.dialect.set(from.dialect.subarray(0, count));
  for (const name of METRICS) {
    to[name].min.set(from[name].min.subarray(0, count));
    to[name].average.set(from[name].average.subarray(0, count));
    to[name].max.set(from[name].max.subarray(0, count));
  }
}

function built(): Uint8Array<ArrayBuffer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'makai-bench-'));
  try {
    const out = path.join(folder, 'measurement.wasm');
    const asc = path.join(PACKAGE_ROOT, 'node_modules/assemblyscript/bin/asc.js');
    const options = ['-O3', '--noAssert', '--runtime', 'stub', '--use', 'abort=', '-o', out];
    execFileSync(process.execPath, [
      asc,
      path.join(PACKAGE_ROOT, 'bench/assembly/measurement.ts'),
      ...options,
    ]);
    return new Uint8Array(readFileSync(out));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
