/** The triggering service's file (default /etc/opq/makai.conf). */
import { z } from 'zod';
import { REQUESTS } from '../common/request-limits.js';
import { backendCurveClient, furtherTriggerEndpoints } from './backend-fields.js';
import { expecting, field, ours } from './field.js';
import { kafkaMeasurementFields } from './kafka-fields.js';
import { natsReaderFields } from './nats-fields.js';
import {
  DAY_SECONDS,
  identityField,
  idListFields,
  incidentIdField,
  lifeSeconds,
  maxWindowField,
  retentionFields,
  runFields,
  spoolFields,
  storeFields,
  trafficField,
} from './shared-fields.js';
import { between, bindEndpoint, connectEndpoint, flag, whole } from './types.js';

const pluginEntry = () =>
  expecting(
    z.looseObject({ path: expecting(z.string().min(1).max(4096), 'the file or the short name of a plugin') }),
    'an object with a `path` and the settings of the plugin',
  );

const limits = () =>
  z.strictObject({
    measurements_per_second: ours(
      whole(1, 100_000).default(120),
      'Measurements per second and box',
      'The rate that one box may keep up; measurements beyond it are dropped and counted.',
    ),
    measurements_burst: ours(
      whole(1, 10_000_000).default(5000),
      'Measurement burst per box',
      'Measurements that a box may deliver at the same time: after an outage it first sends what it queued.',
    ),
    boxes: ours(
      whole(1, 10_000_000).default(50_000),
      'Boxes',
      'Max number of box ids kept in memory; measurements of further boxes are dropped and counted.',
    ),
    queue_measurements: ours(
      whole(1, 100_000_000).default(500_000),
      'Measurements waiting for the store',
      'Kept in memory until the store or the spool accepts them; when full, the oldest are dropped and counted.',
    ),
    requests_per_second: ours(
      whole(1, 100_000).default(REQUESTS.perSecond),
      'Event requests per second',
      'Sent to the acquisition broker in the long run; further ones wait. Not higher than `limits.requests_per_second` in its file.',
    ),
    requests_burst: ours(
      whole(1, 1_000_000).default(REQUESTS.sentBurst),
      'Event request burst',
      'Sent to the acquisition broker at the same time: with `merge_ms` 0 `threshold` requests one event for each box in a sag of the whole grid. At most three quarters of `limits.requests_burst` in its file, because requests that were delayed on the way may arrive together.',
    ),
  });

const flags = () =>
  z.strictObject({
    sag_below: ours(between(0.5, 1, 'of nominal').default(0.9), 'Sag', 'A lower voltage is a sag.'),
    swell_above: ours(between(1, 2, 'of nominal').default(1.1), 'Swell', 'A higher voltage is a swell.'),
    interruption_below: ours(
      between(0.01, 0.5, 'of nominal').default(0.1),
      'Interruption',
      'A lower voltage is an interruption, where frequency and THD have no meaning: a flag for it never ends by time.',
    ),
    hysteresis: ours(
      between(0, 0.1, 'of nominal').default(0.02),
      'Hysteresis',
      'A sag or swell ends this far inside its limit.',
    ),
    long_after_seconds: ours(
      whole(1, 86_400, 'seconds').default(60),
      'Long deviation',
      'A deviation that lasts longer is an undervoltage or overvoltage: its measurements are not flagged any more.',
    ),
  });

const pluginLimits = () =>
  z.strictObject({
    batch_ms: ours(
      whole(10, 600_000, 'milliseconds').default(2000),
      'Max time for a batch',
      'A plugin that takes longer is stopped and restarted after a pause.',
    ),
    memory_mb: ours(
      whole(1, 4096, 'MiB').default(128),
      'Max memory',
      'Of a WebAssembly plugin: all of its memory. Of a JavaScript plugin: its JavaScript heap and buffers, checked between calls.',
    ),
    queue_batches: ours(
      whole(2, 100_000).default(1024),
      'Queue',
      'Max number of batches that wait for a plugin; when full, the oldest are dropped and counted. The ring that plugins read holds 131,072 measurements in any case.',
    ),
    events_per_hour: ours(
      whole(1, 1_000_000).default(300),
      'Max events per hour and box',
      'Events that one plugin may ask of one box in an hour; as many at the same time. Further ones are dropped, counted and shown in the status.',
    ),
  });

