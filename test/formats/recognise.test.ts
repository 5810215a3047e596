/** A file is known by its content; what is none of the formats is refused, and says what it is instead. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { unpack } from '../../formats/gzip.js';
import { readRecording, voltageOf } from '../../formats/index.js';
import { recognise } from '../../formats/recognise.js';
import { configLines, records, VOLTS } from './comtrade/made.js';
import { near, refused } from './support.js';
import { chunk, formatChunk, riff } from './wav/made.js';

const CSV = 't_s,v\n0,1\n0.5,2\n';
const WAV = riff(formatChunk(1, 16, 1), chunk('data', Buffer.alloc(8)));
const CFG = configLines().join('\r\n');

describe('recognising files', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'recognise-'));
  });
  after(() => rmSync(folder, { recursive: true }));
  const file = (name: string, content: string | Uint8Array): string => {
    const place = path.join(folder, name);
    writeFileSync(place, content);
    return place;
  };

  for (const [what, bytes, kind] of [
    ['COMTRADE CFG', Buffer.from(CFG), 'comtrade-cfg'],
    ['COMTRADE CFG in UTF-16', Buffer.from(`\ufeff${CFG}`, 'utf16le'), 'comtrade-cfg'],
    ['COMTRADE CFF', Buffer.from(`--- file type: CFG ---\r\n${CFG}`), 'cff'],
    ['CSV', Buffer.from(CSV), 'csv'],
    ['WAV', WAV, 'wav'],
    ['PQDIF', Buffer.from('4014114a9fe4cf119900505144494600', 'hex'), 'pqdif'],
    ['Parquet', Buffer.from('PAR1....'), 'parquet'],
    ['NDJSON', Buffer.from('{"a":1}\n{"a":2}\n'), 'ndjson'],
    ['a scenario', Buffer.from('{\n  "name": "x"\n}\n'), 'json'],
  ] as const) {
    it(what, () => assert.deepEqual(recognise(bytes), { kind }));
  }

  it('reads it whatever its name is', () => {
    near(voltageOf(readRecording(file('a.wav', CSV)), 'x').values, [1, 2]);
    near(voltageOf(readRecording(file('b.csv', WAV)), 'x').values, [0, 0, 0, 0]);
    file('c.dat', records('BINARY'));
    near(
      voltageOf(readRecording(file('c.txt', configLines({ format: 'BINARY' }).join('\n'))), 'x').values,
      VOLTS,
    );
  });

  it('gzip is unpacked, within bounds; a damaged one is refused', () => {
    near(voltageOf(readRecording(file('a.csv.gz', gzipSync(CSV))), 'x').values, [1, 2]);
    refused(
      () => readRecording(file('b.gz', gzipSync(CSV).subarray(0, 20))),
      /b\.gz: it is compressed with gzip, and damaged/,
    );
    const bomb = gzipSync(Buffer.alloc(1_000_000));
    refused(() => unpack(bomb, 'bomb.gz', 100_000), /bomb\.gz: it unpacks to more than 100000 bytes/);
  });

  for (const [what, bytes, word] of [
    ['a ZIP archive', Buffer.from('PK\u0003\u0004rest'), /looks like a ZIP archive/],
    ['a PDF', Buffer.from('%PDF-1.7'), /looks like a PDF/],
    ['a program', Buffer.from('7f454c46', 'hex'), /looks like a program/],
    ['RIFX', Buffer.from('RIFX....WAVE'), /looks like a WAV file in big endian/],
    ['nothing', Buffer.alloc(0), /looks like/],
    [
      'bytes at random',
      Buffer.from(Array.from({ length: 500 }, (_, i) => (i * 7919 + 13) % 256)),
      /looks like binary/,
    ],
  ] as const) {
    it(`refuses ${what}`, () => refused(() => readRecording(file('x.csv', bytes)), word));
  }
});
