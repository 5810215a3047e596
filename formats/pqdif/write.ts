/** Writes recordings as a PQDIF file, version 1.5, each record compressed with zlib where that helps. */

import { deflateSync } from 'node:zlib';
import type { Moment } from '../moment.js';
import { unwritable } from '../problems.js';
import type { Recording } from '../recording.js';
import { type Take, takeNew } from '../scratch.js';
import {
  type Body,
  bodyOf,
  bool,
  collection,
  guid,
  type Node,
  putBody,
  putHeader,
  real,
  recordSize,
  text,
  timestamp,
  whole,
  wholes,
} from './builder.js';
import { channelsOf, definitionOf, hasAllTimes, instancesOf, type OneChannel } from './channels.js';
import { COMPRESSION_ALGORITHMS, COMPRESSION_STYLES, SOURCE_TYPES, TRIGGER_METHODS } from './ids.js';
import { HEADER_BYTES } from './records.js';
import { deflatedSize, TRIED_BYTES } from './shrinks.js';
import type { TagName } from './tags.js';
import { stampOf } from './times.js';

export interface PqdifOptions {
  /** when the file is written */
  created: Moment;
  /** tagFileName: its name, without folders */
  fileName?: string;
  /** tagApplication: what wrote it */
  application?: string;
  /** tagTitle and tagNotes of the container */
  title?: string;
  notes?: string;
  /** zlib on each record; by default where it makes the file smaller by a fifth or more, which noise in the last bits of samples prevents */
  compress?: boolean;
  /** memory for the file; new memory by default */
  take?: Take;
}

/** Major and minor version of the format, of the writer and of the oldest reader that reads it. */
const VERSION = [1, 5, 1, 5] as const;

interface Unwritten {
  tag: TagName;
  children: Node[];
}

/**
 * A PQDIF file of these recordings: one observation each, and a data source for each set of channels.
 * @throws MakaiError for what PQDIF cannot hold: no channels, a unit it does not have, 2 GiB
 */
export function writePqdif(recordings: readonly Recording[], options: PqdifOptions): Uint8Array {
  if (recordings.length === 0) throw unwritable('PQDIF', 'there is no recording', 'Name at least one.');
  const all: Unwritten[] = [];
  let described: string | undefined;
  for (const recording of recordings) {
    const channels = channelsOf(recording);
    if (channels.length === 0) throw unwritable('PQDIF', 'a recording has no channels', 'Leave it out.');
    const uneven = recording.analog.find((channel) => !hasAllTimes(channel));
    if (uneven !== undefined)
      throw unwritable('PQDIF', `channel "${uneven.name}" has more samples than times`, 'Report this.');
    const description = recordings.length === 1 ? '' : describe(recording, channels);
    if (description !== described) all.push(...source(recording, channels, options.created));
    described = description;
    all.push({ tag: 'tagRecObservation', children: observation(recording, channels) });
  }
  return assembled(all, options);
}

/** Equal for recordings that can share a data source. */
function describe(
  { station, device, nominalFrequencyHz }: Recording,
  channels: readonly OneChannel[],
): string {
  const definitions = channels.map(({ parts, ...rest }) => [
    rest.name,
    rest.phase,
    rest.component,
    rest.quantityType,
    rest.quantityName,
    parts.map(({ valueType, units, increments, scale }) => [
      valueType,
      units,
      increments,
      scale === undefined,
    ]),
  ]);
  return JSON.stringify([station, device, nominalFrequencyHz, definitions]);
}

interface Laid {
  tag: TagName;
  body: Body;
}

function assembled(all: readonly Unwritten[], options: PqdifOptions): Uint8Array {
  const records = all.map(({ tag, children }): Laid => ({ tag, body: bodyOf(children) }));
  const withContainer = (compress: boolean): Laid[] => [
    { tag: 'tagContainer', body: bodyOf(container(options, compress)) },
    ...records,
  ];
  if (options.compress === true) return packed(withContainer(true), options);
  const file = plain(withContainer(false), options);
  return options.compress === undefined && shrinks(file) ? packed(withContainer(true), options) : file;
}

