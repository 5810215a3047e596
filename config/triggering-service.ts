/** The triggering service's file (default /etc/opq/makai.conf). */
import { z } from 'zod';
import { REQUESTS } from '../common/request-limits.js';
import { expecting, field, ours } from './field.js';
import {
  certifiedIdFields,
  identityField,
  maxWindowField,
  retentionFields,
  runFields,
  spoolFields,
  statusConnectionsField,
  storeFields,
} from './shared-fields.js';
import { bindEndpoint, connectEndpoint, path, whole } from './types.js';

const pluginEntry = expecting(
  z.looseObject({ path: expecting(z.string().min(1).max(4096), 'the file or the short name of a plugin') }),
  'an object with a `path` and the settings of the plugin',
);

const limits = z.strictObject({
  measurements_per_second: ours(
    whole(1, 100_000).default(120),
    'Measurements a second and box',
    'Rate that one box may keep up; beyond it measurements are dropped and counted.',
  ),
  measurements_burst: ours(
    whole(1, 10_000_000).default(5000),
    'Measurements at once and box',
    'What a box may deliver at once: after an outage it first sends what it queued.',
  ),
  boxes: ours(
    whole(1, 10_000_000).default(50_000),
    'Boxes',
    'Ids of boxes that are kept in memory; measurements of further ones are dropped.',
  ),
  message_bytes: ours(
    whole(1024, 2 ** 24, 'bytes').default(65_536),
    'Longest frame',
    'A longer one is dropped and counted before it is decoded.',
  ),
  queue_measurements: ours(
    whole(1, 100_000_000).default(500_000),
    'Measurements waiting for the store',
    'Kept in memory until the store or the spool takes them; then the oldest are dropped.',
  ),
  requests_per_second: ours(
    whole(1, 100_000).default(REQUESTS.perSecond),
    'Event requests a second',
    'Sent to the acquisition broker in the long run; more of them wait. No more than `limits.requests_per_second` of its file.',
  ),
  requests_burst: ours(
    whole(1, 1_000_000).default(REQUESTS.sentAtOnce),
    'Event requests at once',
    'Sent to the acquisition broker at once: one for each box where a sag of the whole grid trips `threshold`. No more than three quarters of `limits.requests_burst` of its file, since what was held up on the way may arrive together.',
  ),
  status_connections: statusConnectionsField(),
});

const pluginLimits = z.strictObject({
  batch_ms: ours(
    whole(10, 600_000, 'milliseconds').default(2000),
    'Time for a batch',
    'A plugin that takes longer is stopped and started again after a pause.',
  ),
  memory_mb: ours(
    whole(1, 4096, 'MiB').default(128),
    'Memory',
    'Of a WebAssembly plugin: all of its memory. Of a JavaScript plugin: its JavaScript heap alone.',
  ),
  queue_batches: ours(
    whole(2, 100_000).default(1024),
    'Queue',
    'Batches that wait for a plugin; then the oldest are dropped and counted. There is room for 131,072 measurements of each worker.',
  ),
});

const share = z.strictObject({
  of: ours(
    whole(1, 64).default(1),
    'Services',
    'Services that share the boxes. The same number in the file of each.',
  ),
  index: ours(
    whole(1, 64).default(1),
    'This one',
    'Which of them this is, from 1. Another number in the file of each.',
  ),
  block: ours(
    expecting(z.literal([1, 10, 100, 1000, 10_000]).default(10), '1, 10, 100, 1000 or 10000'),
    'Ids that stay together',
    'So many ids in a row have one owner (10: 1230 to 1239), for services and for workers. 100 from about 5,000 boxes on, 1000 from 50,000.',
  ),
});

const batch = z.strictObject({
  max_measurements: ours(
    whole(1, 100_000).default(5000),
    'Size of a batch',
    'Measurements written to the store at once.',
  ),
  max_delay_ms: ours(
    whole(1, 1000, 'milliseconds').default(250),
    'Age of a batch',
    'Milliseconds after which a batch is written, full or not. Readers take a box for active only while a measurement no more than 5 s old is stored.',
  ),
});

