/** Operations: alerts and rules. */
import { z } from 'zod';
import * as a from '../alerts.js';
import { listOf } from '../common.js';
import { json, type Operation } from '../operation.js';

export const ALERTS = {
  listAlerts: {
    method: 'GET',
    path: '/alerts',
    tag: 'Alerts',
    summary: 'Alerts of the gateway, the newest first',
    role: 'viewer',
    query: a.alertQuery,
    status: 200,
    reply: json(listOf(a.alert)),
  },
  getAlert: {
    method: 'GET',
    path: '/alerts/{alert_id}',
    tag: 'Alerts',
    summary: 'One alert',
    role: 'viewer',
    params: z.object({ alert_id: a.alertId }),
    status: 200,
    reply: json(a.alert),
  },
  changeAlert: {
    method: 'PATCH',
    path: '/alerts/{alert_id}',
    tag: 'Alerts',
    summary: 'Acknowledge or silence an alert',
    role: 'operator',
    params: z.object({ alert_id: a.alertId }),
    body: a.alertChange,
    status: 200,
    reply: json(a.alert),
  },
  getRules: {
    method: 'GET',
    path: '/rules',
    tag: 'Alerts',
    summary: 'The filters and rules in force',
    role: 'viewer',
    status: 200,
    reply: json(a.rules),
  },
  setRules: {
    method: 'POST',
    path: '/rules',
    tag: 'Alerts',
    summary: 'Replace all filters and rules; a file with mistakes changes nothing',
    role: 'operator',
    body: a.newRules,
    status: 200,
    reply: json(a.rules),
  },
  changeRules: {
    method: 'PATCH',
    path: '/rules',
    tag: 'Alerts',
    summary: 'Replace the filters or the rules',
    role: 'operator',
    body: a.rulesChange,
    status: 200,
    reply: json(a.rules),
  },
  removeRules: {
    method: 'DELETE',
    path: '/rules',
    tag: 'Alerts',
    summary: 'Remove all filters and rules',
    role: 'operator',
    status: 204,
    reply: 'none',
  },
} as const satisfies Record<string, Operation>;