export const triggeringServiceSchema = () =>
  z.strictObject({
    zmq_trigger_endpoint: field(connectEndpoint().default('tcp://127.0.0.1:9881'), {
      title: 'Endpoint of the triggering broker',
      description: 'The `backend` in its file: where measurements come from.',
      from: 'v2, v3',
    }),
    ...furtherTriggerEndpoints(),
    zmq_acquisition_endpoint: field(connectEndpoint().default('tcp://127.0.0.1:9884'), {
      title: 'Endpoint of the acquisition broker',
      description: 'The `backend_pull` in its file: where event requests go.',
      from: 'v2, v3',
    }),
    zmq_data_endpoint: field(connectEndpoint().default('tcp://127.0.0.1:9899'), {
      title: 'Endpoint for replies',
      description:
        "The acquisition broker's `backend_pub`. Accepted and not used: the acquisition broker stores replies itself.",
      from: 'v3',
    }),
    zmq_event_endpoint: field(bindEndpoint().optional(), {
      title: 'Endpoint for v3 event notices',
      description: 'Accepted and not used here: the acquisition broker opens it. Write it in its file.',
      from: 'v3',
    }),
    zmq_event_id_endpoint: field(bindEndpoint().optional(), {
      title: 'Endpoint for event ids',
      description: 'Accepted and not used here: the acquisition broker opens it. Write it in its file.',
      from: 'v3',
    }),
    backend_curve: backendCurveClient(),
    ...idListFields(),
    mongo_trends_update_interval_seconds: field(whole(1, 86_400, 'seconds').default(60), {
      title: 'Width of a trend window',
      description: 'Seconds that one trend covers. Windows are aligned to the time of the measurements.',
      from: 'v2, v3',
    }),
    event_request_expiration_window_ms: field(whole(0, 86_400_000, 'milliseconds').default(1_800_000), {
      title: 'Memory of requested windows',
      description:
        'Milliseconds for which a requested window is remembered: a request wholly inside such windows is stored as an event without asking the boxes again.',
      from: 'v2, v3',
    }),
    merge_ms: ours(
      whole(0, 10_000, 'milliseconds').default(500),
      'Waiting for other boxes',
      'Milliseconds for which a request of a plugin waits for those of other boxes. Requests of one plugin and one type whose windows overlap become one event of all these boxes, for the window that holds theirs. Urgent requests do not wait. 0: each request is an event of its own, without delay.',
    ),
    nominal_voltage: field(between(1, 1_000_000, 'V RMS').optional(), {
      title: 'Nominal voltage',
      description:
        'RMS voltage that the grid is declared to deliver at the boxes. Deviations are relative to it. A value in the record of a box wins, then one in `makai_config`.',
      from: 'ours',
      defaultText:
        '`reference_voltage` of the `threshold` plugin in this file, else the middle of the limits of `napali`, else `120`',
    }),
    nominal_frequency: field(between(1, 1000, 'Hz').optional(), {
      title: 'Nominal frequency',
      description:
        'Frequency that the grid is declared to have. A value in the record of a box wins, then one in `makai_config`. Boxes measure in windows of 1/60 s: see docs/box-measurements.md for what is not available at 50 Hz.',
      from: 'ours',
      defaultText:
        '`reference_frequency` of the `threshold` plugin in this file, else the middle of the limits of `napali`, else `60`',
    }),
    flags: ours(
      flags().prefault({}),
      'Flags',
      'When measurements are flagged, after IEC 61000-4-30: frequency, THD and transients during a sag, a swell or an interruption are stored, but not judged by plugins.',
    ),
    identity: identityField(),
    max_window_ms: maxWindowField(),
    plugins: field(expecting(z.array(pluginEntry()).max(256), 'a list of plugins').default([]), {
      title: 'Plugins',
      description:
        'Analysis plugins: each an object with `path` (a `.js`, `.mjs`, `.cjs` or `.wasm` file, the short name of one that ships, or the `lib<name>_plugin.so` of a v2 or v3 file) and the settings of that plugin.',
      from: 'v2, v3',
    }),
    plugin_reload: ours(
      flag().default(false),
      'Reload plugins on change',
      'Whether a plugin is restarted as soon as its file, or one that it imports, changes. For those who write plugins; otherwise SIGHUP does it.',
    ),
    ...incidentIdField(),
    plugin_limits: ours(pluginLimits().prefault({}), 'Limits of a plugin', 'How much one plugin may use.'),
    nats: natsReaderFields(),
    kafka: kafkaMeasurementFields(),
    ...storeFields(),
    ...retentionFields(),
    mongo_measurement_expiration_seconds: field(lifeSeconds().default(DAY_SECONDS), {
      title: 'Retention of measurements',
      description: 'Seconds a measurement is kept, counted from when it was accepted.',
      from: 'v2',
    }),
    mongo_trends_expiration_seconds: field(lifeSeconds().optional(), {
      title: 'Retention of trends',
      description: 'Seconds a trend is kept.',
      from: 'ours',
      defaultText: 'none: for good',
    }),
    ...spoolFields(),
    ...runFields('triggering-service'),
    ...trafficField(
      'Seconds between two documents in `makai_metrics` about the measurement stream (named `tb`, as in v3); 0 writes none.',
    ),
    health_documents: ours(
      flag().default(false),
      'Health documents',
      'Whether findings are written to the collection `health` every 20 s: this service and each box, up or down. Do not use it beside the v3 health service, which writes the same documents.',
    ),
    limits: ours(limits().prefault({}), 'Limits', 'How much boxes can make the service hold.'),
  });
