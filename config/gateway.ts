/** The gateway's file (default /etc/opq/gateway.json): all of it is ours. */
import { z } from 'zod';
import { followedDaemons, followedEndpoints } from './backend-fields.js';
import { expecting, field, ours } from './field.js';
import { kafkaFollowerFields } from './kafka-fields.js';
import { meterFields } from './meter-fields.js';
import { mqttClientFields } from './mqtt-fields.js';
import { isFilter, isTopic } from './mqtt-topics.js';
import { natsFollowerFields } from './nats-fields.js';
import { retentionFields, runFields, statusOf, storeFields } from './shared-fields.js';
import { between, oneOf, path, webAddress, whole } from './types.js';

const MOST_BOXES = 100_000;

const prefix = () =>
  expecting(
    z
      .string()
      .max(1000)
      .refine((text) => text === '' || isTopic(text))
      .default(''),
    'the begin of a topic, without + and #, such as "site1/"',
  );

const bridgeTopic = () =>
  expecting(
    z.strictObject({
      filter: expecting(z.string().refine(isFilter), 'a topic or filter of topics, such as "makai/events/#"'),
      direction: oneOf(['in', 'out', 'both']),
      local_prefix: prefix(),
      remote_prefix: prefix(),
    }),
    'an object with "filter" and "direction"',
  );

export const gatewaySchema = () =>
  z.strictObject({
    mqtt: ours(
      z
        .strictObject({
          ...mqttClientFields('makai-gateway'),
          listen: ours(
            webAddress().default('127.0.0.1:1883'),
            'Address of the embedded broker',
            '`host:port`. Used without `url`. An address that other machines reach needs `tls`.',
          ),
          login: ours(
            oneOf(['on', 'off']).default('on'),
            'Login at the embedded broker',
            'With the names and passwords of the web service (`makai users`): a viewer reads, an operator also requests and publishes. `off`: whoever reaches the address may do everything; only on a loopback address.',
          ),
          tls: field(
            z
              .strictObject({
                cert: ours(path(), 'Certificate', 'PEM file with the certificate of the embedded broker.'),
                key: ours(
                  path(),
                  'Private key',
                  'PEM file with its key. It is refused if other users can read it.',
                ),
              })
              .optional(),
            {
              title: 'TLS of the embedded broker',
              description: 'Serves MQTT over TLS at `listen`.',
              from: 'ours',
              defaultText: 'plain',
            },
          ),
        })
        .prefault({}),
      'MQTT',
      'The broker that everything is published to: the one at `url`, otherwise an embedded one at `listen`.',
    ),
    measurements: ours(
      z
        .strictObject({
          per_second: ours(
            between(0, 60, 'measurements').default(1),
            'Rate',
            'Live measurements of each box in a second, at most; the newest each time. 0: none.',
          ),
          boxes: field(
            expecting(
              z
                .array(expecting(z.string().regex(/^\d{1,10}$/), 'the id of a box, such as "1001"'))
                .max(MOST_BOXES)
                .optional(),
              'a list of box ids such as ["1001", "1002"]',
            ),
            {
              title: 'Boxes',
              description: 'Whose measurements are published.',
              from: 'ours',
              defaultText: 'all boxes',
            },
          ),
        })
        .prefault({}),
      'Live measurements',
      'Published as they come from the triggering broker. A loss costs a live value, never a record.',
    ),
    state: ours(
      path().default('/var/lib/opq/gateway'),
      'Folder of the state',
      'What has been published, and what waits while the broker is unavailable.',
    ),
    outbox: ours(
      z
        .strictObject({
          max_bytes: ours(
            whole(1_048_576, 2 ** 40, 'bytes').default(2 ** 28),
            'Max size of the outbox',
            'Of messages that wait on disk. When it is full the gateway reads no more events and incidents from the store, where they are kept, until there is room again.',
          ),
          measurements: ours(
            whole(0, 1_000_000).default(10_000),
            'Measurements that wait',
            'Live measurements that are kept in memory while the broker is unavailable. Beyond that the oldest are dropped and counted.',
          ),
        })
        .prefault({}),
      'Outbox',
      'What waits while the broker is unavailable.',
    ),
    ...followedEndpoints('A notice only makes the gateway look into the store sooner.'),
    daemons: ours(
      z.strictObject({ ...followedDaemons(), 'web-service': statusOf('web-service') }).prefault({}),
      'Status of the other daemons',
      'Where they serve their status, by the name of the daemon.',
    ),
    home_assistant: field(
      expecting(
        z
          .string()
          .regex(/^[\w-]{1,100}(\/[\w-]{1,100}){0,5}$/)
          .optional(),
        'a prefix of topics such as "homeassistant"',
      ),
      {
        title: 'Home Assistant',
        description: 'Its discovery prefix: each box is announced there as a device with its values.',
        from: 'ours',
        defaultText: 'none: boxes are not announced',
      },
    ),
    bridge: field(
      z
        .strictObject({
          ...mqttClientFields('makai-bridge'),
          topics: ours(
            expecting(z.array(bridgeTopic()).min(1).max(100).default([]), 'a list of 1 to 100 topics'),
            'Topics',
            'What is passed on: objects with `filter`, `direction` (`in`: from the second broker, `out`: to it, `both`), and where wanted `local_prefix` and `remote_prefix`, which are put before the filter on either side.',
          ),
          max_messages: ours(
            whole(1, 1_000_000).default(1000),
            'Buffer',
            'Messages that wait in memory, each way, while a broker is unavailable. Beyond that the oldest are dropped and counted.',
          ),
        })
        .optional(),
      {
        title: 'Bridge',
        description: 'Passes messages on between the broker and a second one.',
        from: 'ours',
        defaultText: 'none',
      },
    ),
    meters: meterFields(),
    kafka: kafkaFollowerFields(),
    nats: natsFollowerFields('one is active, the others stand by, and what it has to do is kept in NATS too'),
    web: ours(
      expecting(
        z
          .string()
          .max(500)
          .regex(/^https?:\/\/[^\s/?#]+(\/[^\s?#]*)?$/)
          .default('http://127.0.0.1:8088'),
        'an address such as "https://makai.example.org"',
      ),
      'Address of the page',
      'For links in alerts.',
    ),
    notify: ours(
      path().default('/etc/opq/notify.yaml'),
      'Recipients',
      'YAML file with the recipients of notifications (docs/alerts.md). Without the file there are none.',
    ),
    ...storeFields(),
    ...retentionFields(),
    ...runFields('gateway'),
  });
