/** Files that contradict themselves, are cut off, or were made to do harm. */
import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import { MakaiError } from '../../../common/errors.js';
import { momentFromMs } from '../../../formats/moment.js';
import { adler32 } from '../../../formats/pqdif/adler32.js';
import { readPqdif, writePqdif } from '../../../formats/pqdif/index.js';
import { guidBytes } from '../../../formats/pqdif/physical.js';
import { TAGS, type TagName } from '../../../formats/pqdif/tags.js';
import type { FileContent, Recording, TimeBase } from '../../../formats/recording.js';

const TIME: TimeBase = { kind: 'rates', startS: 0, sections: [{ count: 400, rateHz: 12_000 }] };
const RECORDING: Recording = {
  name: 'event 7',
  station: 'oahu',
  device: 'box 1001',
  start: momentFromMs(1_509_577_000_000),
  nominalFrequencyHz: 60,
  analog: [1, 2].map((n) => ({
    name: `U${n}`,
    phase: 'AN',
    component: 'oahu',
    unit: 'V',
    samples: Int16Array.from({ length: 400 }, (_, i) => 100 * n + i),
    scale: 0.0068,
    offset: 1,
    time: TIME,
    skewS: 0,
  })),
  digital: [],
  series: [],
  metadata: {},
};

const plain = (): Buffer =>
  Buffer.from(writePqdif([RECORDING], { created: momentFromMs(0), fileName: 'x.pqd', compress: false }));

/** Where the entry of a tag stands: the nth. */
function entryOf(bytes: Buffer, tag: TagName, nth = 0): number {
  const id = guidBytes(TAGS[tag]);
  let at = -1;
  for (let i = 0; i <= nth; i += 1) at = bytes.indexOf(id, at + 1);
  assert.ok(at >= 0, `${tag} is not there`);
  return at;
}

/** Starts of the records. */
function recordsOf(bytes: Buffer): number[] {
  const starts = [0];
  for (let at = bytes.readInt32LE(40); at !== 0; at = bytes.readInt32LE(at + 40)) starts.push(at);
  return starts;
}

/** Checksums as they must be after a change. */
function summed(bytes: Buffer): Buffer {
  for (const at of recordsOf(bytes)) {
    const size = bytes.readInt32LE(at + 36);
    bytes.writeUInt32LE(adler32(bytes.subarray(at + 64, at + 64 + size)), at + 44);
  }
  return bytes;
}

function read(bytes: Buffer): FileContent {
  return readPqdif(bytes, 'x.pqd');
}

function refusal(bytes: Buffer): MakaiError {
  try {
    read(bytes);
  } catch (error) {
    assert.ok(error instanceof MakaiError, String(error));
    assert.equal(error.code, 'RECORDING_INVALID');
    assert.match(error.message, /^x\.pqd/);
    return error;
  }
  return assert.fail('it was read');
}

