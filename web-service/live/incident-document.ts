/** The form of an incident in a notice, as far as it is passed on: it comes from a socket. */
import { z } from 'zod';
import { incident } from '../api/incidents.js';

export const incidentDocument = incident
  .omit({ figures: true })
  .extend({ measurements: z.array(z.unknown()) });
