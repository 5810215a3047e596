/** Operations: incidents. */
import { z } from 'zod';
import * as c from '../common.js';
import * as i from '../incidents.js';
import { FILES, json, type Operation } from '../operation.js';
import * as r from '../reports.js';

const ofIncident = z.object({ incident_id: c.incidentId });

export const INCIDENTS = {
  listIncidents: {
    method: 'GET',
    path: '/incidents',
    tag: 'Incidents',
    summary: 'Incidents by start',
    role: 'viewer',
    query: i.incidentsQuery,
    status: 200,
    reply: json(i.incidents),
  },
  exportIncidents: {
    method: 'GET',
    path: '/incidents/export',
    tag: 'Incidents',
    summary: 'Incidents as a file',
    role: 'viewer',
    query: r.incidentsExportQuery,
    status: 200,
    reply: FILES,
  },
  getIncident: {
    method: 'GET',
    path: '/incidents/{incident_id}',
    tag: 'Incidents',
    summary: 'One incident',
    role: 'viewer',
    params: ofIncident,
    status: 200,
    reply: json(i.incidentDetail),
  },
  annotateIncident: {
    method: 'POST',
    path: '/incidents/{incident_id}/annotations',
    tag: 'Incidents',
    summary: 'Add a remark',
    role: 'operator',
    params: ofIncident,
    body: i.annotation,
    status: 201,
    reply: json(i.incidentDetail),
  },
} as const satisfies Record<string, Operation>;
