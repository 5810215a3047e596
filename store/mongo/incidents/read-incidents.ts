/** Reading incidents, also those that the existing analysis service wrote. */
import type { IncidentDocument, IncidentQuery } from '../../documents.js';
import { GOES_ON } from '../../incidents.js';
import { type Context, collection } from '../connection/context.js';
import { streamed } from '../connection/cursor.js';
import { mapped } from '../connection/errors.js';
import { int32 } from '../fields/bson.js';
import { incidentOf } from './incident-document.js';

export async function readIncident(
  context: Context,
  incidentId: number,
): Promise<IncidentDocument | undefined> {
  const document = await mapped(`read incident ${incidentId}`, () =>
    collection(context, 'incidents').findOne(
      { incident_id: int32(incidentId) },
      { sort: { start_timestamp_ms: -1 } },
    ),
  );
  return document === null ? undefined : incidentOf(document);
}

export function readIncidents(
  context: Context,
  { boxId, classification, endsFromMs, eventId, goesOn, isGrouped, ...range }: IncidentQuery = {},
): AsyncIterable<IncidentDocument> {
  const end = {
    ...(goesOn === undefined ? {} : { [goesOn ? '$eq' : '$ne']: GOES_ON }),
    ...(endsFromMs === undefined ? {} : { $gte: endsFromMs }),
  };
  const filter = {
    ...(boxId === undefined ? {} : { box_id: boxId }),
    ...(eventId === undefined ? {} : { event_id: int32(eventId) }),
    ...(classification === undefined ? {} : { classifications: classification }),
    ...(Object.keys(end).length === 0 ? {} : { end_timestamp_ms: end }),
    ...(isGrouped === undefined ? {} : { group: { $exists: isGrouped } }),
  };
  const from = collection(context, 'incidents');
  return streamed(from, filter, 'start_timestamp_ms', range, incidentOf, 'incident_id');
}

export async function readIncidentsOfEvent(context: Context, eventId: number): Promise<IncidentDocument[]> {
  const documents = await mapped(`read the incidents of event ${eventId}`, () =>
    collection(context, 'incidents')
      .find({ event_id: int32(eventId) })
      .sort({ start_timestamp_ms: 1, incident_id: 1 })
      .toArray(),
  );
  return documents.map(incidentOf);
}
