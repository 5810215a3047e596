/** Channels of a recording as PQDIF's channel definitions and instances. */
import { unwritable } from '../problems.js';
import type { AnalogChannel, DigitalChannel, Recording, TimeBase, ValueSeries } from '../recording.js';
import { countOf, isMissing, valuesOf } from '../samples.js';
import { collection, guid, type Node, real, text, vector, whole } from './builder.js';
import { CHARACTERISTICS } from './characteristics.js';
import { MEASURED, PHASES, QUANTITY_TYPES, STORAGE, UNITS, VALUE_TYPES } from './ids.js';
import { asIncrements } from './increments.js';
import { type PhysicalName, physicalOf } from './physical.js';
import { unitId } from './units.js';

/** One series: what its definition says, and its values. */
interface Part {
  valueType: keyof typeof VALUE_TYPES;
  valueTypeName?: string;
  units: number;
  characteristic: string;
  values: { type: PhysicalName; array: ArrayBufferView };
  /** number of sections follow in `values` */
  increments?: boolean;
  scale?: number | undefined;
  offset?: number | undefined;
  /** equal keys: the values are those of the first channel with this key */
  shared?: unknown;
}

export interface OneChannel {
  name: string;
  phase: string;
  component: string;
  quantityType: keyof typeof QUANTITY_TYPES;
  measured: number;
  quantityName: string;
  parts: Part[];
}

/** @throws MakaiError for a unit that PQDIF does not have */
export function channelsOf(recording: Recording): OneChannel[] {
  return [
    ...recording.analog.map(analogChannel),
    ...recording.digital.map(digitalChannel),
    ...seriesChannels(recording.series),
  ];
}

const MEASURED_OF: ReadonlyMap<number, number> = new Map([
  [UNITS.VOLTS, MEASURED.VOLTAGE],
  [UNITS.AMPS, MEASURED.CURRENT],
  [UNITS.WATTS, MEASURED.POWER],
  [UNITS.VA, MEASURED.POWER],
  [UNITS.VARS, MEASURED.POWER],
  [UNITS.CELCIUS, MEASURED.TEMPERATURE],
]);

function unitFor(unit: string, name: string): { id: number; factor: number } {
  const known = unitId(unit);
  if (known !== undefined) return known;
  throw unwritable(
    'PQDIF',
    `channel "${name}" has unit "${unit}"`,
    'PQDIF has no such unit; choose another format.',
  );
}

function analogChannel(channel: AnalogChannel): OneChannel {
  const { id, factor } = unitFor(channel.unit, channel.name);
  // PQDIF has no number for a missing sample; a NaN is one in every reader of REAL8.
  const missing = channel.missing !== undefined && channel.samples.some((_, i) => isMissing(channel, i));
  const samples = missing ? valuesOf(channel) : channel.samples;
  const scale = (missing ? 1 : channel.scale) * factor;
  const offset = (missing ? 0 : channel.offset) * factor;
  const isScaled = scale !== 1 || offset !== 0;
  const { name, phase, component } = channel;
  return {
    name,
    phase,
    component,
    quantityType: 'WAVEFORM',
    measured: MEASURED_OF.get(id) ?? MEASURED.NONE,
    quantityName: '',
    parts: [
      timePart(channel.time, channel.skewS),
      {
        valueType: 'VAL',
        units: id,
        characteristic: CHARACTERISTICS.INSTANTANEOUS,
        values: { type: physicalOf(samples), array: samples },
        scale: isScaled ? scale : undefined,
        offset: isScaled ? offset : undefined,
      },
    ],
  };
}

function digitalChannel(channel: DigitalChannel): OneChannel {
  return {
    ...channel,
    quantityType: 'WAVEFORM',
    measured: MEASURED.STATUS,
    quantityName: '',
    parts: [
      timePart(channel.time, 0),
      {
        valueType: 'VAL',
        units: UNITS.NONE,
        characteristic: CHARACTERISTICS.STATUS,
        values: { type: 'UNS_INTEGER1', array: channel.states },
      },
    ],
  };
}

function timePart(time: TimeBase, skewS: number): Part {
  const shared = skewS === 0 ? time : undefined;
  if (time.kind === 'timestamps') {
    const array = skewS === 0 ? time.seconds : time.seconds.map((seconds) => seconds + skewS);
    return timesOf(array, shared);
  }
  const sections = asIncrements(time.sections);
  const array = new Float64Array(1 + 2 * sections.length);
  array[0] = sections.length;
  for (const [i, { count, rateHz }] of sections.entries()) {
    array[1 + 2 * i] = count;
    array[2 + 2 * i] = 1 / rateHz;
  }
  return timesOf(array, shared, time.startS + skewS);
}

/** @param incrementsFrom of increments, where they begin */
function timesOf(array: Float64Array, shared: TimeBase | undefined, incrementsFrom?: number): Part {
  const begins = incrementsFrom !== undefined && incrementsFrom !== 0;
  return {
    valueType: 'TIME',
    units: UNITS.SECONDS,
    characteristic: CHARACTERISTICS.NONE,
    values: { type: 'REAL8', array },
    increments: incrementsFrom !== undefined,
    scale: begins ? 1 : undefined,
    offset: begins ? incrementsFrom : undefined,
    shared,
  };
}

