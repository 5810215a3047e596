/** Fields that more than one daemon has. Functions, because each schema needs its own instance to carry its description. */
import { z } from 'zod';
import { expecting, field, ours } from './field.js';
import {
  between,
  bindEndpoint,
  connectEndpoint,
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

export const DAY_SECONDS = 86_400;
const MAX_SECONDS = 10_000 * DAY_SECONDS;

/** Where each daemon serves its status when its file does not say. */
export const STATUS_DEFAULTS = {
  'triggering-broker': '127.0.0.1:9890',
  'acquisition-broker': '127.0.0.1:9891',
  'triggering-service': '127.0.0.1:9892',
  'analysis-service': '127.0.0.1:9893',
  'web-service': '127.0.0.1:9894',
  gateway: '127.0.0.1:9896',
} as const;

/** Of daemons that judge or show values of every box: both files must say the same. */
export const nominalFields = () => ({
  nominal_voltage: ours(
    between(1, 1_000_000, 'volts').default(120),
    'Nominal voltage',
    'Of boxes whose record and `makai_config` name none; the same in the files of the analysis service and the web service.',
  ),
  nominal_frequency: ours(
    between(40, 70, 'hertz').default(60),
    'Nominal frequency',
    'Of boxes whose record and `makai_config` name none; the same in both files.',
  ),
});

/** Where documents go. resolve.ts says which of these wins. */
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
    from: 'v2',
    secret: true,
  }),
  mongo_host: field(text(255).optional(), {
    title: 'MongoDB host',
    description: 'Name or address of the MongoDB server; the database is `opq`.',
    from: 'v2, v3',
  }),
  mongo_port: field(port().optional(), {
    title: 'MongoDB port',
    description: 'Port of the MongoDB server. Alone it means a server on this machine.',
    from: 'v2, v3',
    defaultText: '`27017` when `mongo_host` is given',
  }),
});

/** Seconds that documents are kept. */
export const lifeSeconds = () => whole(1, MAX_SECONDS, 'seconds');

/** Of both daemons that write incidents. */
export const incidentIdField = () => ({
  incident_id_endpoint: ours(
    connectEndpoint().optional(),
    'Endpoint for incident ids',
    'Where the existing analysis service gives incident ids (port 9777). Set it in the files of the analysis service and of the triggering service when that service writes incidents into the same database.',
  ),
});

/** How documents expire (docs/data-model.md). How long a daemon's documents are kept is in the schema of that daemon. */
export const retentionFields = () => ({
  retention: ours(
    oneOf(['ttl', 'laha']).default('ttl'),
    'Retention mode',
    '`ttl`: documents expire by the date `expireAt`, after times from this file. `laha`: by `expire_at`, after times from the document `laha_config` where there is one.',
  ),
  ttl_cache_ttl: field(whole(1, DAY_SECONDS, 'seconds').default(60), {
    title: 'Cache of `laha_config`',
    description: 'Seconds after which `laha_config` is read again. Used with `retention: laha` only.',
    from: 'v3',
  }),
});

/** Where writes wait while MongoDB is unavailable. */
export const spoolFields = () => ({
  spool: ours(
    z
      .strictObject({
        path: ours(
          path().default('/var/lib/opq/spool'),
          'Folder of the spool',
          'Each daemon keeps one SQLite file in it, named after the daemon.',
        ),
        max_bytes: ours(
          whole(1_048_576, 2 ** 50, 'bytes').default(2 ** 30),
          'Max size of the spool',
          'When it is full the oldest measurements are dropped and counted; waveforms are dropped last.',
        ),
        max_age_seconds: ours(
          whole(60, MAX_SECONDS, 'seconds').default(7 * DAY_SECONDS),
          'Max age in the spool',
          'Older writes are dropped and counted.',
        ),
      })
      .prefault({}),
    'Spool',
    'Where writes wait on disk while MongoDB does not accept them. Not used with SQLite.',
  ),
});

/** Logging, status server, traffic documents. */
export const runFields = (daemon: keyof typeof STATUS_DEFAULTS) => ({
  log_level: ours(
    oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    'Log level',
    'The lowest level that is logged. SIGUSR2 switches between this level and `debug`.',
  ),
  status: ours(
    statusEndpoint().default(STATUS_DEFAULTS[daemon]),
    'Status server',
    'Where `/status` and `/metrics` are served: `host:port`, `unix:<path>` or `off`. There is no password. A port in use is a warning, unless the file names it.',
  ),
});

