/** Documents as rows of the Parquet tables: the fields that the tables have, and nothing else. */
import type { EventDocument, MeasurementDocument, TrendDocument } from '../../store/store.js';
import { type Row, TABLES, type TableName } from '../parquet/index.js';

function rowOf(table: TableName, document: object): Row {
  const fields = new Map(Object.entries(document));
  return Object.fromEntries(TABLES[table].map(({ name }) => [name, fields.get(name) ?? undefined]));
}

export const measurementRow = (document: MeasurementDocument): Row => rowOf('measurements', document);
export const trendRow = (document: TrendDocument): Row => rowOf('trends', document);
export const eventRow = (document: EventDocument): Row => rowOf('events', document);
