/** Writes recordings as a PQDIF file, version 1.5, each record compressed with zlib. */
import type { Moment } from '../moment.js';
import { unwritable } from '../problems.js';
import type { Recording } from '../recording.js';
import {
  bool,
  collection,
  guid,
  type Node,
  real,
  record,
  text,
  timestamp,
  whole,
  wholes,
} from './builder.js';
import { channelsOf, definitionOf, hasAllTimes, instancesOf, type OneChannel } from './channels.js';
import { COMPRESSION_ALGORITHMS, COMPRESSION_STYLES, SOURCE_TYPES, TRIGGER_METHODS } from './ids.js';
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
  /** zlib on each record; true by default */
  compress?: boolean;
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
  const compress = options.compress ?? true;
  const all: Unwritten[] = [{ tag: 'tagContainer', children: container(options, compress) }];
  let described: string | undefined;
  for (const recording of recordings) {
    const channels = channelsOf(recording);
    if (channels.length === 0) throw unwritable('PQDIF', 'a recording has no channels', 'Leave it out.');
    const uneven = recording.analog.find((channel) => !hasAllTimes(channel));
    if (uneven !== undefined)
      throw unwritable('PQDIF', `channel "${uneven.name}" has more samples than times`, 'Report this.');
    const description = describe(recording, channels);
    if (description !== described) all.push(...source(recording, channels, options.created));
    described = description;
    all.push({ tag: 'tagRecObservation', children: observation(recording, channels) });
  }
  return concatenated(all, compress);
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

function concatenated(all: readonly Unwritten[], compress: boolean): Uint8Array {
  const parts: Buffer[] = [];
  let at = 0;
  for (const [i, { tag, children }] of all.entries()) {
    const options = { compress: compress && i > 0, last: i === all.length - 1 };
    const bytes = record(tag, children, at, options);
    parts.push(bytes);
    at += bytes.length;
    if (at > 2 ** 31 - 1)
      throw unwritable('PQDIF', 'it has more than 2 GiB', 'Export fewer events into a file.');
  }
  return Buffer.concat(parts);
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
