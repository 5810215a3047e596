/** Waveform frames → int16 samples: one second of one box, in both dialects. */
import { decodeCycles2, decodeCycles3, encodeCycles2, encodeCycles3 } from '../proto/index.js';
import type { Waveform } from '../proto/messages.js';
import { wireCodec } from '../proto/schema.js';
import { type Comparison, compare, nsEach } from './compare.js';

const CYCLES = 60;
const PER_CYCLE = 200;
const PER_FRAME = 10;
const REPLIES = 30;
const BOX = 1001;

interface Cycle2 {
  time: number;
  data: number[];
}

/** ns per cycle of protobufjs, and of WebAssembly including its copies. */
export async function compareWaveforms(rounds: number): Promise<Comparison[]> {
  const wave = lineVoltage();
  const frames2 = Array.from({ length: CYCLES / PER_FRAME }, (_, i) =>
    Buffer.from(encodeCycles2(BOX, part(wave, i * PER_FRAME, PER_FRAME))),
  );
  const frames3 = encodeCycles3(wave).map((frame) => Buffer.from(frame));
  const eachCycle = (decode: () => void) => (): number => nsEach(REPLIES, decode) / CYCLES;
  const common = { unit: 'ns per cycle of 200 samples', better: 'lower', baseline: 'protobufjs' } as const;
  const goals = [{ contender: 'WebAssembly', ratio: 6 }];
  return [
    await compare(
      {
        title: 'Box 2: DataMessages of 10 cycles → int16',
        ...common,
        goals,
        contenders: [
          { name: 'protobufjs', once: eachCycle(() => protobufjs2(frames2)) },
          { name: 'WebAssembly', once: eachCycle(() => decodeCycles2(frames2, BOX)) },
        ],
      },
      rounds,
    ),
    await compare(
      {
        title: 'Box 3: one Cycle a frame → int16',
        ...common,
        goals,
        contenders: [
          { name: 'protobufjs', once: eachCycle(() => protobufjs3(frames3)) },
          { name: 'WebAssembly', once: eachCycle(() => decodeCycles3(frames3)) },
        ],
      },
      rounds,
    ),
  ];
}

/** 120 V at 147 counts per volt with a third harmonic and noise: every length of varint, half of them ten bytes. */
function lineVoltage(): Waveform {
  let seed = 1;
  const noise = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return (seed / 2_147_483_647 - 0.5) * 40;
  };
  const peak = 120 * Math.SQRT2 * 147;
  const samples = Int16Array.from({ length: CYCLES * PER_CYCLE }, (_, i) => {
    const angle = (2 * Math.PI * i) / PER_CYCLE;
    return peak * (Math.sin(angle) + 0.02 * Math.sin(3 * angle)) + noise();
  });
  return {
    timesMs: Array.from({ length: CYCLES }, (_, i) => 1_795_315_177_795 + Math.round((i * 1000) / 60)),
    cycleLengths: new Array<number>(CYCLES).fill(PER_CYCLE),
    samples,
  };
}

function part({ timesMs, cycleLengths, samples }: Waveform, from: number, count: number): Waveform {
  return {
    timesMs: timesMs.slice(from, from + count),
    cycleLengths: cycleLengths.slice(from, from + count),
    samples: samples.subarray(from * PER_CYCLE, (from + count) * PER_CYCLE),
  };
}

const dataMessage = wireCodec<{ id: number; cycles: Cycle2[] }>('opq.proto.DataMessage');
const cycle3 = wireCodec<{ datapoints: number[]; timestampMs: number }>('opq.opqbox3.Cycle');

function protobufjs2(frames: readonly Uint8Array[]): Waveform {
  return waveform(frames.flatMap((frame) => dataMessage.decode(frame).cycles));
}

function protobufjs3(frames: readonly Uint8Array[]): Waveform {
  return waveform(
    frames.map((frame) => {
      const { datapoints, timestampMs } = cycle3.decode(frame);
      return { time: timestampMs, data: datapoints };
    }),
  );
}

function waveform(cycles: readonly Cycle2[]): Waveform {
  const samples = new Int16Array(cycles.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data } of cycles) {
    samples.set(data, at);
    at += data.length;
  }
  return {
    timesMs: cycles.map(({ time }) => time),
    cycleLengths: cycles.map(({ data }) => data.length),
    samples,
  };
}
