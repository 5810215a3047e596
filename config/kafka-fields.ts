/** The setting `kafka`: how Kafka is reached, and what waits for it. The triggering service and the gateway have it. */
import { z } from 'zod';
import { clientCertificateFields } from './client-fields.js';
import { expecting, field, ours } from './field.js';
import { oneOf, path, text, whole } from './types.js';

const MAX_BROKERS = 20;
const GIB = 2 ** 30;

const brokerAddress = () =>
  expecting(
    z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:/?#@[\]]+):\d{1,5}$/),
    'an address such as "kafka1.example.org:9092"; TLS and the user are settings of their own',
  );

/** How a daemon reaches Kafka. */
const kafkaServerFields = () => ({
  brokers: ours(
    expecting(
      z.array(brokerAddress()).min(1).max(MAX_BROKERS),
      `a list of addresses such as "kafka1.example.org:9092", at most ${MAX_BROKERS}`,
    ),
    'Brokers',
    'Addresses of Kafka brokers; the others of the cluster are found by themselves.',
  ),
  tls: field(
    z
      .strictObject({
        ca: field(path().optional(), {
          title: 'Certificate authority',
          description: 'PEM file with the certificate that those of the brokers are checked against.',
          from: 'ours',
          defaultText: 'those that Node.js has',
        }),
        ...clientCertificateFields(),
      })
      .optional(),
    {
      title: 'TLS',
      description: 'Connects with TLS; `{}` where the certificate of the brokers is from a public authority.',
      from: 'ours',
      defaultText: 'plain',
    },
  ),
  sasl: field(
    z
      .strictObject({
        mechanism: ours(
          oneOf(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']).default('SCRAM-SHA-512'),
          'Mechanism',
          'As the listener of the brokers has it. `PLAIN` sends the password as it is: use it with `tls` only.',
        ),
        user: ours(text(200), 'User', 'Name at the brokers.'),
        password_file: ours(
          path(),
          'Password',
          'File that holds the password of `user` and nothing else. It is refused if other users can read it.',
        ),
      })
      .optional(),
    { title: 'SASL', description: 'Logs in at the brokers.', from: 'ours', defaultText: 'no login' },
  ),
  topic_prefix: ours(
    expecting(
      z
        .string()
        .regex(/^[A-Za-z0-9._-]{0,200}$/)
        .default('makai.'),
      'the begin of the names of topics: letters, digits, ".", "_" and "-"',
    ),
    'Prefix of topics',
    'Topics are `makai.measurements`, `makai.trends`, `makai.events` and `makai.incidents` with the default.',
  ),
  format: ours(
    oneOf(['json', 'protobuf']).default('json'),
    'Format',
    'Of the value of a record: a JSON object, or a message of `proto/kafka.proto`, which is in the package. Topics should have one format: change it together with the prefix.',
  ),
});

const TITLE = 'Kafka';

/** Of the triggering service. */
export const kafkaMeasurementFields = () =>
  field(
    z
      .strictObject({
        ...kafkaServerFields(),
        queue: ours(
          z
            .strictObject({
              path: ours(
                path().default('/var/lib/opq/spool'),
                'Folder of the queue',
                'The service keeps one SQLite file in it, `triggering-service-kafka.db`.',
              ),
              max_bytes: ours(
                whole(2 ** 20, 2 ** 50, 'bytes').default(GIB),
                'Max size of the queue',
                'When it is full the oldest measurements in it are dropped and counted; they stay in the store.',
              ),
            })
            .prefault({}),
          'Queue',
          'Where measurements wait on disk while Kafka does not take them. The store does not wait for Kafka.',
        ),
      })
      .optional(),
    {
      title: TITLE,
      description: 'Measurements also go to Kafka (docs/kafka.md).',
      from: 'ours',
      defaultText: 'none',
    },
  );

/** Of the gateway. */
export const kafkaFollowerFields = () =>
  field(z.strictObject(kafkaServerFields()).optional(), {
    title: TITLE,
    description:
      'Trends, events and incidents also go to Kafka (docs/kafka.md). What waits for it is kept in a file of its own in `state`, of the size that `outbox.max_bytes` allows.',
    from: 'ours',
    defaultText: 'none',
  });
