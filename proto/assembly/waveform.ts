// Waveform frames of both dialects straight to int16 samples. The host (proto/waveform-decoder.ts) lays out the memory, copies
// frames in, calls `decode` and copies the results out. Nothing is allocated here.
import {
  end,
  FIELD_MISSING,
  fail,
  limit,
  moveTo,
  OTHER_BOX,
  open,
  pos,
  problem,
  SAMPLE_TOO_LARGE,
  setLimit,
  skip,
  TIME_TOO_LARGE,
  TOO_MANY_CYCLES,
  tag,
  varint,
} from './reader';

const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/** Results of the last `decode`. */
export let cycleCount: i32 = 0;
export let sampleCount: i32 = 0;

let cycleLimit: i32 = 0;
let times: usize = 0;
let lengths: usize = 0;
let samples: usize = 0;
/** where the next sample goes */
let out: usize = 0;

/**
 * Decodes frames that lie one after another at `input`, the end of each (from `input`) in the u32 table at `ends`.
 * Out: one f64 a cycle at `timesAt`, one u32 a cycle at `lengthsAt`, all samples as i16 at `samplesAt`; room for `maxCycles`
 * cycles, and for as many samples as there are bytes of input.
 * Returns 0, or a reason of reader.ts. Reads no byte past the input's end + 16.
 */
export function decode(
  dialect: i32,
  frameCount: i32,
  ends: usize,
  input: usize,
  timesAt: usize,
  lengthsAt: usize,
  samplesAt: usize,
  maxCycles: i32,
  checkBox: bool,
  boxId: i32,
): i32 {
  cycleCount = 0;
  cycleLimit = maxCycles;
  times = timesAt;
  lengths = lengthsAt;
  samples = samplesAt;
  out = samplesAt;
  let start = input;
  for (let i = 0; i < frameCount; i++) {
    const frameEnd = input + load<u32>(ends + ((<usize>i) << 2));
    open(start, frameEnd);
    if (dialect == 2) dataMessage(checkBox, boxId);
    else cycle(false, 0x08, 0x10, 0);
    if (problem != 0) return problem;
    start = frameEnd;
  }
  sampleCount = <i32>((out - samples) >> 1);
  return 0;
}

/** A DataMessage: 1 id, 3 cycles. */
function dataMessage(checkBox: bool, boxId: i32): void {
  let id: i32 = 0;
  let idSeen = false;
  while (pos < limit) {
    const next = tag();
    if (next == 0x1a) {
      const outer = limit;
      const inner = end();
      setLimit(inner);
      cycle(true, 0x10, 0x08, 1);
      setLimit(outer);
    } else if (next == 0x08) {
      id = <i32>varint();
      idSeen = true;
    } else skip(next, 0);
  }
  if (problem != 0) return;
  if (!idSeen) fail(FIELD_MISSING);
  else if (checkBox && id != boxId) fail(OTHER_BOX);
}

/**
 * One cycle up to `limit`. The samples have the tag `sampleTag` (packed: + 2), the time `timeTag`.
 * In dialect 2 the time is required and fields 3 to 5 are int32 that nobody reads.
 */
function cycle(dialect2: bool, sampleTag: u32, timeTag: u32, depth: i32): void {
  const first = out;
  let time: u64 = 0;
  let timeSeen = false;
  while (pos < limit) {
    const next = tag();
    if (next == sampleTag) {
      sample();
      run(sampleTag);
    } else if (next == timeTag) {
      time = varint();
      timeSeen = true;
    } else if (next == sampleTag + 2) packed();
    else if (dialect2 && (next == 0x18 || next == 0x20 || next == 0x28)) varint();
    else skip(next, depth);
  }
  if (problem != 0) return;
  if (dialect2 && !timeSeen) fail(FIELD_MISSING);
  else if (time > MAX_SAFE_INTEGER) fail(TIME_TOO_LARGE);
  else if (cycleCount >= cycleLimit) fail(TOO_MANY_CYCLES);
  else {
    store<f64>(times + ((<usize>cycleCount) << 3), <f64>time);
    store<u32>(lengths + ((<usize>cycleCount) << 2), <u32>((out - first) >> 1));
    cycleCount++;
  }
}

/**
 * The hot loop: samples, each after its one-byte tag, in the forms that an encoder gives an int16: one to three bytes, or ten when
 * negative. One look at four bytes (tag, b0, b1, b2) sees that bits 15 and up agree; the commonest forms come first.
 * Ends at the first thing that is not such a sample, or too near the end to be read eleven bytes at a time.
 */
function run(sampleTag: u32): void {
  const last = limit - 11;
  const negative = 0xfe808000 | sampleTag;
  const long = 0x00808000 | sampleTag;
  const middle = 0x00008000 | sampleTag;
  let at = pos;
  let to = out;
  while (at <= last) {
    const word = load<u32>(at);
    const form = word & 0xfe8080ff;
    if (form == negative) {
      // b2 is fe or ff, then six times ff, then 01: bits 15 and up are all 1
      if ((load<u64>(at, 3) | 1) != 0x01ff_ffff_ffff_ffff) break;
      store<i16>(to, <i16>(((word >> 8) & 0x7f) | ((word >> 9) & 0x3f80) | ((word >> 10) & 0x4000) | 0x8000));
      at += 11;
    } else if (form == long) {
      store<i16>(to, <i16>(((word >> 8) & 0x7f) | ((word >> 9) & 0x3f80) | ((word >> 10) & 0x4000)));
      at += 4;
    } else if ((word & 0x8080ff) == middle) {
      store<i16>(to, <i16>(((word >> 8) & 0x7f) | ((word >> 9) & 0x3f80)));
      at += 3;
    } else if ((word & 0x80ff) == sampleTag) {
      store<i16>(to, <i16>((word >> 8) & 0x7f));
      at += 2;
    } else break;
    to += 2;
  }
  moveTo(at);
  out = to;
}

/** A packed field of samples, up to its end. */
function packed(): void {
  const outer = limit;
  const inner = end();
  setLimit(inner);
  while (pos < inner) sample();
  setLimit(outer);
}

/** One sample of any length that is a varint. */
function sample(): void {
  if (pos < limit) {
    const first = load<u8>(pos);
    if (first < 0x80) {
      moveTo(pos + 1);
      put(first);
      return;
    }
  }
  const value = <i32>varint();
  if (value != <i32>(<i16>value)) fail(SAMPLE_TOO_LARGE);
  else put(value);
}

function put(value: i32): void {
  store<i16>(out, <i16>value);
  out += 2;
}
