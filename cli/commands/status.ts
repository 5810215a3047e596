/** `makai status`: the state of the running daemons. */
import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('status')
    .description(
      'Print the state of the running daemons on one screen, what is wrong first. The exit code is 1 if one does not reply, or if a plugin was refused or has stopped.',
    )
    .option('--dir <folder>', 'the working folder of `makai up`, instead of the default configuration files')
    .option(
      '--config <folder>',
      'a folder with the settings files of the daemons, for an instance (/etc/makai/NAME) or another installation on this machine',
    )
    .option('--all', 'everything that the daemons report')
    .option(
      '--cluster',
      'the stream of measurements in NATS and the triggering services that share it, acquisition brokers, analysis services and gateways, on all machines (docs/cluster.md); the exit code is 1 if something is wrong. With --all also every partition',
    )
    .option('--json', 'NDJSON, one daemon per line; with --cluster one line')
    .action(async (options: { config?: string; dir?: string; all?: true; cluster?: true; json?: true }) => {
      const chosen = { ...options, dir: options.dir ?? options.config };
      if (options.cluster) await (await import('../cluster-status.js')).printCluster(chosen);
      else await (await import('../status.js')).printStatuses(chosen);
    });
}
