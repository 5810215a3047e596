/** The triggering broker's file (default /etc/opq/triggering_broker.json). */
import { z } from 'zod';
import { field, ours } from './field.js';
import {
  backendCurveServer,
  boxAccessFields,
  nextEndpoint,
  runFields,
  statusConnectionsField,
  storeFields,
} from './shared-fields.js';
import { bindEndpoint, whole } from './types.js';

export const triggeringBrokerSchema = z.strictObject({
  ...boxAccessFields(),
  interface: field(bindEndpoint().default('tcp://127.0.0.1:9880'), {
    title: 'Endpoint for boxes',
    description: 'Where boxes send their measurements (CURVE). The field uses `tcp://*:9880`.',
    from: '2018, 2020',
  }),
  interface_next: nextEndpoint('interface'),
  backend: field(bindEndpoint().default('tcp://127.0.0.1:9881'), {
    title: 'Endpoint for services',
    description: 'Where services subscribe to the measurements. The field uses `tcp://*:9881`.',
    from: '2018, 2020',
  }),
  backend_curve: backendCurveServer(),
  ...storeFields(),
  ...runFields('triggering-broker'),
  limits: field(
    z
      .strictObject({
        message_bytes: ours(
          whole(1024, 2 ** 24, 'bytes').default(65_536),
          'Longest frame',
          'A peer that sends a longer one is disconnected.',
        ),
        queue_messages: ours(
          whole(1, 10_000_000, 'messages').default(100_000),
          'Queue of a subscriber',
          'Messages kept for a subscriber that is slower than the stream; further ones are dropped.',
        ),
        status_connections: statusConnectionsField(),
      })
      .prefault({}),
    { title: 'Limits', description: 'What a peer can make the broker hold.', from: 'ours' },
  ),
});
