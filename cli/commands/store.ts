/** `makai store init | check | copy | backup | restore | size`. */
import { type Command, Option } from 'commander';
import { positive, whole, whole0 } from '../number-arguments.js';
import { STORE_FORMS, withStoreOptions } from '../store-access.js';

const actions = () => import('../store-maintenance.js');

export function register(program: Command): void {
  const store = program.command('store').description('Create, check, copy, back up and restore stores.');
  const init = store
    .command('init')
    .description('Create a store, or what is missing in it: file and tables, or collections and indexes.');
  withRetention(withStoreOptions(init)).action(async (options) => (await actions()).initStore(options));
  const check = store
    .command('check')
    .description(
      'Check a store and say what is wrong and what to do. Nothing is changed. The exit code is 1 if something is wrong.',
    )
    .option('--json', 'NDJSON, one finding per line');
  withRetention(withStoreOptions(check)).action(async (options) =>
    (await actions()).checkChosenStore(options),
  );
  const copy = store
    .command('copy')
    .description(
      'Copy a store into another: boxes, makai_config, incidents, events with waveforms, trends, aggregates, measurements. Documents that the target already has stay; those that differ are named. After an interruption the same command continues where it stopped.',
    )
    .requiredOption('--from <URL>', `store to copy: ${STORE_FORMS}`)
    .requiredOption('--to <URL>', 'store to copy into, in the same form; created if missing')
    .option(
      '--update',
      'of documents that the target already has, carry over what people changed since an earlier copy: records of boxes, makai_config, locations, role and password of users, remarks on incidents, events kept',
    )
    .option('--restart', 'start again from the beginning after an interruption')
    .option('--json', 'the report as one JSON document');
  withRetention(copy).action(async (options) => (await actions()).copyStores(options));
  const backup = store
    .command('backup')
    .argument('<file|folder>', 'new file; in a folder, a file named after the time')
    .description(
      'Copy a store while daemons write to it, check the copy, and let only its owner read it. With MongoDB: print the commands, and exit with 1.',
    )
    .option('--all', 'also keys and settings, as <file>.settings.tar')
    .option('--config <folder>', 'folder of the settings, for --all (default: /etc/opq)')
    .option('--json', 'NDJSON, one file per line');
  withStoreOptions(backup).action(async (target, options) =>
    (await import('../store-backup.js')).backupStore(target, options),
  );
  const restore = store
    .command('restore')
    .argument('[file]', 'a backup, or the copy from before an upgrade of the schema')
    .description(
      'Put a backup in the place of a store, with the daemons stopped. The replaced file is kept. Event ids go on past all that were given.',
    )
    .option('--event-id-gap <n>', 'event ids left unused past the highest one known', whole0, 100_000)
    .option('--next-event-id <n>', 'the next event id, in place of the gap', whole)
    .option('--event-ids-only', 'only move event ids on, after mongorestore or a copy by hand')
    .option(
      '--spool <folder>',
      'folder of the spool (default: that of the settings, else /var/lib/opq/spool)',
    )
    .option('--json', 'the report as one JSON document');
  withStoreOptions(restore).action(async (file, options) =>
    (await import('../store-restore.js')).restoreStore(file, options),
  );
  store
    .command('size')
    .description('How large a SQLite store gets, from figures measured with Box 3 and 60 Hz.')
    .requiredOption('--boxes <n>', 'boxes', whole)
    .requiredOption('--events <n>', 'events per day', whole0)
    .option('--boxes-per-event <n>', 'boxes that send a waveform of one event (default: all)', whole)
    .option('--seconds <s>', 'length of a waveform', positive, 5)
    .option('--measurement-days <n>', 'days that measurements are kept', positive, 1)
    .option('--event-days <n>', 'days that events are kept (default: for good)', positive)
    .option('--json', 'as JSON on one line')
    .action(async (options) => (await import('../store-size.js')).printSize(options));
}

function withRetention(command: Command): Command {
  return command.addOption(
    new Option('--retention <mode>', 'retention mode of the store, as in the configuration of the daemons')
      .choices(['ttl', 'laha'])
      .default('ttl'),
  );
}
