/** COMTRADE recordings made by the standard's layout, in which each field can be falsified. */
import type { ComtradeParts } from '../../../formats/comtrade/index.js';

export interface Made {
  /** '' for 1991, which has no year */
  year?: string;
  counts?: string;
  channels?: string[];
  digital?: string[];
  frequency?: string;
  rateCount?: string;
  rates?: string[];
  start?: string;
  trigger?: string;
  format?: string;
  /** lines after the format */
  tail?: string[];
  data?: string | Uint8Array;
}

export const VA = '1,VA,A,line,kV,0.001,0.5,0,-32767,32767,14400,120,P';
export const IA = '2,IA,A,line,A,2,0,0,-32767,32767,1,1,S';

/** Lines of a CFG of two analog channels and one digital. */
export function configLines(made: Made = {}): string[] {
  const { year = '1999', rates = ['4800,4'] } = made;
  return [
    year === '' ? 'station,device' : `station,device,${year}`,
    made.counts ?? '3,2A,1D',
    ...(made.channels ?? [VA, IA]),
    ...(made.digital ?? [year === '' ? '1,trip,0' : '1,trip,,,0']),
    made.frequency ?? '60',
    made.rateCount ?? String(rates.filter((line) => !line.startsWith('0,')).length),
    ...rates,
    made.start ?? '01/02/2024,00:00:00.000000',
    made.trigger ?? '01/02/2024,00:00:00.000100',
    made.format ?? 'ASCII',
    ...(made.tail ?? ['1']),
  ];
}

/** Raw numbers of VA; (0.001 x + 0.5) kV. */
export const RAW = [100, -200, 300, 0];
export const VOLTS = [600, 300, 800, 500];

export const ASCII = '1,0,100,7,0\r\n2,208,-200,7,0\r\n3,417,300,7,1\r\n4,625,0,7,0\r\n\u001a';

/** Records of number, time, VA, IA (7) and one digital word, of which the third has trip. */
export function records(format: 'BINARY' | 'BINARY32' | 'FLOAT32', raw: readonly number[] = RAW): Buffer {
  const width = format === 'BINARY' ? 2 : 4;
  return Buffer.concat(
    raw.map((x, i) => {
      const buffer = Buffer.alloc(8 + 2 * width + 2);
      buffer.writeUInt32LE(i + 1, 0);
      buffer.writeUInt32LE(Math.round((i * 1e6) / 4800), 4);
      for (const [k, value] of [x, 7].entries()) {
        const at = 8 + k * width;
        if (format === 'BINARY') buffer.writeInt16LE(value, at);
        else if (format === 'BINARY32') buffer.writeInt32LE(value, at);
        else buffer.writeFloatLE(value, at);
      }
      buffer.writeUInt16LE(i === 2 ? 1 : 0, 8 + 2 * width);
      return buffer;
    }),
  );
}

export function parts(made: Made = {}, end = '\r\n'): ComtradeParts {
  const { data = ASCII } = made;
  return {
    cfg: { file: 'made.cfg', bytes: Buffer.from(configLines(made).join(end)) },
    dat: { file: 'made.dat', bytes: typeof data === 'string' ? Buffer.from(data) : data },
  };
}
