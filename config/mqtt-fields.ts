/** How an MQTT broker is reached: of the gateway's own broker, and of a second one. */
import { z } from 'zod';
import { clientCertificateFields, optionalPath } from './client-fields.js';
import { expecting, field, ours } from './field.js';
import { oneOf, path, text } from './types.js';

const mqttUrl = () =>
  expecting(
    z.string().regex(/^mqtts?:\/\/(\[[0-9a-fA-F:.]+\]|[^\s:/?#@[\]]+)(:\d{1,5})?$/),
    'an address such as "mqtt://broker.example.org:1883" or "mqtts://broker.example.org:8883"; the user is a setting of its own',
  );

/** @param clientId the default */
export const mqttClientFields = (clientId: string) => ({
  url: field(mqttUrl().optional(), {
    title: 'Broker',
    description: 'Address of an MQTT broker. `mqtts` is TLS.',
    from: 'ours',
    defaultText: 'none',
  }),
  version: ours(oneOf(['3.1.1', '5']).default('5'), 'Version', 'Of the MQTT protocol.'),
  client_id: ours(
    expecting(
      z
        .string()
        .regex(/^[\w.-]{1,100}$/)
        .default(clientId),
      '1 to 100 letters, digits, dots, hyphens or underscores',
    ),
    'Client id',
    'Names the session, which the broker keeps while the connection is lost. Two gateways at one broker need different ones.',
  ),
  user: field(text(200).optional(), { title: 'User', description: 'Name at the broker.', from: 'ours' }),
  password_file: optionalPath(
    'Password',
    'File that holds the password and nothing else. It is refused if other users can read it.',
  ),
  ca: field(path().optional(), {
    title: 'Certificate authority',
    description: 'PEM file with the certificate that the certificate of the broker is checked against.',
    from: 'ours',
    defaultText: 'those that Node.js has',
  }),
  ...clientCertificateFields(),
});