/** Quantities of ours by the standard's ids. */
const QUANTITIES: Readonly<Record<string, { measured: number; characteristic: string }>> = {
  voltage: { measured: MEASURED.VOLTAGE, characteristic: CHARACTERISTICS.RMS },
  current: { measured: MEASURED.CURRENT, characteristic: CHARACTERISTICS.RMS },
  frequency: { measured: MEASURED.VOLTAGE, characteristic: CHARACTERISTICS.FREQUENCY },
  thd: { measured: MEASURED.VOLTAGE, characteristic: CHARACTERISTICS.TOTAL_THD },
};

const VALUE_TYPE = { value: 'VAL', min: 'MIN', max: 'MAX', average: 'AVG', sum: 'VAL' } as const;

/** Minimum, maximum and average of a quantity with the same times become one channel. */
function seriesChannels(all: readonly ValueSeries[]): OneChannel[] {
  const channels = new Map<string, OneChannel & { seconds: Float64Array }>();
  for (const series of all) {
    const { name, phase, component, unit, statistic, seconds } = series;
    const key = JSON.stringify([name, phase, component, unit]);
    const known = channels.get(key);
    if (known !== undefined && sameTimes(known.seconds, seconds)) {
      known.parts.push(valuePart(series));
      continue;
    }
    const { measured } = QUANTITIES[name] ?? { measured: MEASURED.NONE };
    channels.set(known === undefined ? key : `${key} ${statistic} ${channels.size}`, {
      name: component === '' ? name : `${name} ${component}`,
      phase,
      component,
      quantityType: 'VALUELOG',
      measured,
      quantityName: name,
      seconds,
      parts: [
        {
          valueType: 'TIME',
          units: UNITS.SECONDS,
          characteristic: CHARACTERISTICS.NONE,
          values: { type: 'REAL8', array: seconds },
          shared: seconds,
        },
        valuePart(series),
      ],
    });
  }
  return [...channels.values()];
}

function valuePart({ name, unit, statistic, values }: ValueSeries): Part {
  const { id, factor } = unitFor(unit, name);
  return {
    valueType: VALUE_TYPE[statistic],
    ...(statistic === 'sum' ? { valueTypeName: 'sum' } : {}),
    units: id,
    characteristic: QUANTITIES[name]?.characteristic ?? CHARACTERISTICS.NONE,
    values: { type: 'REAL8', array: values },
    ...(factor === 1 ? {} : { scale: factor, offset: 0 }),
  };
}

function sameTimes(a: Float64Array, b: Float64Array): boolean {
  return a === b || (a.length === b.length && a.every((value, i) => Object.is(value, b[i])));
}

const PHASE_IDS: ReadonlyMap<string, number> = new Map(Object.entries(PHASES));

/** A, B, C as the standard's AN, BN, CN; what it does not know is no phase. */
function phaseId(phase: string): number {
  if (phase === '') return PHASES.NONE;
  const name = phase
    .toUpperCase()
    .replace(/^[ABC]$/, '$&N')
    .replace(/^N$/, 'NG');
  return PHASE_IDS.get(name) ?? PHASES.NONE;
}

export function definitionOf(channel: OneChannel): Node {
  return collection('tagOneChannelDefn', [
    text('tagChannelName', channel.name),
    whole('tagPhaseID', phaseId(channel.phase)),
    text('tagOtherChannelIdentifier', channel.component),
    guid('tagQuantityTypeID', QUANTITY_TYPES[channel.quantityType]),
    whole('tagQuantityMeasuredID', channel.measured),
    ...(channel.quantityName === '' ? [] : [text('tagQuantityName', channel.quantityName)]),
    collection('tagSeriesDefns', channel.parts.map(seriesDefinition)),
  ]);
}

function seriesDefinition(part: Part): Node {
  const storage =
    (part.increments ? STORAGE.INCREMENT : STORAGE.VALUES) | (part.scale === undefined ? 0 : STORAGE.SCALED);
  return collection('tagOneSeriesDefn', [
    guid('tagValueTypeID', VALUE_TYPES[part.valueType]),
    ...(part.valueTypeName === undefined ? [] : [text('tagValueTypeName', part.valueTypeName)]),
    whole('tagQuantityUnitsID', part.units),
    guid('tagQuantityCharacteristicID', part.characteristic),
    whole('tagStorageMethodID', storage),
  ]);
}

/** The instances of an observation's channels; a time base that several have is written once. */
export function instancesOf(channels: readonly OneChannel[], firstDefinition: number): Node[] {
  const owners = new Map<unknown, { channel: number; series: number }>();
  return channels.map((channel, index) =>
    collection('tagOneChannelInst', [
      whole('tagChannelDefnIdx', firstDefinition + index),
      collection(
        'tagSeriesInstances',
        channel.parts.map((part, series) => {
          const owner = part.shared === undefined ? undefined : owners.get(part.shared);
          if (part.shared !== undefined && owner === undefined)
            owners.set(part.shared, { channel: index, series });
          return collection('tagOneSeriesInstance', seriesInstance(part, owner));
        }),
      ),
    ]),
  );
}

function seriesInstance(part: Part, owner: { channel: number; series: number } | undefined): Node[] {
  if (owner !== undefined) {
    return [whole('tagSeriesShareChannelIdx', owner.channel), whole('tagSeriesShareSeriesIdx', owner.series)];
  }
  return [
    ...(part.scale === undefined ? [] : [real('tagSeriesScale', part.scale)]),
    ...(part.offset === undefined ? [] : [real('tagSeriesOffset', part.offset)]),
    vector('tagSeriesValues', part.values.type, part.values.array),
  ];
}

/** Samples that no time stands for: what a writer must not lay down. */
export function hasAllTimes({ samples, time }: AnalogChannel): boolean {
  return samples.length === countOf(time);
}
