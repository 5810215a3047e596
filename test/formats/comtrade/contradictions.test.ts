/** Two statements of a recording that contradict each other are never read in silence: each redundant field, falsified. */
import assert from 'node:assert/strict';
import { readCff, readComtrade } from '../../../formats/comtrade/index.js';
import { placeText } from '../../../formats/problems.js';
import { refused, warns } from '../support.js';
import { ASCII, configLines, IA, type Made, parts, records, VA } from './made.js';

const read = (made: Made) => readComtrade(parts(made));
const row = (number: number, text: string) =>
  ASCII.split('\r\n')
    .toSpliced(number - 1, 1, text)
    .join('\r\n');

/** 40 records, so that numbers are found out by their sequence. */
const LONG = Array.from({ length: 40 }, (_, i) => 100 + i);
const long = records('BINARY', LONG);

describe('COMTRADE, contradictions', () => {
  for (const [what, made, ...words] of [
    [
      'all channels against analog and digital',
      { counts: '4,2A,1D' },
      /4 channels in all, but 2 analog and 1 digital/,
    ],
    [
      'the number of an analog channel',
      { channels: [VA.replace('1,', '7,'), IA] },
      /analog channel 1 is numbered 7/,
    ],
    ['the number of a digital channel', { digital: ['3,trip,,,0'] }, /digital channel 1 is numbered 3/],
    ['the last sample against the rows', { rates: ['4800,960'] }, /has 4 samples, the CFG announces 960/],
    ['fewer announced than there are', { rates: ['4800,3'] }, /has 4 samples, the CFG announces 3/],
    ['a sample number', { data: row(3, '7,417,300,7,1') }, /sample number 7 where 3 belongs/],
    [
      'a timestamp',
      { data: row(2, '2,900,-200,7,0') },
      /sample 2 has the timestamp 900, at 4800 Hz it has 208\.333/,
    ],
    [
      'the rate against the timestamps',
      { rates: ['48000,4'] },
      /span 0\.000625 s, at 48000 Hz they span 0\.0000625 s/,
    ],
    ['the multiplier against the rate', { tail: ['1000'] }, /span 0\.625 s, at 4800 Hz/],
    [
      'a value beyond its range',
      { data: row(1, '1,0,40000,7,0') },
      /sample 1 of channel VA is 40000, the CFG's range is -32767 to 32767/,
    ],
    [
      'a range the wrong way round',
      { channels: [VA.replace('-32767,32767', '5,-5'), IA] },
      /smallest value of 5 and a largest of -5/,
    ],
    [
      'a row without its digital channels',
      { data: row(1, '1,0,100,7') },
      /a row of 4 fields, the CFG says 5/,
    ],
    ['a digital state', { data: row(1, '1,0,100,7,2') }, /2 where digital channel 1 has 0 or 1/],
    [
      'a trigger long after the end',
      { trigger: '01/02/2024,00:10:00.000000' },
      /the trigger is 600 s after the first sample, the recording is 0\.000833333 s long/,
    ],
    [
      'a binary DAT that is cut off',
      { format: 'BINARY', data: records('BINARY').subarray(0, 50) },
      /50 bytes are 3 records of 14 bytes and 8 more/,
      /has 3 samples, the CFG announces 4/,
    ],
    [
      'records lost within a binary DAT',
      {
        format: 'BINARY',
        rates: ['4800,38'],
        data: Buffer.concat([long.subarray(0, 140), long.subarray(168)]),
      },
      /sample number 13 where 11 belongs/,
      /span 0\.008125 s/,
    ],
    [
      'sample numbers that begin elsewhere',
      { format: 'BINARY', rates: ['4800,36'], data: long.subarray(56) },
      /sample numbers begin with 5 where 1 belongs/,
    ],
    ['a year that is no revision', { year: '2001' }, /there is no revision 2001: read as 1999/],
  ] as [string, Made, ...RegExp[]][]) {
    it(`reads with a warning that names both: ${what}`, () => {
      const content = read(made);
      warns(content, ...words);
      for (const warning of content.warnings) assert.match(placeText(warning), /^made\.(cfg|dat)/);
    });
  }

  for (const [what, made, ...words] of [
    ['an analog channel too many announced', { counts: '4,3A,1D' }, /made\.cfg, line 5: /],
    [
      'an analog channel too few',
      { counts: '2,1A,1D' },
      /made\.cfg, line 4: expected digital channel 1, found "2,IA/,
    ],
    [
      'a digital channel too many',
      { counts: '4,2A,2D' },
      /made\.cfg, line 6: expected digital channel 2, found "60"/,
    ],
    [
      'a digital channel too few',
      { counts: '2,2A,0D' },
      /made\.cfg, line 5: expected the line frequency.*found "1,trip/,
    ],
    ['a rate too many announced', { rateCount: '2' }, /made\.cfg, line 9: /],
    [
      'a rate too few',
      { rates: ['4800,2', '600,4'], rateCount: '1' },
      /made\.cfg, line 11: data format .* is not one of/,
    ],
    ['rates whose last samples fall', { rates: ['4800,3', '600,2'] }, /a last sample of 2 does not follow 3/],
    ['BINARY where the data are ASCII', { format: 'BINARY' }, /made\.dat, byte \d+: /],
    ['ASCII where the data are binary', { data: records('BINARY') }, /made\.dat, line 1: expected/],
    [
      'a status word that the CFG does not have',
      { format: 'BINARY', counts: '2,2A,0D', digital: [], data: long, rates: ['4800,40'] },
      /made\.dat, byte 12: sample number \d+ where 2 belongs.*12 bytes.*560 bytes long; they fit records of 14 bytes/,
    ],
    [
      'BINARY32 where records are of BINARY',
      { year: '2013', format: 'BINARY32', data: long, rates: ['4800,40'] },
      /they fit records of 14 bytes/,
    ],
    [
      'a row with a field more',
      { data: row(1, '1,0,100,7,0,3') },
      /made\.dat, line 1: a row of 6 fields, the CFG says 5/,
    ],
    ['numbers that fit no record', { format: 'BINARY', data: Buffer.alloc(1400, 7) }, /records? .*14 bytes/],
    [
      'times that fall, without a rate',
      { rates: ['0,4'], data: ASCII.replace('208', '0') },
      /the timestamp of sample 2 \(0\) does not rise above the one before \(0\)/,
    ],
    [
      'no times at all',
      { rates: ['0,4'], data: ASCII.replace(/^(\d),\d+/gm, '$1,') },
      /no sampling rate, and sample 1 has no timestamp/,
    ],
  ] as [string, Made, ...RegExp[]][]) {
    it(`refuses: ${what}`, () => refused(() => read(made), ...words));
  }

  it("a CFF's own statements: its data format, its length", () => {
    const cff = (header: string, data: Uint8Array) =>
      Buffer.concat([
        Buffer.from(
          `--- file type: CFG ---\r\n${configLines({ year: '2013', format: 'BINARY' }).join('\r\n')}\r\n--- file type: ${header} ---\r\n`,
        ),
        data,
      ]);
    const data = records('BINARY');
    refused(
      () => readCff(cff('DAT ASCII', data), 'a.cff'),
      /its CFG section says BINARY, the header of the DAT section ASCII/,
    );
    warns(readCff(cff('DAT BINARY: 60', data), 'a.cff'), /announces 60 bytes, 56 follow/);
    warns(
      readCff(cff('DAT BINARY: 42', data), 'a.cff'),
      /announces 42 bytes, 56 follow/,
      /has 3 samples, the CFG announces 4/,
    );
    refused(() => readCff(Buffer.from('--- file type: CFG ---\r\n'), 'a.cff'), /no DAT section/);
  });
});
