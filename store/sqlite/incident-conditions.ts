/** The conditions of a query for incidents, as SQL. */
import type { IncidentQuery } from '../documents.js';
import { GOES_ON } from '../incidents.js';

export function conditionsOf({
  boxId,
  classification,
  endsFromMs,
  eventId,
  goesOn,
  isGrouped,
}: IncidentQuery) {
  const end = "json_extract(document, '$.end_timestamp_ms')";
  const classes = "json_each(document, '$.classifications')";
  const conditions: { sql: string; value: number | string }[] = [];
  if (boxId !== undefined) conditions.push({ sql: 'box_id = ?', value: boxId });
  if (eventId !== undefined) conditions.push({ sql: 'event_id = ?', value: eventId });
  if (goesOn !== undefined) conditions.push({ sql: `${end} ${goesOn ? '=' : '<>'} ?`, value: GOES_ON });
  if (endsFromMs !== undefined) conditions.push({ sql: `${end} >= ?`, value: endsFromMs });
  if (isGrouped !== undefined)
    conditions.push({ sql: "(json_type(document, '$.group') IS NOT NULL) = ?", value: Number(isGrouped) });
  if (classification !== undefined)
    conditions.push({ sql: `EXISTS (SELECT 1 FROM ${classes} WHERE value = ?)`, value: classification });
  return conditions;
}
