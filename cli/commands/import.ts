/** `makai import`: recordings of other instruments become events. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { codeOf, MakaiError, messageOf } from '../../common/errors.js';
import { jsonLine, write } from '../../common/stdout.js';
import type { Retention } from '../../store/store.js';
import type { ImportedEvent } from '../import/into-store.js';
import { boxIds, positive, whole } from '../number-arguments.js';
import { clean, table } from '../output.js';
import { parseTime } from '../range.js';
import { type RecordingFlags, recordingOptions, withRecordingOptions } from '../recording-options.js';
import { type StoreChoice, useStore, withStoreOptions } from '../store-access.js';
import { isoTime } from '../time.js';

interface Choice extends StoreChoice, RecordingFlags {
  box?: number[];
  calibration?: number;
  start?: string;
  utcOffset?: number;
  firstBoxId: number;
  retention?: Retention['mode'];
  json?: true;
}

/** Below these ids are boxes that measure. */
const FIRST_BOX_ID = 1_000_000_000;

export function register(program: Command): void {
  const command = program
    .command('import')
    .description(
      'Import recordings of other instruments (COMTRADE, PQDIF, PQDS, CSV, WAV): each becomes an event, each voltage a box at 12 kHz. The files are kept as they are: `makai events export <id> --original`. What was imported before is left as it is.',
    )
    .argument('<files...>', 'files to import; of a COMTRADE recording any of its files')
    .option('--box <ids>', 'boxes for the voltages, in their order, such as 7,8,9', boxIds)
    .option(
      '--calibration <constant>',
      'calibration constant of new boxes, counts per volt; needed for raw 16-bit counts',
      positive,
    )
    .option('--start <time>', 'when the recording began, in place of what the file says')
    .option(
      '--utc-offset <offset>',
      'for files with a local time that do not say its zone: how far it is ahead of UTC, such as +10:00',
      utcOffset,
    )
    .option('--first-box-id <id>', 'lowest id for new boxes', whole, FIRST_BOX_ID)
    .addOption(
      new Option(
        '--retention <mode>',
        'how events expire in the store (default: as the daemon configures it with --store config:<file>, else ttl, for good)',
      ).choices(['ttl', 'laha']),
    )
    .option('--json', 'one event per line as JSON');
  withStoreOptions(withRecordingOptions(command)).action(run);
}

async function run(files: string[], options: Choice): Promise<void> {
  const { importFile } = await import('../import/file.js');
  const { ImportBoxes } = await import('../import/boxes.js');
  const { retentionOf } = await import('../chosen-store.js');
  const given = {
    ...recordingOptions(options),
    ...(options.box !== undefined && { boxIds: options.box.map(String) }),
    ...(options.calibration !== undefined && { calibration: options.calibration }),
    ...(options.start !== undefined && { startMs: parseTime('--start', options.start) }),
    ...(options.utcOffset !== undefined && { utcOffsetMin: options.utcOffset }),
  };
  const rows: ImportedEvent[] = [];
  const failed: MakaiError[] = [];
  await useStore(
    options,
    async (store) => {
      const boxes = new ImportBoxes(await store.boxes(), options.firstBoxId, options.calibration);
      for (const file of files) {
        try {
          for await (const imported of importFile(store, boxes, file, given, warn)) {
            if (options.json) await write(jsonLine(imported));
            else rows.push(imported);
          }
        } catch (error) {
          // A file that cannot be read does not keep the others from being imported.
          if (!(error instanceof MakaiError) || codeOf(error) !== 'RECORDING_INVALID') throw error;
          failed.push(error);
        }
      }
    },
    retentionOf(options, options.retention),
  );
  if (rows.length > 0) await write(shown(rows));
  const [first] = failed;
  if (first === undefined) return;
  if (files.length === 1) throw first;
  for (const error of failed) warn(messageOf(error));
  throw new MakaiError('RECORDING_INVALID', `${failed.length} of ${files.length} files were not imported`, {
    hint: 'What is wrong with each is named above.',
  });
}

function shown(rows: readonly ImportedEvent[]): string {
  return table(
    [
      { title: 'file', value: ({ file }) => file },
      { title: 'event', value: ({ event_id }) => event_id, right: true },
      { title: 'start (UTC)', value: ({ start_ms }) => isoTime(start_ms) },
      { title: 'seconds', value: ({ seconds }) => seconds.toFixed(3), right: true },
      {
        title: 'boxes',
        value: ({ boxes }) => boxes.map(({ box_id, channel }) => `${box_id} (${channel})`).join(', '),
      },
      { title: 'in the original only', value: (row) => row.not_imported.join(', ') },
      { title: '', value: ({ duplicate }) => (duplicate ? 'imported before' : '') },
    ],
    rows,
  );
}

function warn(text: string): void {
  process.stderr.write(`${clean(text)}\n`);
}

/** Minutes. */
function utcOffset(text: string): number {
  const [, sign, hours = '', minutes = '0'] = /^([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(text) ?? [];
  const total = Number(hours) * 60 + Number(minutes);
  if (sign === undefined || total > 14 * 60)
    throw new InvalidArgumentError('expected an offset such as +10:00');
  return sign === '-' ? -total : total;
}
