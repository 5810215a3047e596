/** `makai alerts ...`: what the gateway found, and who knows of it. */
import type { Command } from 'commander';
import { whole, wholeWithin } from '../number-arguments.js';
import { withStoreOptions } from '../store-access.js';

const actions = () => import('../alerts.js');
const MAX_HOURS = 366 * 24;

export function register(program: Command): void {
  const alerts = program.command('alerts').description('Alerts of the gateway.');
  const list = alerts
    .command('list')
    .description('List alerts, the newest first.')
    .option('--open', 'only those that are not resolved')
    .option('--limit <n>', 'the newest n', whole, 50)
    .option('--json', 'NDJSON');
  withStoreOptions(list).action(async (options) => (await actions()).listAlerts(options));
  const ack = alerts
    .command('ack')
    .description('Acknowledge an alert: somebody knows of it. It stays open until its cause is over.')
    .argument('<id>', 'its id, as `makai alerts list` shows it');
  withStoreOptions(ack).action(async (id, options) => (await actions()).acknowledge(id, options));
  const silence = alerts
    .command('silence')
    .description('Silence an alert: nobody is notified of it, nor of the next one of the same cause.')
    .argument('<id>', 'its id, as `makai alerts list` shows it')
    .option('--hours <N>', 'for how long; 0: no longer', wholeWithin(0, MAX_HOURS), 8);
  withStoreOptions(silence).action(async (id, options) => (await actions()).silence(id, options));
}
