/** Settings of the sockets between our daemons: CURVE on both sides, and where a service that follows the others finds them. */
import { z } from 'zod';
import { expecting, field, ours } from './field.js';
import { statusOf } from './shared-fields.js';
import { connectEndpoint, path } from './types.js';

/** CURVE on the sockets that our own services connect to. Plain without it. */
export const backendCurveServer = () =>
  field(
    z
      .strictObject({
        server_cert: ours(path(), 'Key pair', 'File with the key pair that clients know the backend by.'),
        client_certs: ours(
          path(),
          'Public keys of clients',
          'Folder with a public certificate for each client that may connect.',
        ),
      })
      .optional(),
    {
      title: 'Encrypted backend',
      description: 'Encrypts the sockets that services connect to (CURVE).',
      from: 'ours',
      defaultText: 'plain, as existing services expect',
    },
  );

/** The other side of it: a service that connects to the brokers. */
export const backendCurveClient = () =>
  field(
    z
      .strictObject({
        server_key: ours(
          path(),
          'Public key of the brokers',
          "File with the public certificate of the key pair in the brokers' `backend_curve`.",
        ),
        cert: ours(
          path(),
          'Own key pair',
          'File with the key pair of this service. It is refused if other users can read it.',
        ),
      })
      .optional(),
    {
      title: 'Encrypted backend',
      description: 'Connects to the brokers with CURVE, when their files have `backend_curve`.',
      from: 'ours',
      defaultText: 'plain, as existing brokers expect',
    },
  );

export const MAX_TRIGGERING_BROKERS = 16;

/** Where several triggering brokers share the boxes: a service that reads their backends hears all of them. */
export const furtherTriggerEndpoints = () => ({
  further_trigger_endpoints: ours(
    expecting(
      z
        .array(connectEndpoint())
        .max(MAX_TRIGGERING_BROKERS - 1)
        .default([]),
      `a list of at most ${MAX_TRIGGERING_BROKERS - 1} endpoints such as \`tcp://broker2.example.org:9881\``,
    ),
    'Further triggering brokers',
    'Where several triggering brokers share the boxes (docs/cluster.md): the `backend` of each of the others, each once and by the same name: while one is not connected, the analysis service reports no outages.',
  ),
});

/** Each triggering broker once: the first may be named among the further ones too. */
export const triggerEndpointsOf = (fields: {
  zmq_trigger_endpoint: string;
  further_trigger_endpoints: readonly string[];
}): string[] => [...new Set([fields.zmq_trigger_endpoint, ...fields.further_trigger_endpoints])];

/**
 * Endpoints of a service that follows the brokers and the analysis service.
 * @param notices what a notice of an event does there, as a sentence
 */
export const followedEndpoints = (notices = '') => ({
  zmq_trigger_endpoint: ours(
    connectEndpoint().default('tcp://127.0.0.1:9881'),
    'Endpoint of the triggering broker',
    'The `backend` in its file: live measurements.',
  ),
  ...furtherTriggerEndpoints(),
  zmq_acquisition_endpoint: ours(
    connectEndpoint().default('tcp://127.0.0.1:9884'),
    'Endpoint for event requests',
    "The acquisition broker's `backend_pull`.",
  ),
  zmq_data_endpoint: ours(
    connectEndpoint().default('tcp://127.0.0.1:9899'),
    'Endpoint for notices of events',
    `The acquisition broker's \`backend_pub\`. ${notices}`.trim(),
  ),
  incident_endpoint: ours(
    connectEndpoint().default('tcp://127.0.0.1:9895'),
    'Endpoint for notices of incidents',
    "The analysis service's `incident_pub`.",
  ),
  backend_curve: backendCurveClient(),
});

/** Status servers of the daemons that such a service follows. */
export const followedDaemons = () => ({
  'triggering-broker': statusOf('triggering-broker'),
  'acquisition-broker': statusOf('acquisition-broker'),
  'triggering-service': statusOf('triggering-service'),
  'analysis-service': statusOf('analysis-service'),
});
