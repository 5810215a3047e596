/** Operations: events. */
import { z } from 'zod';
import * as c from '../common.js';
import * as e from '../events.js';
import { FILES, json, type Operation } from '../operation.js';
import * as r from '../reports.js';
import * as w from '../waveform.js';

const ofEvent = z.object({ event_id: c.eventId });
const ofBoxEvent = z.object({ event_id: c.eventId, box_id: c.boxId });

export const EVENTS = {
  listEvents: {
    method: 'GET',
    path: '/events',
    tag: 'Events',
    summary: 'Events by target start',
    role: 'viewer',
    query: e.eventsQuery,
    status: 200,
    reply: json(e.events),
  },
  requestEvent: {
    method: 'POST',
    path: '/events',
    tag: 'Events',
    summary: 'Ask boxes for the waveforms of a window',
    role: 'operator',
    body: e.eventRequest,
    status: 202,
    reply: json(e.requestedEvent),
  },
  getEvent: {
    method: 'GET',
    path: '/events/{event_id}',
    tag: 'Events',
    summary: 'One event with its box events and incidents',
    role: 'viewer',
    params: ofEvent,
    status: 200,
    reply: json(e.eventDetail),
  },
  exportEvent: {
    method: 'GET',
    path: '/events/{event_id}/export',
    tag: 'Events',
    summary: 'Its waveforms as a file; several FILES as one ZIP',
    role: 'viewer',
    params: ofEvent,
    query: r.eventExportQuery,
    status: 200,
    reply: FILES,
  },
  getBoxEvent: {
    method: 'GET',
    path: '/events/{event_id}/boxes/{box_id}',
    tag: 'Events',
    summary: 'One box in one event, with the times of its cycles',
    role: 'viewer',
    params: ofBoxEvent,
    status: 200,
    reply: json(e.boxEventDetail),
  },
  getWaveform: {
    method: 'GET',
    path: '/events/{event_id}/boxes/{box_id}/waveform',
    tag: 'Events',
    summary: 'Samples, or min/max bands',
    role: 'viewer',
    params: ofBoxEvent,
    query: w.waveformQuery,
    status: 200,
    reply: { types: [w.WAVEFORM_TYPE], json: w.waveform },
  },
  getRms: {
    method: 'GET',
    path: '/events/{event_id}/boxes/{box_id}/rms',
    tag: 'Events',
    summary: 'Urms(1/2)',
    role: 'viewer',
    params: ofBoxEvent,
    query: w.rmsQuery,
    status: 200,
    reply: json(w.rms),
  },
  getSpectrum: {
    method: 'GET',
    path: '/events/{event_id}/boxes/{box_id}/spectrum',
    tag: 'Events',
    summary: 'Harmonics of a span of up to ten seconds',
    role: 'viewer',
    params: ofBoxEvent,
    query: w.sampleRangeQuery,
    status: 200,
    reply: json(w.spectrum),
  },
} as const satisfies Record<string, Operation>;
