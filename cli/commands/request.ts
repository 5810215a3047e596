/** `makai request`: requests an event from the acquisition broker. */
import { randomUUID } from 'node:crypto';
import { type Command, Option } from 'commander';
import { poll, systemClock } from '../../common/clock.js';
import { EXIT } from '../../common/report-error.js';
import { jsonLine, write } from '../../common/stdout.js';
import type { RequestEventMessage, TriggerType } from '../../proto/messages.js';
import { silentBoxes } from '../../store/boxes.js';
import type { BoxEventDocument, Store } from '../../store/store.js';
import { type BrokerChoice, useBroker, withBrokerOptions } from '../broker-access.js';
import { UsageError } from '../errors.js';
import { boxIds, positive } from '../number-arguments.js';
import { clean } from '../output.js';
import { refusalLines } from '../refused-boxes.js';
import { isoTime, time } from '../time.js';

const TRIGGER_TYPES = ['FREQUENCY_SAG', 'FREQUENCY_SWELL', 'VOLTAGE_SAG', 'VOLTAGE_SWELL', 'OTHER'] as const;
/** How long to wait for the event id. */
const NUMBER_MS = 10_000;
const LOOK_EVERY_MS = 200;

interface Options extends BrokerChoice {
  from?: number;
  to?: number;
  last?: number;
  boxes: number[];
  type: TriggerType;
  description?: string;
  data: boolean;
  wait?: number;
  json?: true;
}

export function register(program: Command): void {
  const command = program
    .command('request')
    .description(
      'Request an event and print its id, with --wait also its waveforms. The exit code is 1 if a box that was asked does not reply.',
    )
    .option('--from <time>', 'start of the window: ISO 8601, or Unix ms', time)
    .option('--to <time>', 'end of the window: ISO 8601, or Unix ms', time)
    .option('--last <seconds>', 'the last seconds, in place of --from and --to', positive)
    .option('--boxes <ids>', 'boxes to ask, separated by commas; without it all boxes', boxIds, [])
    .addOption(new Option('--type <type>', 'type of the event').choices(TRIGGER_TYPES).default('OTHER'))
    .option('--description <text>', 'description of the event')
    .option('--no-data', 'record the event without waveforms')
    .option('--wait <seconds>', 'wait this long for the waveforms', positive);
  withBrokerOptions(command).option('--json', 'the event as one JSON document').action(request);
}

async function request(options: Options): Promise<void> {
  const message = messageOf(options);
  const { askForEvent, isEventOf } = await import('../../daemon/event-client.js');
  await useBroker(options, async ({ client, store }) => {
    const eventId = await askForEvent(message, {
      ...client,
      isOurs: async (id) => isEventOf(await store.event(id), message),
      timeoutMs: NUMBER_MS,
    });
    const waited = options.data ? (options.wait ?? 0) : 0;
    await printEvent(store, eventId, waited, options.json === true);
  });
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

/** Prints the event once every box that was asked has replied, or at the deadline. */
async function printEvent(store: Store, eventId: number, waitSeconds: number, json: boolean): Promise<void> {
  if (!json) await write(`event ${eventId}\n`);
  const event = await poll(
    () => store.event(eventId),
    (found) => found === undefined || silentBoxes(found).length === 0,
    { clock: systemClock, everyMs: LOOK_EVERY_MS, ms: waitSeconds * 1000 },
  );
  const waveforms = await store.boxEvents(eventId);
  if (json) await write(jsonLine({ ...event, box_events: waveforms }));
  else for (const waveform of waveforms) await write(`  ${describe(waveform)}\n`);
  if (event === undefined) return;
  const refused = refusalLines(event).map((line) => `not asked: ${line}`);
  const silent = waitSeconds === 0 ? [] : silentBoxes(event);
  const what = silent.length === 0 ? refused : [...refused, `no reply from ${silent.join(', ')}`];
  if (what.length === 0 && waitSeconds > 0 && event.request_data === false) what.push('no box was asked');
  if (what.length === 0) return;
  if (!json) for (const line of what) await write(`  ${clean(line)}\n`);
  process.exitCode = EXIT.failed;
}

function describe(waveform: BoxEventDocument): string {
  const { box_id, event_end_timestamp_ms: end, event_start_timestamp_ms: start } = waveform;
  const cycles = waveform.window_timestamps_ms.length;
  return clean(
    `box ${box_id}: ${cycles} cycles, ${((end - start) / 1000).toFixed(3)} s from ${isoTime(start)}`,
  );
}
