/** One observation (tagRecObservation) as a recording: waveforms become channels, value logs and phasors series of values. */
import type { Budget } from '../budget.js';
import type { AnalogChannel, DigitalChannel, Recording, TimeBase, ValueSeries } from '../recording.js';
import { countOf, secondsOf } from '../samples.js';
import type { ChannelDefinition, DataSource, MonitorSettings, SeriesDefinition } from './definitions.js';
import { type Collection, placeIn } from './elements.js';
import { MEASURED } from './ids.js';
import { numbersOf, type Series, timeBase } from './series.js';
import { momentOf } from './times.js';
import { unitText } from './units.js';

/** What a channel needs in memory besides its samples, about. */
const CHANNEL_BYTES = 500;

/** What is known when an observation is read. */
export interface Context {
  source: DataSource;
  settings: MonitorSettings | undefined;
  budget: Budget;
}

export function readObservation(record: Collection, context: Context): Recording {
  const start = record.timestamp('tagTimeStart');
  const triggered = record.timestamp('tagTimeTriggered');
  const moment = start === undefined ? undefined : momentOf(start);
  if (start !== undefined && moment === undefined && (start.day !== 0 || start.seconds !== 0)) {
    record.warn(
      'start',
      `start time: day ${start.day}, second ${start.seconds} is no time; taken as unknown`,
    );
  }
  const trigger = triggered === undefined ? undefined : momentOf(triggered);
  const recording: Recording = {
    name: record.text('tagObservationName'),
    station: context.source.location,
    device: context.source.serial ?? context.source.name,
    start: moment,
    ...(trigger === undefined ? {} : { trigger }),
    nominalFrequencyHz: context.settings?.nominalFrequencyHz,
    analog: [],
    digital: [],
    series: [],
    metadata: {},
  };
  new ObservationReader(record, recording, context).read();
  return recording;
}

class ObservationReader {
  readonly #recording: Recording;
  readonly #context: Context;
  readonly #instances: readonly Collection[];
  readonly #series = new Map<Collection, readonly Collection[]>();
  /** of the channel that a time series belongs to: one object for all that share it */
  readonly #bases = new Map<Collection, TimeBase | string>();

  constructor(record: Collection, recording: Recording, context: Context) {
    const array = record.collection('tagChannelInstances');
    if (array === undefined) throw record.error('the observation has no channels');
    this.#instances = array.collections('tagOneChannelInst');
    this.#recording = recording;
    this.#context = context;
  }

  read(): void {
    for (const instance of this.#instances) this.#channel(instance);
  }

  #definitionOf(instance: Collection): { index: number; definition: ChannelDefinition } {
    const index = instance.whole('tagChannelDefnIdx');
    const { channels } = this.#context.source;
    const definition = index === undefined ? undefined : channels[index];
    if (index !== undefined && definition !== undefined) return { index, definition };
    throw instance.error(
      `the channel's definition is number ${index ?? 'missing'}, and the data source has ${channels.length}`,
    );
  }

