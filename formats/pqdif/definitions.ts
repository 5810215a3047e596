/** What a data source's channels are (tagRecDataSource) and how they were connected (tagRecMonitorSettings). */
import { CHARACTERISTICS } from './characteristics.js';
import type { Collection } from './elements.js';
import { MEASURED, PHASES, QUANTITY_TYPES, VALUE_TYPES } from './ids.js';

export interface SeriesDefinition {
  /** name in VALUE_TYPES, or the GUID of another */
  valueType: string;
  /** of the vendor, where the type is another */
  valueTypeName: string;
  units: number;
  /** name in CHARACTERISTICS, or the GUID of another */
  characteristic: string;
  /** bits of STORAGE */
  storage: number;
  /** nominal value of the quantity (base voltage), undefined where not said */
  nominal: number | undefined;
}

export interface ChannelDefinition {
  name: string;
  /** AN, AB, NG, ...; '' for none */
  phase: string;
  /** name in QUANTITY_TYPES, or the GUID of another */
  quantityType: string;
  /** id in MEASURED */
  measured: number;
  quantityName: string;
  /** tagOtherChannelIdentifier; undefined where the file does not have it */
  other: string | undefined;
  series: SeriesDefinition[];
}

export interface DataSource {
  name: string;
  location: string;
  /** tagSerialNumberDS; undefined where the file does not have it */
  serial: string | undefined;
  channels: ChannelDefinition[];
}

export interface MonitorSettings {
  nominalFrequencyHz: number | undefined;
  /** by index of the channel's definition; only where the values must still be multiplied (tagUseTransducer) */
  transformers: ReadonlyMap<number, { primary: number; secondary: number }>;
}

const reverse = (table: Readonly<Record<string, string | number>>): ReadonlyMap<string | number, string> =>
  new Map(Object.entries(table).map(([name, id]) => [id, name]));
const QUANTITY_NAMES = reverse(QUANTITY_TYPES);
const VALUE_NAMES = reverse(VALUE_TYPES);
const CHARACTERISTIC_NAMES = reverse(CHARACTERISTICS);
const PHASE_NAMES = reverse(PHASES);

export function dataSource(record: Collection): DataSource {
  const array = record.collection('tagChannelDefns');
  if (array === undefined) throw record.error('the data source has no channel definitions');
  return {
    name: record.text('tagNameDS'),
    location: record.text('tagLocationDS'),
    serial: record.vector('tagSerialNumberDS') === undefined ? undefined : record.text('tagSerialNumberDS'),
    channels: array.collections('tagOneChannelDefn').map(channelDefinition),
  };
}

function channelDefinition(from: Collection): ChannelDefinition {
  const array = from.collection('tagSeriesDefns');
  if (array === undefined) throw from.error('the channel definition has no series definitions');
  const quantityType = from.guid('tagQuantityTypeID') ?? '';
  const phase = from.whole('tagPhaseID') ?? PHASES.NONE;
  const phaseName = PHASE_NAMES.get(phase);
  if (phaseName === undefined) from.warn('phase', `phase ${phase} is not one of the standard's`);
  return {
    name: from.text('tagChannelName'),
    phase: phaseName === undefined || phase === PHASES.NONE ? '' : phaseName,
    quantityType: QUANTITY_NAMES.get(quantityType) ?? quantityType,
    measured: from.whole('tagQuantityMeasuredID') ?? MEASURED.NONE,
    quantityName: from.text('tagQuantityName'),
    other:
      from.vector('tagOtherChannelIdentifier') === undefined
        ? undefined
        : from.text('tagOtherChannelIdentifier'),
    series: array.collections('tagOneSeriesDefn').map(seriesDefinition),
  };
}

function seriesDefinition(from: Collection): SeriesDefinition {
  const valueType = from.guid('tagValueTypeID') ?? '';
  const characteristic = from.guid('tagQuantityCharacteristicID') ?? CHARACTERISTICS.NONE;
  const storage = from.whole('tagStorageMethodID');
  if (storage === undefined || (storage & ~7) !== 0 || (storage & 5) === 0 || (storage & 5) === 5) {
    throw from.error(`storage method ${storage ?? 'missing'}: values or increments, scaled or not, are read`);
  }
  return {
    valueType: VALUE_NAMES.get(valueType) ?? valueType,
    valueTypeName: from.text('tagValueTypeName'),
    units: from.whole('tagQuantityUnitsID') ?? 0,
    characteristic: CHARACTERISTIC_NAMES.get(characteristic) ?? characteristic,
    storage,
    nominal: from.real('tagSeriesNominalQuantity'),
  };
}

export function monitorSettings(record: Collection): MonitorSettings {
  const transformers = new Map<number, { primary: number; secondary: number }>();
  const mustBeMultiplied = (record.real('tagUseTransducer') ?? 0) !== 0;
  const mustBeCalibrated = (record.real('tagUseCalibration') ?? 0) !== 0;
  for (const one of record.collection('tagChannelSettingsArray')?.collections('tagOneChannelSetting') ?? []) {
    const index = one.whole('tagChannelDefnIdx');
    const primary = one.real('tagXDSystemSideRatio');
    const secondary = one.real('tagXDMonitorSideRatio');
    if (mustBeCalibrated && calibrates(one))
      one.warn('calibration', 'asks for a calibration of the values; it is not applied');
    if (index === undefined || primary === undefined || secondary === undefined || !mustBeMultiplied)
      continue;
    if (!(primary > 0 && secondary > 0 && Number.isFinite(primary / secondary))) {
      throw one.error(`transformer ratio ${primary} to ${secondary}: both must be above 0`);
    }
    transformers.set(index, { primary, secondary });
  }
  return { nominalFrequencyHz: nominalFrequency(record), transformers };
}

function calibrates(setting: Collection): boolean {
  return (setting.real('tagCalOffset') ?? 0) !== 0 || (setting.real('tagCalRatio') ?? 1) !== 1;
}

function nominalFrequency(record: Collection): number | undefined {
  const hz = record.real('tagNominalFrequency');
  if (hz === undefined || hz === 0) return undefined;
  if (hz > 0 && hz <= 1000) return hz;
  record.warn('nominal-frequency', `nominal frequency ${hz} Hz: none of any grid; taken as unknown`);
  return undefined;
}
