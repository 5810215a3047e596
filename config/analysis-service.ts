/** The analysis service's file (default /etc/opq/analysis_service.json): all of it is ours. */
import { z } from 'zod';
import { backendCurveClient, furtherTriggerEndpoints } from './backend-fields.js';
import { field, ours } from './field.js';
import { natsFollowerFields } from './nats-fields.js';
import {
  incidentIdField,
  lifeSeconds,
  nominalFields,
  retentionFields,
  runFields,
  storeFields,
} from './shared-fields.js';
import { bindEndpoint, connectEndpoint, oneOf, whole } from './types.js';

const YEAR_SECONDS = 31_536_000;

export const analysisServiceSchema = () =>
  z.strictObject({
    zmq_trigger_endpoint: ours(
      connectEndpoint().default('tcp://127.0.0.1:9881'),
      'Endpoint of the triggering broker',
      'The `backend` in its file: the measurement stream, by which outages are known.',
    ),
    ...furtherTriggerEndpoints(),
    zmq_data_endpoint: ours(
      connectEndpoint().default('tcp://127.0.0.1:9899'),
      'Endpoint for notices of events',
      "The acquisition broker's `backend_pub`. A notice only makes the service look into the store sooner.",
    ),
    backend_curve: backendCurveClient(),
    incident_pub: ours(
      bindEndpoint().default('tcp://127.0.0.1:9895'),
      'Endpoint for notices of incidents',
      'Where incidents are published once they are stored: docs/incidents.md.',
    ),
    incidents: ours(
      oneOf(['on', 'off']).default('on'),
      'Incidents',
      'Whether waveforms are classified. `off` where the existing analysis service does it.',
    ),
    ...incidentIdField(),
    ...nominalFields(),
    workers: field(whole(1, 64).optional(), {
      title: 'Workers',
      description:
        'Threads that analyse waveforms, each one event at a time. They are started when there is work.',
      from: 'ours',
      defaultText: 'the number of cores, at most 4',
    }),
    nats: natsFollowerFields(
      'the boxes are divided among all that run, and one looks after groups and outages',
    ),
    ...storeFields(),
    ...retentionFields(),
    mongo_incidents_expiration_seconds: field(lifeSeconds().default(YEAR_SECONDS), {
      title: 'Retention of incidents',
      description:
        'Seconds an incident is kept. Its event, and the measurements and trends of its span, are kept as long.',
      from: 'ours',
    }),
    mongo_trends_expiration_seconds: field(lifeSeconds().optional(), {
      title: 'Retention of ten-minute values',
      description:
        "Seconds a ten-minute or two-hour value is kept: as long as trends, whose setting in the triggering service's file has the same name.",
      from: 'ours',
      defaultText: 'none: for good',
    }),
    ...runFields('analysis-service'),
  });
