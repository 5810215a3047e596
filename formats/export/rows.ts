/** Documents as rows of the Parquet tables: the fields that the tables have, and nothing else. */
import type {
  EventDocument,
  IncidentDocument,
  MeasurementDocument,
  TrendDocument,
} from '../../store/store.js';
import { type Row, TABLES, type TableName } from '../parquet/index.js';

function rowOf(table: TableName, document: object): Row {
  const fields = new Map(Object.entries(document));
  return Object.fromEntries(TABLES[table].map(({ name }) => [name, fields.get(name) ?? undefined]));
}

export const measurementRow = (document: MeasurementDocument): Row => rowOf('measurements', document);
export const trendRow = (document: TrendDocument): Row => rowOf('trends', document);
export const eventRow = (document: EventDocument): Row => rowOf('events', document);

/** `end_timestamp_ms` of an incident that goes on (docs/data-model.md). */
export const GOES_ON = -1;

/** Times are whole milliseconds in the table; an incident that goes on has no end. */
export function incidentRow(document: IncidentDocument): Row {
  const { start_timestamp_ms: start, end_timestamp_ms: end } = document;
  return {
    ...rowOf('incidents', document),
    start_timestamp_ms: Math.round(start),
    end_timestamp_ms: end === GOES_ON ? undefined : Math.round(end),
  };
}
