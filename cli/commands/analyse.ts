/** `makai analyse`: the incidents of one event, or of a recording without a store. */
import type { Command } from 'commander';
import { jsonLine, write } from '../../common/stdout.js';
import { UsageError } from '../errors.js';
import { incidentColumns } from '../incident-text.js';
import { positive } from '../number-arguments.js';
import { clean, table } from '../output.js';
import { parseCount, parseTime } from '../range.js';
import { type RecordingFlags, recordingOptions, withRecordingOptions } from '../recording-options.js';
import { type StoreChoice, useStore, withStoreOptions } from '../store-access.js';
import { eventOf } from '../stored.js';

interface Choice extends StoreChoice, RecordingFlags {
  again?: true;
  file?: string;
  start?: string;
  nominalVoltage?: number;
  nominalFrequency?: number;
  json?: true;
}

export function register(program: Command): void {
  const command = program
    .command('analyse')
    .description(
      'Classify the waveforms of a stored event, or with --file a recording (COMTRADE, PQDIF, PQDS, CSV, WAV) without a store.',
    )
    .argument('[event]', 'event id')
    .option(
      '--again',
      'also waveforms that were analysed before: what is found replaces what was found; annotations stay',
    )
    .option('--file <file>', 'a recording, in place of an event')
    .option('--start <time>', 'with --file: when the recording began, in place of what the file says')
    .option(
      '--nominal-voltage <V>',
      'V RMS (default: as for the box; with --file the median of the recording)',
      positive,
    )
    .option('--nominal-frequency <Hz>', 'Hz (default: as for the box; with --file 50 or 60)', positive)
    .option('--json', 'NDJSON, one incident per line');
  withStoreOptions(withRecordingOptions(command)).action(run);
}

async function run(event: string | undefined, options: Choice): Promise<void> {
  if ((event === undefined) === (options.file === undefined))
    throw new UsageError('give an event id, or a recording with --file');
  if (options.file !== undefined) return analyseFile(options.file, options);
  await analyseStored(parseCount('<event>', event ?? ''), options);
}

async function analyseStored(eventId: number, options: Choice): Promise<void> {
  const { analyseEvent, AnalysisPool, KnownBoxes } = await import('../../analysis-service/index.js');
  const { idsFrom } = await import('../../daemon/asked-incident-ids.js');
  const { STORE_IDS } = await import('../../daemon/incident-ids.js');
  const { Turns } = await import('../../common/turn.js');
  const { systemClock } = await import('../../common/clock.js');
  const { DEFAULT_REFERENCE } = await import('../../store/reference.js');
  const { incidentIdSource } = await import('../incident-id-source.js');
  const { retentionOf } = await import('../chosen-store.js');
  const { settingsReference } = await import('../settings-reference.js');
  const { endpoint, note } = incidentIdSource(options);
  if (note !== undefined) process.stderr.write(`${clean(note)}\n`);
  const ids = endpoint === undefined ? STORE_IDS : idsFrom(endpoint);
  const pool = new AnalysisPool(1);
  try {
    await useStore(
      options,
      async (store) => {
        await eventOf(store, eventId);
        const reference = settingsReference(options) ?? DEFAULT_REFERENCE;
        const boxes = new KnownBoxes(store, reference, systemClock, {
          ...(options.nominalVoltage === undefined ? {} : { voltage: options.nominalVoltage }),
          ...(options.nominalFrequency === undefined ? {} : { frequency: options.nominalFrequency }),
        });
        const all = (await store.boxEvents(eventId)).map(({ box_id }) => box_id);
        const wanted: string[] = [];
        for (const boxId of all)
          if (options.again || (await store.analysis(eventId, boxId)) === undefined) wanted.push(boxId);
        const results = await analyseEvent({ store, pool, boxes, ids, turns: new Turns() }, eventId, wanted);
        const remarks = results.flatMap(({ boxId, remarks: said }) =>
          said.map((text) => `box ${boxId}: ${text}`),
        );
        await show(await store.incidentsOfEvent(eventId), remarks, options);
        if (!options.again && wanted.length < all.length && !options.json) {
          const known = all.length - wanted.length;
          process.stderr.write(`${known} waveforms were analysed before; --again analyses them again\n`);
        }
      },
      retentionOf(options, undefined),
    );
  } finally {
    await ids.stop();
    await pool.stop();
  }
}

async function analyseFile(file: string, options: Choice): Promise<void> {
  const { analyseRecording } = await import('../analyse-recording.js');
  const { incidents, remarks } = analyseRecording(file, {
    ...recordingOptions(options),
    ...(options.start === undefined ? {} : { startMs: parseTime('--start', options.start) }),
    ...(options.nominalVoltage === undefined ? {} : { nominalVoltage: options.nominalVoltage }),
    ...(options.nominalFrequency === undefined ? {} : { nominalFrequency: options.nominalFrequency }),
  });
  await show(incidents, remarks, options);
}

async function show(
  incidents: readonly Parameters<ReturnType<typeof incidentColumns>[number]['value']>[0][],
  remarks: readonly string[],
  { json }: Choice,
): Promise<void> {
  if (json) for (const incident of incidents) await write(jsonLine(incident));
  else await write(incidents.length === 0 ? 'no incident\n' : table(incidentColumns(), incidents));
  for (const remark of remarks) process.stderr.write(`${clean(remark)}\n`);
}