/** What is changed, and what the reader must say: an error with its place, or a warning that names both numbers. */
const FALSIFIED: { what: string; change: (bytes: Buffer) => void; refused?: RegExp; warned?: RegExp }[] = [
  { what: 'the signature', change: (b) => b.writeUInt8(0, 0), refused: /byte 0: .*signature/ },
  {
    what: 'the first record is no container',
    change: (b) => b.set(guidBytes(TAGS.tagRecObservation), 16),
    refused: /container/,
  },
  { what: 'a header shorter than it is', change: (b) => b.writeInt32LE(20, 32), refused: /20 and/ },
  { what: 'a negative header', change: (b) => b.writeInt32LE(-64, 32), refused: /-64 and/ },
  {
    what: 'a body past the file',
    change: (b) => b.writeInt32LE(2 ** 31 - 1, 36),
    refused: /2147483647 bytes does not fit/,
  },
  { what: 'a negative body', change: (b) => b.writeInt32LE(-1, 36), refused: /-1 bytes does not fit/ },
  {
    what: 'a next record past the file',
    change: (b) => b.writeInt32LE(b.length, 40),
    refused: /said to be at \d+, and the file has/,
  },
  {
    what: 'a next record before the file',
    change: (b) => b.writeInt32LE(-8, 40),
    refused: /said to be at -8/,
  },
  {
    what: 'records in a circle',
    change: (b) => b.writeInt32LE(recordsOf(b)[1] ?? 0, (recordsOf(b)[2] ?? 0) + 40),
    refused: /circle/,
  },
  {
    what: 'a checksum',
    change: (b) => b.writeUInt32LE(77, 44),
    warned: /checksum is 77, that of the bytes \d+/,
  },
  {
    what: 'the end of the records before the end of the file',
    change: (b) => b.writeInt32LE(0, (recordsOf(b)[3] ?? 0) + 40),
  },
  {
    what: 'more elements than fit',
    change: (b) => b.writeInt32LE(1_000_000, entryBody(b, 3)),
    refused: /1000000 elements does not fit/,
  },
  {
    what: 'a negative number of elements',
    change: (b) => b.writeInt32LE(-5, entryBody(b, 3)),
    refused: /-5 elements/,
  },
  {
    what: 'a collection in itself',
    change: (b) => b.writeInt32LE(0, entryOf(b, 'tagChannelInstances') + 20),
    refused: /deep|overlap/,
  },
  {
    what: 'a link outside the body',
    change: (b) => b.writeInt32LE(1 << 30, entryOf(b, 'tagSeriesValues') + 20),
    refused: /outside the body/,
  },
  {
    what: 'a negative link',
    change: (b) => b.writeInt32LE(-4, entryOf(b, 'tagSeriesValues') + 20),
    refused: /at -4 would lie outside/,
  },
  {
    what: 'a size that is not that of the values',
    change: (b) => b.writeInt32LE(8, entryOf(b, 'tagSeriesValues') + 24),
    warned: /said to have 8 bytes, its values have 28/,
  },
  {
    what: 'more values than there are bytes',
    change: (b) => b.writeInt32LE(2 ** 30, vectorOf(b, 1)),
    refused: /1073741824 values/,
  },
  {
    what: 'fewer values than times',
    change: (b) => b.writeInt32LE(300, vectorOf(b, 1)),
    warned: /300 values and 400 times; the first 300/,
  },
  {
    what: 'fewer times than values',
    change: (b) => b.writeDoubleLE(299, vectorOf(b, 0) + 4 + 8),
    warned: /400 values and 299 times; the first 299/,
  },
  {
    what: 'times without end',
    change: (b) => b.writeDoubleLE(1e300, vectorOf(b, 0) + 4 + 8),
    refused: /section 1 has 1e\+300 values/,
  },
  {
    what: 'more sections than there are',
    change: (b) => b.writeDoubleLE(2, vectorOf(b, 0) + 4),
    refused: /2 sections in 3 values/,
  },
  ...[0, -1, 1e-300, Number.NaN, Number.POSITIVE_INFINITY, 1e12].map((step) => ({
    what: `a step of ${step} s`,
    change: (b: Buffer) => void b.writeDoubleLE(step, vectorOf(b, 0) + 4 + 16),
    refused: /times rise by|increments: value 2/,
  })),
  {
    what: 'a scale that is no number',
    change: (b) => b.writeDoubleLE(Number.NaN, entryOf(b, 'tagSeriesScale') + 20),
    refused: /tagSeriesScale: a finite number is needed, found NaN/,
  },
  {
    what: 'a channel without definition',
    change: (b) => b.writeUInt32LE(9, entryOf(b, 'tagChannelDefnIdx', 2) + 20),
    refused: /definition is number 9, and the data source has 2/,
  },
  {
    what: 'values shared with a channel that is not there',
    change: (b) => b.writeUInt32LE(9, entryOf(b, 'tagSeriesShareChannelIdx') + 20),
    refused: /series 0 of channel 9/,
  },
  {
    what: 'values shared in a circle',
    change: (b) => b.writeUInt32LE(1, entryOf(b, 'tagSeriesShareChannelIdx') + 20),
    refused: /shares series 0 of channel 1/,
  },
  {
    what: 'a storage method that is none',
    change: (b) => b.writeUInt32LE(5, entryOf(b, 'tagStorageMethodID') + 20),
    refused: /storage method 5/,
  },
  {
    what: 'values that are said not to be scaled',
    change: (b) => b.writeUInt32LE(1, entryOf(b, 'tagStorageMethodID', 1) + 20),
    warned: /scale 0.0068 and offset 1 stand at values that are said not to be scaled/,
  },
  {
    what: 'a unit that is none',
    change: (b) => b.writeUInt32LE(99, entryOf(b, 'tagQuantityUnitsID', 1) + 20),
    warned: /unit 99/,
  },
  {
    what: 'times in volts',
    change: (b) => b.writeUInt32LE(6, entryOf(b, 'tagQuantityUnitsID') + 20),
    warned: /left out: its times have unit 6/,
  },
  {
    what: 'a phase that is none',
    change: (b) => b.writeUInt32LE(77, entryOf(b, 'tagPhaseID') + 20),
    warned: /phase 77/,
  },
  ...[-60, 1e9, 1e-9, 0].map((hz) => ({
    what: `a nominal frequency of ${hz} Hz`,
    change: (b: Buffer) => void b.writeDoubleLE(hz, entryOf(b, 'tagNominalFrequency') + 20),
    ...(hz === 0 || hz === 1e-9 ? {} : { warned: new RegExp(`nominal frequency ${hz} Hz`) }),
  })),
  {
    what: 'a start that is no time',
    change: (b) =>
      b.writeUInt32LE(0xffffffff, b.readInt32LE(entryOf(b, 'tagTimeStart') + 20) + entryBody(b, 3)),
    warned: /day 4294967295/,
  },
  {
    what: 'a tag of another kind',
    change: (b) => b.writeUInt8(2, entryOf(b, 'tagChannelInstances') + 16),
    refused: /physical type 0|not a collection/,
  },
  {
    what: 'a compression that is not read',
    change: (b) => b.writeUInt32LE(1, entryOf(b, 'tagCompressionStyleID') + 20),
  },
  {
    what: 'compressed, it says, and is not',
    change: (b) => {
      b.writeUInt32LE(2, entryOf(b, 'tagCompressionStyleID') + 20);
      b.writeUInt32LE(1, entryOf(b, 'tagCompressionAlgorithmID') + 20);
    },
    refused: /compressed body cannot be read/,
  },
];

