/** `makai boxes add | set | list | show | retire`: the records of boxes in the store; `health` and `status`: how the boxes are, and who is missing. */
import type { Command } from 'commander';
import type { HealthOptions } from '../box-health/print.js';
import type { BoxStatusOptions } from '../box-status/print.js';
import { withStoreOptions } from '../store-access.js';

const records = () => import('../box-records.js');

export function register(program: Command): void {
  const boxes = program
    .command('boxes')
    .description(
      'Boxes: their records in the store (name, location, calibration constant, key), and their health.',
    );
  const add = boxes
    .command('add')
    .description('Add a box.')
    .argument('<id>', 'decimal id of the box')
    .option('--unplugged', 'it is not in use: its silence is not an outage');
  withStoreOptions(withFields(add)).action(async (id, options) => (await records()).addBox(id, options));
  const set = boxes
    .command('set')
    .description('Change the record of a box; a new location moves the old one to its archive.')
    .argument('<id>', 'decimal id of the box')
    .option('--unplugged', 'it is out of use: its silence is not an outage')
    .option('--no-unplugged', 'it is in use');
  withStoreOptions(withFields(set)).action(async (id, options) => (await records()).setBox(id, options));
  const list = boxes
    .command('list')
    .description('List the boxes in the store.')
    .option('--json', 'NDJSON, one box per line');
  withStoreOptions(list).action(async (options) => (await records()).listBoxes(options));
  const show = boxes
    .command('show')
    .description('Show the whole record of a box.')
    .argument('<id>', 'decimal id of the box')
    .option('--json', 'as JSON on one line');
  withStoreOptions(show).action(async (id, options) => (await records()).showBox(id, options));
  boxes
    .command('health')
    .description(
      'Show the health of the boxes, as the running daemons see it: last heard, rate, clock, connections, replies and findings (docs/box-health.md). Worst first.',
    )
    .argument('[id]', 'decimal id of one box: everything that is known of it')
    .option('--dir <folder>', 'the working folder of `makai up`, instead of the default configuration files')
    .option('--findings', 'only boxes with findings')
    .option('--json', 'NDJSON, one box per line')
    .action(async (id: string | undefined, options: HealthOptions) =>
      (await import('../box-health/print.js')).printBoxHealth(id, options),
    );
  boxes
    .command('status')
    .description(
      'One line a box, worst first: expected by a certificate, heard, last time, rate, record, findings, and why it is not heard, as far as that is known (docs/troubleshooting.md). The exit code is 1 if a box in use is missing.',
    )
    .option('--dir <folder>', 'the working folder of `makai up`, instead of the default configuration files')
    .option('--missing', 'only boxes that are not heard')
    .option('--json', 'NDJSON, one box per line')
    .action(async (options: BoxStatusOptions) =>
      (await import('../box-status/print.js')).printBoxStatus(options),
    );
  const retire = boxes
    .command('retire')
    .description(
      'Take a box out of use. Its key is removed, so it may no longer connect (where keys come from the store), and its silence is not an outage. Its record stays, because its waveforms need the calibration constant.',
    )
    .argument('<id>', 'decimal id of the box')
    .option('--remove', 'remove the whole record');
  withStoreOptions(retire).action(async (id, options) => (await records()).retireBox(id, options));
}

function withFields(command: Command): Command {
  return command
    .option('--name <text>', "a name that no other box has; '' removes it")
    .option('--description <text>', "free text; '' removes it")
    .option('--calibration <constant>', 'counts per volt, as measured for this box (1 if unknown)')
    .option('--nominal-voltage <V>', "nominal voltage of the grid at the box, V RMS; '' removes it")
    .option('--nominal-frequency <Hz>', "nominal frequency of the grid at the box, Hz; '' removes it")
    .option('--location <slug>', 'where it is plugged in')
    .option('--public-key <key>', 'its public key, Z85, 40 characters')
    .option('--certificate <file>', 'its public certificate, in place of --public-key');
}
