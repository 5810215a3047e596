/** Every operation of the HTTP API: the one list from which routes, checks of parameters, and the OpenAPI document are made. Paths are below /api/v1. */
import { ALERTS } from './operations/alerts.js';
import { BOXES } from './operations/boxes.js';
import { EVENTS } from './operations/events.js';
import { INCIDENTS } from './operations/incidents.js';
import { KEYS } from './operations/keys.js';
import { REPORTS } from './operations/reports.js';
import { SYSTEM } from './operations/system.js';
import { USERS } from './operations/users.js';
import { VALUES } from './operations/values.js';

export const OPERATIONS = {
  ...BOXES,
  ...VALUES,
  ...EVENTS,
  ...INCIDENTS,
  ...REPORTS,
  ...ALERTS,
  ...SYSTEM,
  ...KEYS,
  ...USERS,
} as const;

export type OperationName = keyof typeof OPERATIONS;
