// The decoder of the measurement stream in WebAssembly. Only for bench/decode.ts, which compares it with proto/stream-decoder.ts
// (proto/README.md says why the daemon uses the latter). Frames follow each other at `input`. The columns at `columns` have the layout
// of proto/columns.ts. Keys of other metrics are not checked for UTF-8.
import {
  end,
  limit,
  moveTo,
  open,
  pos,
  problem,
  setLimit,
  skip,
  tag,
  varint,
} from '../../proto/assembly/reader';

let time: u64 = 0;
let boxId: u32 = 0;
let invalid: u32 = 0;
let base: usize = 0;
let stride: usize = 0;

let min: f32 = 0;
let max: f32 = 0;
let average: f32 = 0;

/** Returns the number of decoded frames; malformed ones are left out. */
export function decode(count: i32, ends: usize, input: usize, columns: usize, capacity: i32): i32 {
  const timestamps = columns;
  const ids = timestamps + 8 * <usize>capacity;
  const floats = ids + 4 * <usize>capacity;
  const flags = floats + 48 * <usize>capacity;
  const dialects = flags + <usize>capacity;
  stride = 4 * <usize>capacity;
  let row: i32 = 0;
  let start = input;
  for (let i = 0; i < count; i++) {
    const stop = input + load<u32>(ends + ((<usize>i) << 2));
    base = floats + ((<usize>row) << 2);
    time = 0;
    boxId = 0;
    invalid = 0;
    for (let k: usize = 0; k < 12; k++) store<f32>(base + k * stride, f32.NaN);
    const dialect = dialectOf(start, stop);
    open(start, stop);
    const seen = dialect == 2 ? trigger() : measurement();
    if (problem == 0 && seen && time < (<u64>1) << 53) {
      store<f64>(timestamps + ((<usize>row) << 3), <f64>time);
      store<u32>(ids + ((<usize>row) << 2), boxId);
      store<u8>(flags + <usize>row, <u8>invalid);
      store<u8>(dialects + <usize>row, <u8>dialect);
      row++;
    }
    start = stop;
  }
  return row;
}

function dialectOf(start: usize, stop: usize): i32 {
  open(start, stop);
  while (pos < limit) {
    const next = tag();
    if (next == 0x1a) return 3;
    if (next == 0x1d) return 2;
    skip(next, 0);
  }
  return 3;
}

function trigger(): bool {
  let seen: u32 = 0;
  while (pos < limit) {
    const next = tag();
    if (next == 0x08) {
      boxId = <u32>varint();
      seen |= 1;
    } else if (next == 0x10) {
      time = varint();
      seen |= 2;
    } else if (next == 0x1d) {
      single(0);
      seen |= 4;
    } else if (next == 0x25) {
      single(1);
      seen |= 8;
    } else if (next == 0x2d) single(2);
    else if (next == 0x30 || next == 0x38 || next == 0x40) varint();
    else skip(next, 0);
  }
  return seen == 15;
}

function single(metric: u32): void {
  min = float();
  max = min;
  average = min;
  put(metric);
}

function measurement(): bool {
  while (pos < limit) {
    const next = tag();
    if (next == 0x08) boxId = <u32>varint();
    else if (next == 0x10) time = varint();
    else if (next == 0x1a) entry();
    else skip(next, 0);
  }
  return true;
}

function entry(): void {
  let name: i32 = -1;
  min = 0;
  max = 0;
  average = 0;
  const outer = limit;
  const stop = end();
  setLimit(stop);
  while (pos < stop) {
    const next = tag();
    if (next == 0x0a) {
      const nameEnd = end();
      name = nameOf(pos, nameEnd - pos);
      moveTo(nameEnd);
    } else if (next == 0x12) {
      const inner = limit;
      const metricEnd = end();
      setLimit(metricEnd);
      while (pos < metricEnd) {
        const field = tag();
        if (field == 0x0d) min = float();
        else if (field == 0x15) max = float();
        else if (field == 0x1d) average = float();
        else skip(field, 1);
      }
      setLimit(inner);
    } else skip(next, 0);
  }
  setLimit(outer);
  if (name >= 0) put(<u32>name);
}

function nameOf(at: usize, length: usize): i32 {
  if (length == 1) return load<u8>(at) == 0x66 ? 0 : -1;
  if (length == 3) {
    const text = load<u16>(at) | ((<u32>load<u8>(at, 2)) << 16);
    return text == 0x736d72 ? 1 : text == 0x646874 ? 2 : -1;
  }
  return length == 5 && load<u32>(at) == 0x6e617274 && load<u8>(at, 4) == 0x73 ? 3 : -1;
}

function put(metric: u32): void {
  const at = base + <usize>metric * 3 * stride;
  if (isFinite(min) && isFinite(max) && isFinite(average)) {
    store<f32>(at, min);
    store<f32>(at + stride, average);
    store<f32>(at + 2 * stride, max);
    invalid &= ~(1 << metric);
  } else {
    store<f32>(at, f32.NaN);
    store<f32>(at + stride, f32.NaN);
    store<f32>(at + 2 * stride, f32.NaN);
    invalid |= 1 << metric;
  }
}

function float(): f32 {
  const at = pos;
  if (at + 4 > limit) {
    skip(5, 0);
    return 0;
  }
  moveTo(at + 4);
  return load<f32>(at);
}
