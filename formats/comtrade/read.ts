/** A COMTRADE recording from its parts. */
import { shown, unreadable } from '../problems.js';
import type { AnalogChannel, FileContent, Recording, TimeBase } from '../recording.js';
import { decodeText } from '../text.js';
import { Warnings } from '../warnings.js';
import { checkAgreement } from './agreement.js';
import { readAscii } from './ascii.js';
import { readBinary } from './binary.js';
import { splitCff } from './cff.js';
import { type ComtradeConfig, parseConfig } from './config.js';
import type { ComtradeData } from './data.js';
import { type ComtradeParts, lineOf, type Part } from './parts.js';
import { sectionsOf } from './rates.js';

export interface ComtradeOptions {
  /** code page of the names, a WHATWG label: 'windows-1251', 'gbk' */
  encoding?: string;
}

/** What of HDR and INF is kept as metadata. */
const MAX_NOTE = 65_536;

/**
 * @param bytes a CFF
 * @param file its name, for messages
 * @throws MakaiError RECORDING_INVALID
 */
export function readCff(bytes: Uint8Array, file: string, options: ComtradeOptions = {}): FileContent {
  const warnings = new Warnings();
  return readParts(splitCff(bytes, file, warnings), warnings, options);
}

/**
 * @param parts CFG and DAT, HDR and INF where they are there
 * @throws MakaiError RECORDING_INVALID
 */
export function readComtrade(parts: ComtradeParts, options: ComtradeOptions = {}): FileContent {
  return readParts(parts, new Warnings(), options);
}

function readParts(parts: ComtradeParts, warnings: Warnings, options: ComtradeOptions): FileContent {
  const config = parseConfig(parts.cfg, warnings, options.encoding);
  checkFormat(parts, config);
  const data = readData(parts.dat, config, warnings);
  if (data.count === 0) throw unreadable({ file: parts.dat.file }, 'there is no sample in it');
  const sections = sectionsOf(config.rates, data.count);
  checkAgreement(config, data, sections, { file: parts.dat.file }, { file: parts.cfg.file }, warnings);
  const time: TimeBase =
    sections.length > 0
      ? { kind: 'rates', startS: 0, sections }
      : { kind: 'timestamps', seconds: stampsOf(data, config.timeUnitS, parts.dat) };
  return {
    format: 'comtrade',
    revision: String(config.revision),
    recordings: [recordingOf(config, data, time, notesOf(parts, warnings, options))],
    warnings: warnings.all,
  };
}

function readData(dat: Part, config: ComtradeConfig, warnings: Warnings): ComtradeData {
  if (config.format !== 'ASCII') return readBinary(dat, config, warnings);
  const { bytes } = dat;
  // UTF-16: the digits are those of ASCII once it is decoded
  const wide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  if (wide) {
    const { text } = decodeText(bytes, { file: dat.file }, warnings);
    return readAscii({ ...dat, bytes: Buffer.from(text, 'utf8') }, config, warnings);
  }
  return readAscii(marked ? { ...dat, bytes: bytes.subarray(3) } : dat, config, warnings);
}

/** A CFF says the data format twice. */
function checkFormat({ dat, datFormat, cfg }: ComtradeParts, { format }: ComtradeConfig): void {
  if (datFormat === undefined || datFormat === format) return;
  throw unreadable(
    lineOf(cfg, 1),
    `its CFG section says ${format}, the header of the DAT section ${shown(datFormat)}`,
    `Correct one of the two in ${dat.file}.`,
  );
}

/** Without a rate there must be a timestamp for each sample, and they rise. */
function stampsOf({ times }: ComtradeData, unitS: number, dat: Part): Float64Array {
  const first = times[0] ?? Number.NaN;
  const seconds = times.map((time) => (time - first) * unitS);
  for (let i = 0; i < seconds.length; i += 1) {
    if (Number.isNaN(seconds[i])) {
      throw unreadable(
        { file: dat.file },
        `the CFG gives no sampling rate, and sample ${i + 1} has no timestamp`,
      );
    }
    if (i > 0 && !((seconds[i] ?? 0) > (seconds[i - 1] ?? 0))) {
      throw unreadable(
        { file: dat.file },
        `the CFG gives no sampling rate, and the timestamp of sample ${i + 1} (${times[i]}) does not rise above the one before (${times[i - 1]})`,
      );
    }
  }
  return seconds;
}

function recordingOf(
  config: ComtradeConfig,
  data: ComtradeData,
  time: TimeBase,
  metadata: Record<string, string>,
): Recording {
  return {
    name: '',
    station: config.station,
    device: config.device,
    start: config.start,
    ...(config.trigger !== undefined && { trigger: config.trigger }),
    nominalFrequencyHz: config.nominalFrequencyHz,
    analog: config.analog.map(
      ({ a, b, ...rest }, i): AnalogChannel => ({
        ...rest,
        samples: data.analog[i] ?? new Int16Array(0),
        scale: a,
        offset: b,
        ...(data.missing !== undefined && { missing: data.missing }),
        time,
      }),
    ),
    digital: config.digital.map((channel, i) => ({
      ...channel,
      states: data.digital[i] ?? new Uint8Array(0),
      time,
    })),
    series: [],
    metadata,
  };
}

function notesOf(
  parts: ComtradeParts,
  warnings: Warnings,
  { encoding }: ComtradeOptions,
): Record<string, string> {
  const notes: Record<string, string> = {};
  for (const name of ['hdr', 'inf'] as const) {
    const part = parts[name];
    if (part === undefined) continue;
    const text = decodeText(part.bytes, { file: part.file }, warnings, encoding).text.trim();
    if (text !== '') notes[name] = text.slice(0, MAX_NOTE);
  }
  return notes;
}
