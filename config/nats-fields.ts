/** The setting `nats`: how NATS is reached, the stream in JetStream that the triggering broker writes and the triggering service reads, and what several acquisition brokers share. */
import { z } from 'zod';
import { clientCertificateFields, optionalPath } from './client-fields.js';
import { expecting, field, ours } from './field.js';
import { path, text, whole } from './types.js';

const DAY_SECONDS = 86_400;
const MAX_SERVERS = 20;
const MAX_REPLICAS = 5;
const GIB = 2 ** 30;

const natsUrl = () =>
  expecting(
    z.string().regex(/^(nats|tls):\/\/(\[[0-9a-fA-F:.]+\]|[^\s:/?#@[\]]+)(:\d{1,5})?$/),
    'an address such as "nats://nats1.example.org:4222" or "tls://nats1.example.org:4222"; the user is a setting of its own',
  );

/** How a daemon reaches NATS. */
const natsServerFields = () => ({
  servers: ours(
    expecting(
      z.array(natsUrl()).min(1).max(MAX_SERVERS),
      `a list of addresses such as "nats://nats1.example.org:4222", at most ${MAX_SERVERS}`,
    ),
    'Servers',
    'Addresses of the NATS servers; `tls://` requires TLS, and names rather than addresses: the client compares an address with a certificate for `localhost`. Further servers of the cluster are found by themselves.',
  ),
  credentials: optionalPath(
    'Credentials',
    'File with credentials (`.creds`), in place of `user`. It is refused if other users can read it.',
  ),
  user: field(text(200).optional(), { title: 'User', description: 'Name at the servers.', from: 'ours' }),
  password_file: optionalPath(
    'Password',
    'File that holds the password of `user` and nothing else. It is refused if other users can read it.',
  ),
  tls: field(
    z
      .strictObject({
        ca: field(path().optional(), {
          title: 'Certificate authority',
          description: 'PEM file with the certificate that those of the servers are checked against.',
          from: 'ours',
          defaultText: 'those that Node.js has',
        }),
        ...clientCertificateFields(),
      })
      .optional(),
    {
      title: 'TLS',
      description: 'Requires TLS at every server.',
      from: 'ours',
      defaultText: 'TLS where an address is `tls://` or the server offers it',
    },
  ),
});

/** Of a daemon that only needs to reach the servers. @param without what holds where the setting is left out */
const natsServersFields = (description: string, without: string) =>
  field(z.strictObject(natsServerFields()).optional(), {
    title: 'NATS',
    description,
    from: 'ours',
    defaultText: without,
  });

/** Of a service that follows the store and shares its work with others of its kind. @param shared what they share */
export const natsFollowerFields = (shared: string) =>
  natsServersFields(
    `Several services of this kind share one store: ${shared} (docs/cluster.md, "Followers").`,
    'none: one service of this kind has a store',
  );

/** Of the web service. */
export const natsNoticesFields = () =>
  natsServersFields(
    'Notices of incidents come from all analysis services that have this setting, in place of `incident_endpoint` (docs/cluster.md, "Followers").',
    'none: there is one analysis service',
  );

/** Of the triggering service. */
export const natsReaderFields = () =>
  natsServersFields(
    'The measurements come from the JetStream stream that the triggering broker writes, in place of `zmq_trigger_endpoint`; all services with this setting divide the boxes among them (docs/cluster.md).',
    'none',
  );

/** Of the acquisition broker. */
export const natsBrokerFields = () =>
  field(
    z
      .strictObject({
        ...natsServerFields(),
        replicas: ours(
          whole(1, MAX_REPLICAS, 'servers').default(1),
          'Replicas',
          'How many servers of the cluster keep the copy of each open request: 3 outlives the loss of one server. Not more than there are servers.',
        ),
      })
      .optional(),
    {
      title: 'NATS',
      description:
        'This broker is one of several with one MongoDB: requests reach boxes that are connected to another one, and the requests of one that dies are taken up (docs/cluster.md).',
      from: 'ours',
      defaultText: 'none',
    },
  );

/** Of the triggering broker. */
export const natsRelayFields = () =>
  field(
    z
      .strictObject({
        ...natsServerFields(),
        replicas: ours(
          whole(1, MAX_REPLICAS, 'servers').default(1),
          'Replicas',
          'How many servers of the cluster keep each measurement: 3 outlives the loss of one server. Not more than there are servers.',
        ),
        max_bytes: ours(
          whole(2 ** 20, 2 ** 50, 'bytes').default(4 * GIB),
          'Max size of the stream',
          'JetStream reserves it on each of these servers. When it is full, the oldest measurements leave the stream.',
        ),
        max_age_seconds: ours(
          whole(60, 30 * DAY_SECONDS, 'seconds').default(3600),
          'Max age in the stream',
          'Older measurements leave the stream.',
        ),
        spool: ours(
          z
            .strictObject({
              path: ours(
                path().default('/var/lib/opq/spool'),
                'Folder of the spool',
                'The broker keeps one SQLite file in it, `triggering-broker.db`.',
              ),
              max_bytes: ours(
                whole(2 ** 20, 2 ** 50, 'bytes').default(GIB),
                'Max size of the spool',
                'When it is full the oldest measurements are dropped and counted.',
              ),
            })
            .prefault({}),
          'Spool',
          'Where measurements wait on disk while JetStream does not accept them.',
        ),
      })
      .optional(),
    {
      title: 'NATS',
      description:
        'The measurements also go into a JetStream stream, for several triggering services (docs/cluster.md).',
      from: 'ours',
      defaultText: 'none',
    },
  );
