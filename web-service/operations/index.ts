/** Every operation with what does it. */
import type { Services } from '../services.js';
import { Waveforms } from '../waveforms/load.js';
import { alertHandlers } from './alerts.js';
import { boxFindingsHandler } from './box-findings.js';
import { boxHandlers } from './boxes.js';
import { eventHandlers } from './events.js';
import { exportHandlers } from './exports.js';
import type { Handlers } from './handler.js';
import { incidentHandlers } from './incidents.js';
import { keyHandlers } from './keys.js';
import { reportHandlers } from './reports.js';
import { systemHandlers } from './system.js';
import { userHandlers } from './users.js';
import { valueHandlers } from './values.js';

export function allHandlers(services: Services): Handlers {
  const waveforms = new Waveforms(services.link, services.boxes, services.clock);
  return {
    ...boxHandlers(services),
    listBoxFindings: boxFindingsHandler(services),
    ...valueHandlers(services),
    ...eventHandlers(services, waveforms),
    ...exportHandlers(services, waveforms),
    ...incidentHandlers(services),
    ...reportHandlers(services),
    ...alertHandlers(services),
    ...systemHandlers(services),
    ...keyHandlers(services),
    ...userHandlers(services),
  };
}
