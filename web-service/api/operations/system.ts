/** Operations: system. */

import { liveQuery } from '../live.js';
import { json, type Operation } from '../operation.js';
import * as s from '../system.js';

export const SYSTEM = {
  getStatus: {
    method: 'GET',
    path: '/status',
    tag: 'System',
    summary: 'The daemons and the store',
    role: 'viewer',
    status: 200,
    reply: json(s.status),
  },
  live: {
    method: 'GET',
    path: '/live',
    tag: 'System',
    summary: 'Server-sent events: measurements, events, incidents, findings, status',
    role: 'viewer',
    query: liveQuery,
    status: 200,
    reply: 'events',
  },
  getDiagnosis: {
    method: 'GET',
    path: '/doctor',
    tag: 'System',
    summary: 'What `makai doctor` finds; takes seconds',
    role: 'admin',
    status: 200,
    reply: json(s.diagnosis),
  },
} as const satisfies Record<string, Operation>;
