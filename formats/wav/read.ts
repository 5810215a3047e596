/** WAV: PCM of 8, 16, 24 and 32 bits and float of 32 and 64, any number of channels, RIFF and RF64. */
import { isoMoment } from '../moment.js';
import { unreadable } from '../problems.js';
import type { AnalogChannel, FileContent, SampleArray, TimeBase } from '../recording.js';
import { Warnings } from '../warnings.js';
import { chunksOf } from './chunks.js';
import { FLOAT, formatOf, type WavFormat } from './format.js';
import { readNotes, type WavNotes } from './notes.js';

export interface WavOptions {
  /** volts of full scale (1.0); without it what the file says, and values without a unit where it says nothing */
  fullScaleV?: number;
}

/**
 * @param file its name, for messages
 * @throws MakaiError RECORDING_INVALID that names the byte
 */
export function readWav(bytes: Uint8Array, file: string, options: WavOptions = {}): FileContent {
  const place = { file };
  const warnings = new Warnings();
  const chunks = chunksOf(bytes, place, warnings);
  const [formats, data] = ['fmt ', 'data'].map((name) => chunks.find((chunk) => chunk.name === name));
  if (formats === undefined) throw unreadable(place, 'there is no format chunk in it');
  const format = formatOf(bytes, formats, place, warnings);
  if (data === undefined) throw unreadable(place, 'there is no sound data in it');
  const count = Math.floor((data.to - data.from) / format.block);
  if (count === 0) throw unreadable({ ...place, byte: data.from }, 'there is no sample in it');
  const rest = data.to - data.from - count * format.block;
  if (rest > 0) {
    const text = `its data are ${count} samples of ${format.block} bytes and ${rest} bytes more, which are not read`;
    warnings.add('rest', { ...place, byte: data.from }, text);
  }
  const fact = chunks.find(({ name }) => name === 'fact');
  if (fact !== undefined && fact.to - fact.from >= 4) checkFact(bytes, fact.from, count, file, warnings);
  const list = chunks
    .filter(({ name }) => name === 'LIST')
    .map(({ from, to }) => readNotes(bytes.subarray(from, to)));
  const notes: WavNotes = list.find(({ info }) => Object.keys(info).length > 0) ?? {
    info: {},
    channels: new Map(),
  };
  const time: TimeBase = { kind: 'rates', startS: 0, sections: [{ count, rateHz: format.rateHz }] };
  const body = bytes.subarray(data.from, data.from + count * format.block);
  return {
    format: 'wav',
    recordings: [
      {
        name: '',
        station: notes.info.INAM ?? '',
        device: notes.info.IART ?? '',
        start: isoMoment(notes.info.ICRD ?? ''),
        nominalFrequencyHz: undefined,
        analog: Array.from({ length: format.channels }, (_, i) =>
          channelOf(body, format, i, count, time, notes, options),
        ),
        digital: [],
        series: [],
        metadata: notes.info,
      },
    ],
    warnings: warnings.all,
  };
}

function checkFact(bytes: Uint8Array, at: number, count: number, file: string, warnings: Warnings): void {
  const announced = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
  if (announced === count || announced === 0xffff_ffff) return;
  const text = `the chunk fact announces ${announced} samples, there are ${count}: those that are there are read`;
  warnings.add('fact', { file, byte: at }, text);
}

function channelOf(
  body: Uint8Array,
  format: WavFormat,
  index: number,
  count: number,
  time: TimeBase,
  { channels }: WavNotes,
  { fullScaleV }: WavOptions,
): AnalogChannel {
  const note = channels.get(index);
  const { samples, scale, offset } = samplesOf(body, format, index, count);
  const factor = fullScaleV ?? note?.fullScale ?? 1;
  return {
    name: note?.name || `channel ${index + 1}`,
    phase: '',
    component: '',
    unit: fullScaleV === undefined ? (note?.unit ?? '') : 'V',
    samples,
    scale: scale * factor,
    offset: offset * factor,
    time,
    skewS: 0,
  };
}

function samplesOf(
  body: Uint8Array,
  { code, bits, block }: WavFormat,
  index: number,
  count: number,
): { samples: SampleArray; scale: number; offset: number } {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const from = (index * bits) / 8;
  const fill = <T extends SampleArray>(samples: T, get: (at: number) => number): T => {
    for (let i = 0, at = from; i < count; i += 1, at += block) samples[i] = get(at);
    return samples;
  };
  if (code === FLOAT) {
    const samples =
      bits === 32
        ? fill(new Float32Array(count), (at) => view.getFloat32(at, true))
        : fill(new Float64Array(count), (at) => view.getFloat64(at, true));
    for (let i = 0; i < count; i += 1) if (!Number.isFinite(samples[i])) samples[i] = Number.NaN;
    return { samples, scale: 1, offset: 0 };
  }
  switch (bits) {
    case 8:
      // 8 bits are unsigned, all others signed
      return { samples: fill(new Int16Array(count), (at) => view.getUint8(at)), scale: 2 ** -7, offset: -1 };
    case 16:
      return {
        samples: fill(new Int16Array(count), (at) => view.getInt16(at, true)),
        scale: 2 ** -15,
        offset: 0,
      };
    case 24: {
      const read = (at: number): number => view.getUint16(at, true) + view.getInt8(at + 2) * 65_536;
      return { samples: fill(new Int32Array(count), read), scale: 2 ** -23, offset: 0 };
    }
    default:
      return {
        samples: fill(new Int32Array(count), (at) => view.getInt32(at, true)),
        scale: 2 ** -31,
        offset: 0,
      };
  }
}