  /** The series of a channel, in the order of their definitions. */
  #seriesOf(instance: Collection): readonly Collection[] {
    const known = this.#series.get(instance);
    if (known !== undefined) return known;
    const array = instance.collection('tagSeriesInstances');
    if (array === undefined) throw instance.error('the channel has no series');
    const found = array.collections('tagOneSeriesInstance');
    this.#series.set(instance, found);
    return found;
  }

  #channel(instance: Collection): void {
    const { index, definition } = this.#definitionOf(instance);
    const instances = this.#seriesOf(instance);
    if (instances.length > definition.series.length) {
      throw instance.error(
        `"${definition.name}" has ${instances.length} series, its definition ${definition.series.length}`,
      );
    }
    const why = this.#channelValues(index, definition, instances);
    if (why !== undefined) instance.warn(`left-${why}`, `channel "${definition.name}" is left out: ${why}`);
  }

  /** @returns why the channel is left out, or undefined */
  #channelValues(
    index: number,
    definition: ChannelDefinition,
    instances: readonly Collection[],
  ): string | undefined {
    if (!['WAVEFORM', 'VALUELOG', 'PHASOR'].includes(definition.quantityType)) {
      return `quantity type ${definition.quantityType} is not read`;
    }
    const timeAt = definition.series.findIndex(({ valueType }) => valueType === 'TIME');
    const time = instances[timeAt];
    const timeDefinition = definition.series[timeAt];
    if (time === undefined || timeDefinition === undefined) return 'it has no times';
    const base = this.#baseOf(this.#resolve(time, timeDefinition));
    if (typeof base === 'string') return base;
    for (const [i, one] of instances.entries()) {
      const own = definition.series[i];
      if (i === timeAt || own === undefined) continue;
      if (!this.#values(one, own, base, index, definition)) return 'its values are no numbers';
    }
    return undefined;
  }

  #baseOf(series: Series): TimeBase | string {
    const known = this.#bases.get(series.instance);
    if (known !== undefined) return known;
    const { budget, settings } = this.#context;
    const made = timeBase(series, {
      start: this.#recording.start,
      nominalFrequencyHz: settings?.nominalFrequencyHz,
      budget,
    });
    this.#bases.set(series.instance, made);
    return made;
  }

  /** The instance that has the values, and its own definition. */
  #resolve(instance: Collection, definition: SeriesDefinition, depth = 0): Series {
    const channel = instance.whole('tagSeriesShareChannelIdx');
    if (channel === undefined) return { instance, definition };
    const series = instance.whole('tagSeriesShareSeriesIdx');
    const owner = this.#instances[channel];
    const shared = owner === undefined || series === undefined ? undefined : this.#seriesOf(owner)[series];
    const ownDefinition =
      owner === undefined || series === undefined
        ? undefined
        : this.#definitionOf(owner).definition.series[series];
    if (shared === undefined || ownDefinition === undefined || depth > this.#instances.length) {
      throw instance.error(`shares series ${series ?? 'missing'} of channel ${channel}, which is not there`);
    }
    return this.#resolve(shared, ownDefinition, depth + 1);
  }

  /** @returns whether the values are numbers */
  #values(
    instance: Collection,
    own: SeriesDefinition,
    base: TimeBase,
    index: number,
    channel: ChannelDefinition,
  ): boolean {
    const numbers = numbersOf(this.#resolve(instance, own), this.#context.budget);
    if (numbers === undefined) return false;
    this.#context.budget.take(CHANNEL_BYTES, placeIn(instance.body, instance.at));
    const times = countOf(base);
    const count = Math.min(times, numbers.samples.length);
    if (times !== numbers.samples.length) {
      instance.warn(
        'counts',
        `channel "${channel.name}" has ${numbers.samples.length} values and ${times} times; the first ${count} are read`,
      );
    }
    const time = times === count ? base : shorter(base, count);
    const samples = numbers.samples.length === count ? numbers.samples : numbers.samples.slice(0, count);
    const transformer = this.#context.settings?.transformers.get(index);
    const ratio = transformer === undefined ? 1 : transformer.primary / transformer.secondary;
    const values = { samples, scale: numbers.scale * ratio, offset: numbers.offset * ratio };
    if (!Number.isFinite(values.scale) || !Number.isFinite(values.offset))
      throw instance.error(`scale ${values.scale}`);
    if (channel.quantityType !== 'WAVEFORM') this.#addSeries(instance, own, time, channel, values);
    else if (channel.measured === MEASURED.STATUS && isDigital(values))
      this.#recording.digital.push(digital(channel, time, values));
    else {
      this.#recording.analog.push({
        name: channel.name,
        phase: channel.phase,
        component: channel.other ?? '',
        unit: this.#unit(instance, own),
        ...values,
        time,
        skewS: 0,
        ...(transformer === undefined ? {} : { transformer: { ...transformer, side: 'primary' as const } }),
      });
    }
    return true;
  }

  #addSeries(
    instance: Collection,
    own: SeriesDefinition,
    time: TimeBase,
    channel: ChannelDefinition,
    { samples, scale, offset }: Pick<AnalogChannel, 'samples' | 'scale' | 'offset'>,
  ): void {
    // Two arrays of eight bytes, where the file may have had two bytes and three increments.
    this.#context.budget.take(16 * samples.length, placeIn(instance.body, instance.at));
    this.#recording.series.push({
      ...quantityOf(channel, own),
      phase: channel.phase,
      component: channel.other ?? channel.name,
      unit: this.#unit(instance, own),
      values: Float64Array.from(samples, (raw) => raw * scale + offset),
      seconds: secondsOf(time),
    });
  }

  #unit(instance: Collection, { units }: SeriesDefinition): string {
    const text = unitText(units);
    if (text === undefined)
      instance.warn('unit', `unit ${units} is not one of the standard's; taken as unknown`);
    return text ?? '';
  }
}

function shorter(base: TimeBase, count: number): TimeBase {
  if (base.kind === 'timestamps') return { kind: 'timestamps', seconds: base.seconds.slice(0, count) };
  let left = count;
  const sections = base.sections.map((section) => {
    const taken = Math.min(left, section.count);
    left -= taken;
    return { ...section, count: taken };
  });
  return { ...base, sections: sections.filter((section) => section.count > 0) };
}

function isDigital({ samples, scale, offset }: Pick<AnalogChannel, 'samples' | 'scale' | 'offset'>): boolean {
  return scale === 1 && offset === 0 && samples.every((value) => value === 0 || value === 1);
}

function digital(
  channel: ChannelDefinition,
  time: TimeBase,
  { samples }: { samples: AnalogChannel['samples'] },
): DigitalChannel {
  const { name, phase, other } = channel;
  return { name, phase, component: other ?? '', normal: 0, states: Uint8Array.from(samples), time };
}

const STATISTICS: Readonly<Record<string, ValueSeries['statistic']>> = {
  MIN: 'min',
  MAX: 'max',
  AVG: 'average',
  VAL: 'value',
  INST: 'value',
};

/** Our word where we have one, else the file's; what is neither minimum, maximum nor average is named in it. */
function quantityOf(
  { measured, quantityName, name }: ChannelDefinition,
  { characteristic, valueType, valueTypeName }: SeriesDefinition,
): Pick<ValueSeries, 'name' | 'statistic'> {
  const word = wordFor(measured, characteristic) ?? (quantityName || name);
  if (valueType === 'VAL' && valueTypeName === 'sum') return { name: word, statistic: 'sum' };
  const statistic = STATISTICS[valueType];
  return statistic === undefined
    ? { name: `${word} ${valueTypeName || valueType}`, statistic: 'value' }
    : { name: word, statistic };
}

function wordFor(measured: number, characteristic: string): string | undefined {
  if (characteristic === 'FREQUENCY') return 'frequency';
  if (characteristic === 'TOTAL_THD' && measured === MEASURED.VOLTAGE) return 'thd';
  if (characteristic !== 'RMS') return undefined;
  if (measured === MEASURED.VOLTAGE) return 'voltage';
  return measured === MEASURED.CURRENT ? 'current' : undefined;
}
