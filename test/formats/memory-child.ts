/** Reads one large input in a process of its own and prints what it took: `node memory-child.js CASE`. */
import { codeOf } from '../../common/errors.js';
import { readCff, readComtrade } from '../../formats/comtrade/index.js';
import { readCsv } from '../../formats/csv/index.js';
import { readWav } from '../../formats/wav/index.js';
import { peakMemory } from '../support/peak-memory.js';
import { IA, type Made, parts, VA } from './comtrade/made.js';
import { chunk, formatChunk, riff } from './wav/made.js';

export const BYTES = 8_000_000;

const lines = (row: string): Buffer => Buffer.from(row.repeat(Math.floor(BYTES / row.length)));
const comtrade = (made: Made) => () => void readComtrade(parts(made));
const oneChannel: Made = { counts: '1,1A,0D', channels: [VA], digital: [], rates: ['4800,4'] };

/** Inputs whose bytes ask for as much as they can. */
export const CASES: Readonly<Record<string, () => () => void>> = {
  'COMTRADE ASCII, shortest rows': () => comtrade({ ...oneChannel, data: lines(',,5\n') }),
  'COMTRADE ASCII, blank lines': () => comtrade({ ...oneChannel, data: lines('\n') }),
  'COMTRADE ASCII, digital states': () => {
    const digital = Array.from({ length: 1000 }, (_, i) => `${i + 1},d`);
    return comtrade({
      counts: '1002,2A,1000D',
      channels: [VA, IA],
      digital,
      data: lines(`1,,1,1${',1'.repeat(1000)}\n`),
    });
  },
  'COMTRADE binary, digital words': () => {
    const digital = Array.from({ length: 64 }, (_, i) => `${i + 1},d`);
    return comtrade({
      counts: '64,0A,64D',
      channels: [],
      digital,
      format: 'BINARY',
      rates: [`4800,${BYTES / 16}`],
      data: Buffer.alloc(BYTES),
    });
  },
  'COMTRADE, a CFG of channels': () => {
    const count = Math.floor(BYTES / 12);
    return comtrade({
      counts: `${count},0A,${count}D`,
      channels: [],
      digital: Array.from({ length: count }, (_, i) => `${i + 1},d`),
      data: '1,1\n',
    });
  },
  'CFF of headers': () => {
    const bytes = lines('--- file type: HDR ---\n');
    return () => void readCff(bytes, 'a.cff');
  },
  'CSV, one column': () => {
    const bytes = lines('1\n');
    return () => void readCsv(bytes, 'a.csv', { sampleRate: 1 });
  },
  'CSV, two columns': () => {
    const bytes = Buffer.from(Array.from({ length: BYTES / 8 }, (_, i) => `${i},1`).join('\n'));
    return () => void readCsv(bytes, 'a.csv');
  },
  'CSV, a line without an end': () => {
    const bytes = lines('1,');
    return () => void readCsv(bytes, 'a.csv');
  },
  'CSV, quotes': () => {
    const bytes = lines('"1";"2"\n');
    return () => void readCsv(bytes, 'a.csv', { sampleRate: 1 });
  },
  'CSV, blanks': () => {
    const bytes = lines(' ');
    return () => void readCsv(bytes, 'a.csv');
  },
  'WAV, chunks of nothing': () => {
    const bytes = riff(Buffer.alloc(BYTES));
    return () => void readWav(bytes, 'a.wav');
  },
  'WAV, 8 bits': () => {
    const bytes = riff(formatChunk(1, 8, 1), chunk('data', Buffer.alloc(BYTES)));
    return () => void readWav(bytes, 'a.wav');
  },
};

const prepare = CASES[process.argv[2] ?? ''];
if (prepare !== undefined) {
  const read = prepare();
  const before = process.memoryUsage().rss;
  const startedAt = process.cpuUsage();
  let outcome = 'read';
  try {
    read();
  } catch (error) {
    outcome = codeOf(error) ?? String(error);
  }
  const { user, system } = process.cpuUsage(startedAt);
  const peak = peakMemory();
  process.stdout.write(JSON.stringify({ outcome, grown: peak - before, seconds: (user + system) / 1e6 }));
}