/** Bodies are written where they stand in the file, because copying them would take as long again. */
function plain(records: readonly Laid[], { take = takeNew }: PqdifOptions): Buffer {
  const isLast = (i: number): boolean => i === records.length - 1;
  const total = records.reduce((sum, { body }, i) => sum + recordSize(body.size, isLast(i)), 0);
  checkSize(total);
  const file = take(total);
  let at = 0;
  for (const [i, { tag, body }] of records.entries()) {
    const next = at + recordSize(body.size, isLast(i));
    putBody(file.subarray(at + HEADER_BYTES, at + HEADER_BYTES + body.size), body);
    putHeader(file, at, tag, body.size, isLast(i) ? 0 : next);
    at = next;
  }
  return file;
}

/** The container is not compressed, since it says that the others are. */
function packed(records: readonly Laid[], { take = takeNew }: PqdifOptions): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const [i, { tag, body }] of records.entries()) {
    const bytes = take(body.size);
    putBody(bytes, body);
    const stored = i === 0 ? bytes : deflateSync(bytes);
    const last = i === records.length - 1;
    const record = Buffer.alloc(recordSize(stored.length, last));
    record.set(stored, HEADER_BYTES);
    at += record.length;
    checkSize(at);
    putHeader(record, 0, tag, stored.length, last ? 0 : at);
    parts.push(record);
  }
  return Buffer.concat(parts);
}

function checkSize(bytes: number): void {
  if (bytes <= 2 ** 31 - 1) return;
  throw unwritable('PQDIF', 'it has more than 2 GiB', 'Export fewer events into a file.');
}

/** Smaller files are compressed unasked. */
const SMALL_FILE = 16_384;
const WORTH = 0.8;

/** Tried with bytes from the middle of the file, where samples are. */
function shrinks(file: Buffer): boolean {
  if (file.length <= SMALL_FILE) return true;
  const from = (file.length - TRIED_BYTES) >> 1;
  return deflatedSize(file.subarray(from, from + TRIED_BYTES)) < WORTH * TRIED_BYTES;
}

function container(options: PqdifOptions, compress: boolean): Node[] {
  const { RECORDLEVEL, NONE } = COMPRESSION_STYLES;
  return [
    wholes('tagVersionInfo', VERSION),
    text('tagFileName', options.fileName ?? ''),
    timestamp('tagCreation', stampOf(options.created)),
    ...(options.title === undefined ? [] : [text('tagTitle', options.title)]),
    ...(options.application === undefined ? [] : [text('tagApplication', options.application)]),
    ...(options.notes === undefined ? [] : [text('tagNotes', options.notes)]),
    whole('tagCompressionStyleID', compress ? RECORDLEVEL : NONE),
    whole('tagCompressionAlgorithmID', compress ? COMPRESSION_ALGORITHMS.ZLIB : COMPRESSION_ALGORITHMS.NONE),
  ];
}

function source(recording: Recording, channels: readonly OneChannel[], created: Moment): Unwritten[] {
  const effective = stampOf(recording.start ?? created);
  return [
    {
      tag: 'tagRecDataSource',
      children: [
        guid('tagDataSourceTypeID', SOURCE_TYPES.MEASURE),
        text('tagNameDS', recording.device || recording.station || 'unknown'),
        text('tagLocationDS', recording.station),
        text('tagSerialNumberDS', recording.device),
        collection('tagChannelDefns', channels.map(definitionOf)),
      ],
    },
    {
      tag: 'tagRecMonitorSettings',
      children: [
        timestamp('tagEffective', effective),
        timestamp('tagTimeInstalled', effective),
        bool('tagUseCalibration', false),
        bool('tagUseTransducer', false),
        ...(recording.nominalFrequencyHz === undefined
          ? []
          : [real('tagNominalFrequency', recording.nominalFrequencyHz)]),
        collection(
          'tagChannelSettingsArray',
          channels.map((_, index) => collection('tagOneChannelSetting', [whole('tagChannelDefnIdx', index)])),
        ),
      ],
    },
  ];
}

function observation(recording: Recording, channels: readonly OneChannel[]): Node[] {
  const { NONE, CHANNEL, PERIODIC } = TRIGGER_METHODS;
  const periodic = recording.analog.length + recording.digital.length === 0;
  const method = recording.trigger === undefined ? (periodic ? PERIODIC : NONE) : CHANNEL;
  const start = stampOf(recording.start);
  return [
    text('tagObservationName', recording.name),
    timestamp('tagTimeCreate', start),
    timestamp('tagTimeStart', start),
    whole('tagTriggerMethodID', method),
    ...(recording.trigger === undefined ? [] : [timestamp('tagTimeTriggered', stampOf(recording.trigger))]),
    collection('tagChannelInstances', instancesOf(channels, 0)),
  ];
}
