/** Recordings of every format, to begin with. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { readComtrade, writeComtrade } from '../../formats/comtrade/index.js';
import { ASCII, configLines, records } from '../formats/comtrade/made.js';
import { chunk, formatChunk, riff } from '../formats/wav/made.js';
import { FILE_SEEDS, fileSeeds } from './file-seeds.js';

export const FORMAT_SEEDS = ['comtrade', 'cff', 'csv', 'wav', 'gzip', ...FILE_SEEDS] as const;
export type FormatSeeds = (typeof FORMAT_SEEDS)[number];

/** Made at each run, so that they follow the writers. */
export function formatSeeds(kind: FormatSeeds): Uint8Array[][] {
  switch (kind) {
    case 'pqdif':
    case 'pqds':
    case 'parquet':
    case 'ndjson':
      return fileSeeds(kind).map((file) => [file]);
    case 'comtrade':
      return [
        [Buffer.from(configLines().join('\r\n')), Buffer.from(ASCII)],
        [Buffer.from(configLines({ year: '', tail: [] }).join('\n')), Buffer.from(ASCII)],
        [Buffer.from(configLines({ rates: ['0,4'], tail: ['10'] }).join('\n')), Buffer.from(ASCII)],
        ...(['BINARY', 'BINARY32', 'FLOAT32'] as const).map((name) => [
          Buffer.from(
            configLines({ year: '2013', format: name, tail: ['1', '-5h30,-5h30', 'B,3'] }).join('\r\n'),
          ),
          records(
            name,
            Array.from({ length: 24 }, (_, i) => i),
          ),
        ]),
      ];
    case 'cff':
      return (['ASCII', 'BINARY', 'BINARY32', 'FLOAT32'] as const).map((name) => [written(name)]);
    case 'csv':
      return csvSeeds();
    case 'gzip':
      // Stored, so that a byte may change and only the checksum is wrong; packed; two members; more than is allowed.
      return [
        [gzipSync(Buffer.from('t,v\n0,1\n1,2\n'), { level: 0 })],
        [gzipSync(Buffer.from('t,v\n0,1\n1,2\n'.repeat(100)))],
        [Buffer.concat([gzipSync(Buffer.from('t,v\n')), gzipSync(Buffer.from('0,1\n'))])],
        [gzipSync(Buffer.alloc(100_000))],
      ];
    case 'wav':
      return [
        [
          riff(
            formatChunk(1, 16, 2),
            chunk('LIST', Buffer.from('INFOICMT\u0004\0\0\0abc\0')),
            chunk('data', Buffer.alloc(64, 5)),
          ),
        ],
        [
          riff(
            formatChunk(3, 32, 1, { extensible: true }),
            chunk('fact', Buffer.from([16, 0, 0, 0])),
            chunk('data', Buffer.alloc(64, 63)),
          ),
        ],
        [riff(formatChunk(1, 24, 1), chunk('data', Buffer.alloc(63), 0xffff_ffff))],
        [
          Buffer.concat([
            Buffer.from('RF64'),
            riff(
              chunk('ds64', Buffer.alloc(28, 1)),
              formatChunk(1, 8, 1),
              chunk('data', Buffer.alloc(9), 0xffff_ffff),
            ).subarray(4),
          ]),
        ],
      ];
  }
}

function csvSeeds(): Uint8Array[][] {
  const folder = join(PACKAGE_ROOT, 'test/formats/golden/csv');
  const golden = readdirSync(folder).filter((name) => name.endsWith('.csv'));
  return [
    ...golden.map((name) => [readFileSync(join(folder, name))]),
    [Buffer.from('time;v (kV)\r\n2024-01-02T03:04:05.000001Z;1,5\r\n2024-01-02T03:04:05.5Z;-2,5\r\n')],
    [Buffer.from('\ufefft_ms,v\n0,1\n1,2\n', 'utf16le')],
    [Buffer.from('v\n1\n2\n3\n')],
  ];
}

/** A recording of two channels and a digital one, as our writer lays it down. */
function written(name: 'ASCII' | 'BINARY' | 'BINARY32' | 'FLOAT32'): Uint8Array {
  const content = readComtrade({
    cfg: { file: 'a.cfg', bytes: Buffer.from(configLines({ year: '2013' }).join('\n')) },
    dat: { file: 'a.dat', bytes: Buffer.from(ASCII) },
  });
  const [recording] = content.recordings;
  const [file] = recording === undefined ? [] : writeComtrade(recording, { format: name, single: true });
  if (file === undefined) throw new Error('nothing was written');
  return file.bytes;
}