export const triggeringServiceSchema = z.strictObject({
  zmq_trigger_endpoint: field(connectEndpoint().default('tcp://127.0.0.1:9881'), {
    title: 'Endpoint of the triggering broker',
    description: 'Its `backend`: where measurements come from.',
    from: '2018, 2020',
  }),
  zmq_acquisition_endpoint: field(connectEndpoint().default('tcp://127.0.0.1:9884'), {
    title: 'Endpoint of the acquisition broker',
    description: 'Its `backend_pull`: where event requests go.',
    from: '2018, 2020',
  }),
  zmq_data_endpoint: field(connectEndpoint().default('tcp://127.0.0.1:9899'), {
    title: 'Endpoint for replies',
    description:
      "The acquisition broker's `backend_pub`. Accepted; the acquisition broker stores replies itself.",
    from: '2020',
  }),
  zmq_event_endpoint: field(bindEndpoint().optional(), {
    title: 'Endpoint for event notices of 2020',
    description: 'Accepted here, used by the acquisition broker: write it in its file.',
    from: '2020',
  }),
  zmq_event_id_endpoint: field(bindEndpoint().optional(), {
    title: 'Endpoint for event numbers',
    description: 'Accepted here, used by the acquisition broker: write it in its file.',
    from: '2020',
  }),
  backend_curve: field(
    z
      .strictObject({
        server_key: ours(
          path(),
          'Public key of the brokers',
          "File with the public certificate of the brokers' `backend_curve`.",
        ),
        cert: ours(
          path(),
          'Own key pair',
          'File with the key pair of this service. It is refused if others can read it.',
        ),
      })
      .optional(),
    {
      title: 'Encrypted backend',
      description: 'Connects to the brokers by CURVE, when their files have `backend_curve`.',
      from: 'ours',
      defaultText: 'plain, as in the field',
    },
  ),
  ...certifiedIdFields(),
  mongo_trends_update_interval_seconds: field(whole(1, 86_400, 'seconds').default(60), {
    title: 'Width of a trend window',
    description: "Seconds of measurements' time that one trend sums up, aligned to it.",
    from: '2018, 2020',
  }),
  event_request_expiration_window_ms: field(whole(0, 86_400_000, 'milliseconds').default(1_800_000), {
    title: 'Memory of windows asked for',
    description:
      'Milliseconds for which a window asked for is remembered: a request wholly inside such windows is logged without asking the boxes again.',
    from: '2018, 2020',
  }),
  identity: identityField(),
  max_window_ms: maxWindowField(),
  plugins: field(expecting(z.array(pluginEntry).max(256), 'a list of plugins').default([]), {
    title: 'Plugins',
    description:
      'Analysis plugins: each an object with `path` (a `.js` or `.wasm` file, the short name of one that ships, or the `lib<name>_plugin.so` of an older file) and the settings of that plugin.',
    from: '2018, 2020',
  }),
  plugin_limits: ours(pluginLimits.prefault({}), 'Limits of a plugin', 'What one plugin may take.'),
  workers: ours(
    whole(1, 64).default(1),
    'Workers',
    'Threads that take in the stream, each the boxes of its share. One does for 100,000 measurements a second and more; see docs/scaling.md.',
  ),
  share: ours(
    share.prefault({}),
    'Share of the boxes',
    'Where several services, on one machine or several, share the boxes of one broker.',
  ),
  ...storeFields(),
  ...retentionFields(),
  batch: ours(batch.prefault({}), 'Batches', 'How measurements are gathered for the store.'),
  ...spoolFields(),
  ...runFields('triggering-service'),
  limits: ours(limits.prefault({}), 'Limits', 'What boxes can make the service hold.'),
});