/** Where another daemon serves its status. */
export const statusOf = (daemon: keyof typeof STATUS_DEFAULTS) =>
  field(statusEndpoint().optional(), {
    title: `Status of the ${daemon}`,
    description: `The \`status\` in its file.`,
    from: 'ours',
    defaultText: `what its file on this machine says, else \`${STATUS_DEFAULTS[daemon]}\``,
  });

/** Documents about traffic. */
export const trafficField = (description: string) => ({
  metric_update_sec: field(whole(0, DAY_SECONDS, 'seconds').default(10), {
    title: 'Interval of traffic documents',
    description,
    from: 'v3',
  }),
});

const ALLOW_SOURCES = ['directory', 'store', 'both'] as const;

/** The brokers' allow-list, for a daemon that sees messages and no keys: which box ids have a certificate. */
export const idListFields = () => ({
  client_certs: field(path().optional(), {
    title: 'Public keys of boxes',
    description:
      "The folder of the triggering broker's `client_certs`. Measurements under an id that no certificate in it names are dropped and counted. Changes take effect within 5 s.",
    from: 'ours',
    defaultText: 'none: every id is accepted, unless `white_list` says otherwise',
  }),
  white_list: field(oneOf(ALLOW_SOURCES).optional(), {
    title: 'Source of the box ids',
    description:
      "The same as in the triggering broker's file: `directory` (`client_certs`), `store` (boxes with a `public_key` in `opq_boxes`) or `both`.",
    from: 'ours',
    defaultText:
      '`both` when `client_certs` is given and the file names a store, `directory` when it names none',
  }),
});

/** Who may connect to the sockets for boxes, and with which key pair the broker identifies itself there. */
export const boxAccessFields = () => ({
  client_certs: field(path().optional(), {
    title: 'Public keys of boxes',
    description:
      'Folder with a public certificate for each box that may connect. Every regular file in it with an id and a public key counts, whatever its name.',
    from: 'v2',
  }),
  server_cert: field(path().default('/etc/opq/curve/private_keys/opqserver_secret'), {
    title: 'Key pair of the server',
    description:
      'File with the key pair that boxes know the server by; `makai keys new-server` makes it there. It is refused if others can read it.',
    from: 'v2, v3',
  }),
  server_cert_next: ours(
    path().optional(),
    'Next key pair of the server',
    'File with the key pair that follows when keys are rotated; see docs/security.md.',
  ),
  white_list: field(
    expecting(
      z.union([z.boolean(), z.enum(ALLOW_SOURCES)]),
      '"directory", "store", "both", true or false',
    ).optional(),
    {
      title: 'Source of the allow-list',
      description:
        'Where the keys of boxes that may connect come from: `directory` (`client_certs`), `store` (`opq_boxes.public_key`) or `both`. In files of 2019 `true` means `store`; `false` allowed everyone and means `directory` here.',
      from: 'ours',
      defaultText:
        '`both` when `client_certs` is given and the file names a store, `directory` when it names none',
    },
  ),
  allow_any_client: ours(
    flag().default(false),
    'Allow any client',
    'Without an allow-list the broker refuses to start, unless this is `true`: then whoever knows the public key of the server may connect, except keys in the folder `revoked` of `client_certs`. Every start logs a warning.',
  ),
});

/** The same socket with the server's next key. */
export const nextEndpoint = (name: string) =>
  ours(
    bindEndpoint().optional(),
    'Endpoint with the next key',
    `Opened in addition to \`${name}\`, for boxes that have the server's next key already; together with \`server_cert_next\`.`,
  );

/** The longest window that one request may ask for. */
export const maxWindowField = () =>
  ours(
    whole(100, 3_600_000, 'milliseconds').default(60_000),
    'Longest window',
    'Milliseconds of waveform that one request may ask for. Longer ones of clients are refused; longer ones of plugins are split.',
  );

/** Names the instance in identities and logs. */
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
        'Names this instance in the identities of commands. Set it if an instance must have the same name after a restart.',
      from: 'v3',
      defaultText: 'a random UUID at each start',
    },
  );
