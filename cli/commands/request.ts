/** `makai request`: requests an event from the acquisition broker. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../../common/report-error.js';
import { jsonLine, write } from '../../common/stdout.js';
import type { AcquisitionBrokerSettings } from '../../config/index.js';
import type { RequestEventMessage, TriggerType } from '../../proto/messages.js';
import type { BoxEventDocument, EventDocument, Store } from '../../store/store.js';
import type { CurveClientOptions } from '../../zmq/curve.js';
import { UsageError } from '../errors.js';
import { clean } from '../output.js';

const TRIGGER_TYPES = ['FREQUENCY_SAG', 'FREQUENCY_SWELL', 'VOLTAGE_SAG', 'VOLTAGE_SWELL', 'OTHER'] as const;
/** How long to wait for the event id. */
const NUMBER_MS = 10_000;
const LOOK_EVERY_MS = 200;

interface Options {
  from?: number;
  to?: number;
  last?: number;
  boxes: number[];
  type: TriggerType;
  description?: string;
  data: boolean;
  wait?: number;
  config?: string;
  dir?: string;
  clientKey?: string;
  json?: true;
}

export function register(program: Command): void {
  program
    .command('request')
    .description(
      'Request an event and print its id, with --wait also its waveforms. The exit code is 1 if a box that was asked does not reply.',
    )
    .option('--from <time>', 'start of the window: ISO 8601, or Unix ms', time)
    .option('--to <time>', 'end of the window: ISO 8601, or Unix ms', time)
    .option('--last <seconds>', 'the last seconds, in place of --from and --to', seconds)
    .option('--boxes <ids>', 'boxes to ask, separated by commas; without it all boxes', boxIds, [])
    .addOption(new Option('--type <type>', 'type of the event').choices(TRIGGER_TYPES).default('OTHER'))
    .option('--description <text>', 'description of the event')
    .option('--no-data', 'record the event without waveforms')
    .option('--wait <seconds>', 'wait this long for the waveforms', seconds)
    .option('--config <file>', 'configuration file of the acquisition broker, in place of the default one')
    .option('--dir <folder>', 'the working folder of `makai up`')
    .option('--client-key <file>', 'key pair of this client, where the backend is under CURVE')
    .option('--json', 'the event as one JSON document')
    .action(request);
}

async function request(options: Options): Promise<void> {
  const message = messageOf(options);
  const [{ loadConfig }, { configFileIn }, { openStoreToRead }, { askForEvent }] = await Promise.all([
    import('../../config/index.js'),
    import('../../config/locate.js'),
    import('../../daemon/store.js'),
    import('../event-client.js'),
  ]);
  const file = options.dir === undefined ? options.config : configFileIn(options.dir, 'acquisition-broker');
  const { settings } = loadConfig('acquisition-broker', file);
  const store = await openStoreToRead(settings);
  try {
    const eventId = await askForEvent(message, {
      requests: reachable(settings.backendPull),
      notices: reachable(settings.backendPub),
      curve: await curveOf(settings, options.clientKey),
      isOurs: async (id) => isOurs(await store.event(id), message),
      timeoutMs: NUMBER_MS,
    });
    const waited = options.data ? (options.wait ?? 0) : 0;
    await printEvent(store, eventId, waited, options.json === true);
  } finally {
    await store.close();
  }
}

function messageOf(options: Options): RequestEventMessage {
  const { startMs, endMs } = windowOf(options);
  return {
    startMs,
    endMs,
    triggerType: options.type,
    percentMagnitude: 0,
    boxIds: options.boxes,
    requestee: 'makai request',
    // Identifies our event among all that are announced.
    description: options.description ?? `makai request ${randomUUID()}`,
    requestData: options.data,
  };
}

function windowOf({ from, last, to }: Options): { startMs: number; endMs: number } {
  if (last !== undefined) {
    if (from !== undefined || to !== undefined) throw new UsageError('--last excludes --from and --to');
    const now = Date.now();
    return { startMs: now - Math.round(last * 1000), endMs: now };
  }
  if (from === undefined || to === undefined) throw new UsageError('expected --last, or --from and --to');
  if (from >= to) throw new UsageError('--from must be before --to');
  return { startMs: from, endMs: to };
}

/** Whether it is our event. An event that cannot be read yet (the store is unavailable and the event waits in the broker's spool) counts as ours. */
function isOurs(event: EventDocument | undefined, message: RequestEventMessage): boolean {
  if (event === undefined) return true;
  return (
    event.description === message.description &&
    event.target_event_start_timestamp_ms === message.startMs &&
    event.target_event_end_timestamp_ms === message.endMs
  );
}

/** Prints the event once every box that was asked has replied, or at the deadline. */
async function printEvent(store: Store, eventId: number, waitSeconds: number, json: boolean): Promise<void> {
  if (!json) await write(`event ${eventId}\n`);
  const until = performance.now() + waitSeconds * 1000;
  let event = await store.event(eventId);
  while (event !== undefined && missing(event).length > 0 && performance.now() < until) {
    await sleep(LOOK_EVERY_MS);
    event = await store.event(eventId);
  }
  const waveforms = await store.boxEvents(eventId);
  if (json) await write(jsonLine({ ...event, box_events: waveforms }));
  else for (const waveform of waveforms) await write(`  ${describe(waveform)}\n`);
  if (waitSeconds === 0 || event === undefined) return;
  const silent = missing(event);
  if (silent.length === 0) return;
  if (!json) await write(`  no reply from ${silent.join(', ')}\n`);
  process.exitCode = EXIT.failed;
}

/** Boxes that were asked and have not replied. */
function missing({ boxes_received, boxes_triggered }: EventDocument): string[] {
  return boxes_triggered.filter((id) => !boxes_received.includes(id));
}

function describe(waveform: BoxEventDocument): string {
  const { box_id, event_end_timestamp_ms: end, event_start_timestamp_ms: start } = waveform;
  const cycles = waveform.window_timestamps_ms.length;
  return clean(
    `box ${box_id}: ${cycles} cycles, ${((end - start) / 1000).toFixed(3)} s from ${new Date(start).toISOString()}`,
  );
}

/** Where a client on this machine reaches a socket that listens on all addresses. */
function reachable(endpoint: string): string {
  return endpoint.replace(/^tcp:\/\/(\*|0\.0\.0\.0):/, 'tcp://127.0.0.1:');
}

async function curveOf(
  { backendCurve: backend }: AcquisitionBrokerSettings,
  clientKey: string | undefined,
): Promise<CurveClientOptions | undefined> {
  if (backend === undefined) return undefined;
  if (clientKey === undefined) throw new UsageError('the backend is under CURVE: --client-key is needed');
  const { readSecretCertificate } = await import('../../keys/files.js');
  const [server, client] = await Promise.all([
    readSecretCertificate(backend.serverCert),
    readSecretCertificate(clientKey),
  ]);
  return {
    curveServerKey: server.publicKey,
    curvePublicKey: client.publicKey,
    curveSecretKey: client.secretKey.reveal(),
  };
}

function time(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isSafeInteger(ms) || ms <= 0) throw new InvalidArgumentError('expected ISO 8601 or Unix ms');
  return ms;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('expected seconds above 0');
  return value;
}

function boxIds(text: string): number[] {
  return text.split(',').map((part) => {
    const id = Number(part.trim());
    if (!Number.isInteger(id) || id <= 0) throw new InvalidArgumentError('expected ids such as 1001,1002');
    return id;
  });
}
