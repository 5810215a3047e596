/** Fields that more than one daemon has. Made anew for each schema, so that each carries its own description. */
import { z } from 'zod';
import { expecting, field, ours } from './field.js';
import {
  bindEndpoint,
  flag,
  mongoUri,
  oneOf,
  path,
  port,
  statusEndpoint,
  storeUrlText,
  text,
  whole,
} from './types.js';

const DAY_SECONDS = 86_400;
const MAX_SECONDS = 10_000 * DAY_SECONDS;

/** Where each daemon serves its status when its file does not say. */
export const STATUS_DEFAULTS = {
  'triggering-broker': '127.0.0.1:9890',
  'acquisition-broker': '127.0.0.1:9891',
  'triggering-service': '127.0.0.1:9892',
} as const;

/** Where documents go. `storeUrl` in derived.ts says which of these wins. */
export const storeFields = () => ({
  store: field(storeUrlText().optional(), {
    title: 'Store',
    description:
      'URL of the store: `sqlite:<file>` or `mongodb://...`. It wins over `mongo_uri`, which wins over `mongo_host` and `mongo_port`.',
    from: 'ours',
    secret: true,
    defaultText: '`sqlite:/var/lib/opq/makai.db` when no field names a MongoDB',
  }),
  mongo_uri: field(mongoUri().optional(), {
    title: 'MongoDB URI',
    description:
      'Where MongoDB is, with user, TLS and replica set as needed. Its database wins over the name `opq`.',
    from: '2018',
    secret: true,
  }),
  mongo_host: field(text(255).optional(), {
    title: 'MongoDB host',
    description: 'Name or address of the MongoDB server; the database is `opq`.',
    from: '2018, 2020',
  }),
  mongo_port: field(port().optional(), {
    title: 'MongoDB port',
    description: 'Port of the MongoDB server. Alone it means a server on this machine.',
    from: '2018, 2020',
    defaultText: '`27017` when `mongo_host` is given',
  }),
});

/** How long things are kept (docs/data-model.md, "Retention modes"). */
export const retentionFields = () => ({
  retention: ours(
    oneOf(['ttl', 'laha']).default('ttl'),
    'Way to expire',
    '`ttl`: by the date `expireAt`, times from this file. `laha`: by `expire_at`, times from the document `laha_config` where there is one.',
  ),
  mongo_measurement_expiration_seconds: field(whole(1, MAX_SECONDS, 'seconds').default(DAY_SECONDS), {
    title: 'Life of measurements',
    description: 'Seconds a measurement is kept, counted from when it was accepted.',
    from: '2018',
  }),
  mongo_trends_expiration_seconds: field(whole(1, MAX_SECONDS, 'seconds').optional(), {
    title: 'Life of trends',
    description: 'Seconds a trend is kept.',
    from: 'ours',
    defaultText: 'for good',
  }),
  mongo_events_expiration_seconds: field(whole(1, MAX_SECONDS, 'seconds').optional(), {
    title: 'Life of events',
    description: 'Seconds an event is kept, with its box events and waveforms.',
    from: 'ours',
    defaultText: 'for good',
  }),
  ttl_cache_ttl: field(whole(1, DAY_SECONDS, 'seconds').default(60), {
    title: 'Age of cached times of life',
    description: 'Seconds after which `laha_config` is read again (`retention: laha`).',
    from: '2020',
  }),
});

/** What happens to writes while the store is away. */
export const spoolFields = () => ({
  spool: ours(
    z
      .strictObject({
        path: ours(
          path().default('/var/lib/opq/spool'),
          'Folder of the spool',
          'Each daemon keeps a file of its own in it.',
        ),
        max_bytes: ours(
          whole(1_048_576, 2 ** 50, 'bytes').default(2 ** 30),
          'Size of the spool',
          'When it is full the oldest measurements are dropped and counted; waveforms go last.',
        ),
        max_age_seconds: ours(
          whole(60, MAX_SECONDS, 'seconds').default(7 * DAY_SECONDS),
          'Age of what is spooled',
          'What is older is dropped and counted.',
        ),
      })
      .prefault({}),
    'Spool',
    'Where writes wait on disk while MongoDB does not take them.',
  ),
});

/** How many may ask a daemon for its status at one time. Stands among the `limits` of each. */
export const statusConnectionsField = () =>
  ours(
    whole(1, 10_000).default(64),
    'Connections to the status server',
    'Open at one time; further ones are closed at once and counted.',
  );