/** Where the body of a record begins. */
function entryBody(bytes: Buffer, record: number): number {
  return (recordsOf(bytes)[record] ?? 0) + 64;
}

/** Where the nth vector of values (its count) stands in the file. */
function vectorOf(bytes: Buffer, nth: number): number {
  return entryBody(bytes, 3) + bytes.readInt32LE(entryOf(bytes, 'tagSeriesValues', nth) + 20);
}

describe('PQDIF: contradictions and damage', () => {
  for (const { what, change, refused, warned } of FALSIFIED) {
    it(what, () => {
      const bytes = plain();
      change(bytes);
      if (!what.includes('checksum') && !/header|body|record|signature|circle/.test(what)) summed(bytes);
      if (refused !== undefined) assert.match(refusal(bytes).message, refused);
      else {
        const { warnings } = read(bytes);
        if (warned !== undefined) assert.match(warnings.map(({ text }) => text).join('\n'), warned);
      }
    });
  }

  it('cut off anywhere is refused with file and byte, or was whole', () => {
    const bytes = plain();
    for (let length = 0; length < bytes.length; length += 7) {
      assert.match(refusal(bytes.subarray(0, length)).message, /x\.pqd, byte \d+/);
    }
  });

  it('bytes after the last record are named', () => {
    const { warnings } = read(Buffer.concat([plain(), Buffer.alloc(9)]));
    assert.match(warnings[0]?.text ?? '', /the last record ends at \d+, the file at \d+/);
  });

  it('a body that unfolds to a thousand times its size is refused before it does', () => {
    const bytes = Buffer.from(writePqdif([RECORDING], { created: momentFromMs(0) }));
    const second = recordsOf(bytes)[1] ?? 0;
    const bomb = deflateSync(Buffer.alloc(50_000_000));
    const head = Buffer.from(bytes.subarray(second, second + 64));
    head.writeInt32LE(bomb.length, 36);
    head.writeInt32LE(0, 40);
    head.writeUInt32LE(0, 44);
    const before = process.memoryUsage().rss;
    const error = refusal(Buffer.concat([bytes.subarray(0, second), head, bomb]));
    assert.match(error.message, /unfolds to more than \d+ bytes/);
    assert.ok(process.memoryUsage().rss - before < 30_000_000);
  });

  it('a million channels that all have the same values are refused', () => {
    const few = Array.from({ length: 400 }, (_, i) => ({ ...RECORDING.analog[0], name: `U${i}` }));
    const many = { ...RECORDING, analog: few as Recording['analog'] };
    const bytes = Buffer.from(writePqdif([many], { created: momentFromMs(0), compress: false }));
    // Every channel's values become those of one vector that is the whole body long.
    const body = entryBody(bytes, 3);
    const size = bytes.readInt32LE(body - 64 + 36);
    const tail = bytes.length - 4 - (body + 1000);
    bytes.writeInt32LE(Math.floor(tail / 2), body + 1000);
    for (let nth = 1; nth <= 400; nth += 1) {
      const at = entryOf(bytes, 'tagSeriesValues', nth);
      bytes.writeInt32LE(1000, at + 20);
    }
    assert.ok(size > 0);
    assert.match(refusal(summed(bytes)).message, /unfolds to more than|outside the body|elements/);
  });

  it('places: byte of the file in plain bodies, of the record and the body in compressed ones', () => {
    const bytes = plain();
    bytes.writeUInt32LE(5, entryOf(bytes, 'tagStorageMethodID') + 20);
    const place = Number(/byte (\d+)/.exec(refusal(summed(bytes)).message)?.[1]);
    // the collection that holds the element
    assert.ok(Math.abs(place - entryOf(bytes, 'tagStorageMethodID')) < 200);
    const packed = Buffer.from(writePqdif([RECORDING], { created: momentFromMs(0) }));
    const at = recordsOf(packed)[1] ?? 0;
    packed.writeUInt8(0xff, at + 80);
    assert.match(refusal(packed).message, new RegExp(`x.pqd, byte ${at}: `));
  });
});
