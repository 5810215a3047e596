/** A recording as COMTRADE: IEC/IEEE 60255-24:2013, or IEEE C37.111-1999 on request. */
import { inPlace, sharedCount } from '../align.js';
import { unwritable } from '../problems.js';
import type { Recording, WrittenFile } from '../recording.js';
import { type Take, takeNew } from '../scratch.js';
import type { DataFormat } from './config.js';
import { encode, formatFor } from './encode.js';
import { columnOf } from './pass.js';
import type { Records } from './records.js';
import { configText } from './write-config.js';
import { dataBytes, timeMultiplierOf } from './write-data.js';

export interface ComtradeWriteOptions {
  revision?: 1999 | 2013;
  /** without it the plainest that loses nothing; BINARY32 and FLOAT32 are of 2013 */
  format?: DataFormat;
  /** one CFF in place of CFG and DAT (2013) */
  single?: boolean;
  /** memory for the DAT; new memory by default */
  take?: Take;
  /** memory for the DAT that is overwritten by the next one for which it is given; better than `take` for recordings of one rate */
  records?: Records;
}

/**
 * @returns `.cfg`, `.dat` and, where there is something to say besides, `.hdr`; or one `.cff`
 * @throws MakaiError RECORDING_INVALID for a recording that COMTRADE cannot hold
 */
export function writeComtrade(recording: Recording, options: ComtradeWriteOptions = {}): WrittenFile[] {
  const { records, revision = 2013, single = false, take = takeNew } = options;
  const whole = inPlace(recording, 'COMTRADE');
  const count = sharedCount(whole, 'COMTRADE');
  const format = options.format ?? formatFor(whole.analog, revision);
  if (revision === 1999 && (single || (format !== 'ASCII' && format !== 'BINARY'))) {
    throw unwritable(
      'COMTRADE 1999',
      `it has no ${single ? 'single-file form' : format}`,
      'Choose revision 2013.',
    );
  }
  const channels = whole.analog.map((channel) => encode(channel, format));
  const timeMultiplier = timeMultiplierOf(whole.time);
  const shape = { revision, format, count, timeMultiplier };
  const cfg = Buffer.from(
    configText(whole, whole.time, channels, shape),
    revision === 2013 ? 'utf8' : 'latin1',
  );
  const columns = channels.map((encoded, i) => columnOf(encoded, whole.analog[i]?.places));
  const dat = dataBytes(whole.time, columns, whole.digital, shape, { records, take });
  const hdr = Buffer.from(headerText(whole), 'utf8');
  if (single) return [{ extension: '.cff', bytes: sections(cfg, hdr, dat, format) }];
  const files: WrittenFile[] = [
    { extension: '.cfg', bytes: cfg },
    { extension: '.dat', bytes: dat },
  ];
  return hdr.length === 0 ? files : [...files, { extension: '.hdr', bytes: hdr }];
}

/** Free text: what the recording says besides. */
function headerText({ metadata, start }: Recording): string {
  const lines: string[] = [];
  if (start === undefined) lines.push('The moment of the first sample is not known: the CFG has 01/01/1970.');
  if (metadata.hdr !== undefined) lines.push(metadata.hdr);
  for (const [name, value] of Object.entries(metadata))
    if (name !== 'hdr' && name !== 'inf') lines.push(`${name}: ${value}`);
  return lines.length === 0 ? '' : `${lines.join('\n').replace(/\r*\n/g, '\r\n').trim()}\r\n`;
}

/** 2013, 8: sections in this order, each behind its header line; only that of binary data says its length. */
function sections(cfg: Uint8Array, hdr: Uint8Array, dat: Uint8Array, format: DataFormat): Uint8Array {
  const line = (text: string): Uint8Array => Buffer.from(`--- file type: ${text} ---\r\n`, 'latin1');
  const end = Buffer.from('\r\n');
  const data = format === 'ASCII' ? 'DAT ASCII' : `DAT ${format}: ${dat.length}`;
  return Buffer.concat([
    line('CFG'),
    cfg,
    line('INF'),
    end,
    line('HDR'),
    hdr.length > 0 ? hdr : end,
    line(data),
    dat,
  ]);
}
