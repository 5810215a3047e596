/**
 * The tables of our Parquet files, as data: columns with the names, types and units of the data model (docs/data-model.md). Times are UTC
 * timestamps; what one sample has besides its document is in microseconds. A list or group may be missing (null), like any optional column.
 */

export type LeafType =
  | 'int16'
  | 'int32'
  | 'int64'
  | 'double'
  | 'text'
  | 'timestamp_ms'
  | 'timestamp_us'
  | 'json';

export type Column = {
  name: string;
  optional?: true;
  /** of its values */
  unit?: string;
} & ({ type: LeafType; list?: true } | { fields: readonly Column[] });

export type TableName = 'waveforms' | 'measurements' | 'trends' | 'events' | 'incidents';

const METRIC_UNITS = [
  ['voltage', 'V'],
  ['frequency', 'Hz'],
  ['thd', '1'],
  ['transient', 'V'],
] as const;

const BOX: Column = { name: 'box_id', type: 'text' };
const EXPIRES: Column = { name: 'expire_at', type: 'int64', unit: 's since 1970-01-01', optional: true };

export const TABLES: Readonly<Record<TableName, readonly Column[]>> = {
  waveforms: [
    { name: 'event_id', type: 'int32' },
    BOX,
    { name: 'location', type: 'text' },
    { name: 'timestamp_us', type: 'timestamp_us' },
    { name: 'counts', type: 'int16', unit: 'counts; volts = counts / calibration_constant' },
    { name: 'calibration_constant', type: 'double', unit: '1/V' },
  ],
  measurements: [
    BOX,
    { name: 'timestamp_ms', type: 'timestamp_ms' },
    ...METRIC_UNITS.map(([name, unit]): Column => ({ name, type: 'double', optional: true, unit })),
    { name: 'invalid', type: 'text', list: true, optional: true },
    { name: 'flagged', type: 'text', list: true, optional: true },
    {
      name: 'extremes',
      optional: true,
      fields: METRIC_UNITS.map(([name, unit]) => ({ name, optional: true, unit, fields: minMax() })),
    },
    EXPIRES,
  ],
  trends: [
    BOX,
    { name: 'timestamp_ms', type: 'timestamp_ms' },
    { name: 'location', type: 'text' },
    ...METRIC_UNITS.map(
      ([name, unit]): Column => ({
        name,
        optional: true,
        unit,
        fields: [...minMax(), { name: 'average', type: 'double' }],
      }),
    ),
    { name: 'flagged', type: 'double', optional: true, unit: '1' },
    {
      name: 'unflagged',
      optional: true,
      fields: METRIC_UNITS.map(([name, unit]) => ({ name, optional: true, unit, fields: minMax() })),
    },
    EXPIRES,
  ],
  events: [
    { name: 'event_id', type: 'int32' },
    { name: 'type', type: 'text', optional: true },
    { name: 'description', type: 'text' },
    { name: 'boxes_triggered', type: 'text', list: true },
    { name: 'boxes_received', type: 'text', list: true },
    { name: 'latencies_ms', type: 'timestamp_ms', list: true, optional: true },
    { name: 'percent_magnitude', type: 'double', optional: true, unit: '%' },
    { name: 'family', type: 'int32', optional: true },
    { name: 'request_data', type: 'json', optional: true },
    { name: 'boxes_refused', type: 'json', optional: true },
    { name: 'target_event_start_timestamp_ms', type: 'timestamp_ms' },
    { name: 'target_event_end_timestamp_ms', type: 'timestamp_ms' },
    EXPIRES,
  ],
  incidents: [
    { name: 'incident_id', type: 'int32' },
    { name: 'event_id', type: 'int32' },
    BOX,
    { name: 'start_timestamp_ms', type: 'timestamp_ms' },
    { name: 'end_timestamp_ms', type: 'timestamp_ms', optional: true },
    { name: 'location', type: 'text' },
    { name: 'measurement_type', type: 'text' },
    {
      name: 'deviation_from_nominal',
      type: 'double',
      optional: true,
      unit: 'V, Hz or %, by measurement_type',
    },
    { name: 'measurements', type: 'json', optional: true },
    { name: 'gridfs_filename', type: 'text' },
    { name: 'classifications', type: 'text', list: true },
    { name: 'ieee_duration', type: 'text', optional: true },
    { name: 'annotations', type: 'text', list: true, optional: true },
    { name: 'metadata', type: 'json', optional: true },
    { name: 'source', type: 'text', optional: true },
    { name: 'group', type: 'json', optional: true },
    EXPIRES,
  ],
};

function minMax(): Column[] {
  return [
    { name: 'min', type: 'double' },
    { name: 'max', type: 'double' },
  ];
}

/** A document as a row: a value for each column by its name, undefined where an optional one has none. */
export type Row = Readonly<Record<string, unknown>>;

/** Units by the columns' names; those of a group's fields are the group's. */
export function unitsOf(columns: readonly Column[]): Record<string, string> {
  return Object.fromEntries(columns.flatMap(({ name, unit }) => (unit === undefined ? [] : [[name, unit]])));
}