/** Logging, status server, documents about the daemon itself. */
export const runFields = (daemon: keyof typeof STATUS_DEFAULTS) => ({
  log_level: ours(
    oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    'Log level',
    'The least level that is logged.',
  ),
  status: ours(
    statusEndpoint().default(STATUS_DEFAULTS[daemon]),
    'Status server',
    'Where `/status` and `/metrics` are served: `host:port`, `unix:<path>` or `off`. It is open to whoever reaches it. A port in use is a warning, unless the file names it.',
  ),
  metric_update_sec: field(whole(0, DAY_SECONDS, 'seconds').default(10), {
    title: 'Interval of traffic documents',
    description: 'Seconds between two documents in `makai_metrics`; 0 writes none.',
    from: '2020',
  }),
  health_documents: ours(
    flag().default(false),
    'Health documents',
    'Whether the triggering service writes findings to the collection `health` every 20 s, as the health service of the field does: itself and each box, up or down. Not beside that service.',
  ),
});

const ALLOW_SOURCES = ['directory', 'store', 'both'] as const;

/** The brokers' list of boxes, for a daemon that sees their messages: which ids there are. */
export const certifiedIdFields = () => ({
  client_certs: field(path().optional(), {
    title: 'Public keys of boxes',
    description:
      "The folder of the triggering broker's `client_certs`. Measurements under an id that no certificate in it names are dropped and counted. Changes take effect within 5 s.",
    from: 'ours',
    defaultText: 'none: every id is taken, unless `white_list` says otherwise',
  }),
  white_list: field(oneOf(ALLOW_SOURCES).optional(), {
    title: 'Source of the list of ids',
    description:
      "The same as in the triggering broker's file: `directory` (`client_certs`), `store` (boxes with a `public_key` in `opq_boxes`) or `both`.",
    from: 'ours',
    defaultText: '`directory` when `client_certs` is given',
  }),
});

/** Who may enter on the sockets that boxes use, and as whom we stand there. */
export const boxAccessFields = () => ({
  client_certs: field(path().optional(), {
    title: 'Public keys of boxes',
    description:
      'Folder with a public certificate for each box that may connect. Every regular file in it with an id and a public key counts, whatever its name.',
    from: '2018',
  }),
  server_cert: field(path().default('/etc/opq/curve/private_keys/opqserver_secret'), {
    title: 'Key pair of the server',
    description:
      'File with the public and the secret key that boxes know the server by. It is refused if others can read it.',
    from: '2018, 2020',
  }),
  server_cert_next: ours(
    path().optional(),
    'Next key pair of the server',
    'File with the pair that takes over when keys are changed; see docs/security.md.',
  ),
  white_list: field(
    expecting(
      z.union([z.boolean(), z.enum(ALLOW_SOURCES)]),
      '"directory", "store", "both", true or false',
    ).optional(),
    {
      title: 'Source of the allow-list',
      description:
        'Where the keys of boxes that may connect come from: `directory` (`client_certs`), `store` (`opq_boxes.public_key`) or `both`. In files of 2019 `true` means `store`; `false` let everyone in and means `directory` here.',
      from: 'ours',
      defaultText: '`directory` when `client_certs` is given',
    },
  ),
  allow_any_client: ours(
    flag().default(false),
    'Let everyone in',
    'Without an allow-list the broker refuses to start, unless this is `true`: then whoever knows the public key of the server may connect, except keys in the folder `revoked` of `client_certs`. Warned of at every start.',
  ),
});

/** The same socket under the server's next key. */
export const nextEndpoint = (name: string) =>
  ours(
    bindEndpoint().optional(),
    'Endpoint with the next key',
    `Opened beside \`${name}\` for boxes that have the server's next key already; together with \`server_cert_next\`.`,
  );

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
      description: 'Puts the sockets that services connect to under CURVE.',
      from: 'ours',
      defaultText: 'plain, as in the field',
    },
  );

/** The longest window that may be asked for. */
export const maxWindowField = () =>
  ours(
    whole(100, 3_600_000, 'milliseconds').default(60_000),
    'Longest window',
    'Milliseconds of waveform that one request may ask for. Longer ones of clients are refused; longer ones of plugins are split.',
  );

/** Who we are in identities and logs. */
export const identityField = () =>
  field(
    expecting(
      z
        .string()
        .regex(/^[\x21-\x7e]{1,100}$/)
        .optional(),
      '1 to 100 printable ASCII characters without blanks',
    ),
    {
      title: 'Identity',
      description:
        'Names this instance in the identities of commands. Keep it the same over restarts to follow one instance.',
      from: '2020',
      defaultText: 'a random UUID at each start',
    },
  );
