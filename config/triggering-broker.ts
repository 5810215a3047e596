/** The triggering broker's file (default /etc/opq/triggering_broker.json). */
import { z } from 'zod';
import { backendCurveServer } from './backend-fields.js';
import { field, ours } from './field.js';
import { natsRelayFields } from './nats-fields.js';
import { boxAccessFields, nextEndpoint, runFields, storeFields, trafficField } from './shared-fields.js';
import { bindEndpoint, whole } from './types.js';

export const triggeringBrokerSchema = () =>
  z.strictObject({
    ...boxAccessFields(),
    interface: field(bindEndpoint().default('tcp://127.0.0.1:9880'), {
      title: 'Endpoint for boxes',
      description:
        'Where boxes send their measurements (CURVE). Existing boxes expect port 9880 (`tcp://*:9880`).',
      from: 'v2, v3',
    }),
    interface_next: nextEndpoint('interface'),
    backend: field(bindEndpoint().default('tcp://127.0.0.1:9881'), {
      title: 'Endpoint for services',
      description: 'Where services subscribe to the measurements. Existing services expect port 9881.',
      from: 'v2, v3',
    }),
    backend_curve: backendCurveServer(),
    nats: natsRelayFields(),
    ...storeFields(),
    ...runFields('triggering-broker'),
    ...trafficField(
      "Accepted here, used by the triggering service: the stream's traffic is counted there, since this broker's proxy runs inside libzmq.",
    ),
    limits: field(
      z
        .strictObject({
          message_bytes: ours(
            whole(1024, 2 ** 24, 'bytes').default(65_536),
            'Longest frame of a box',
            'A box that sends a longer one is disconnected.',
          ),
          queue_messages: ours(
            whole(1, 10_000_000, 'messages').default(100_000),
            'Queue of a subscriber',
            'Messages kept for a subscriber that is slower than the stream; when full, new ones are dropped for that subscriber.',
          ),
        })
        .prefault({}),
      { title: 'Limits', description: 'How much a peer can make the broker hold.', from: 'ours' },
    ),
  });
