/** `makai gateway`. */
import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('gateway')
    .description(
      'Run the gateway: it publishes measurements, events and incidents over MQTT, to a broker of yours or an embedded one.',
    )
    .argument(
      '[config]',
      'configuration file; without it the file in GATEWAY_SETTINGS, otherwise the default path',
    )
    .action(run);
}

async function run(path: string | undefined): Promise<void> {
  const [{ runDaemon }, { startGateway }, { openWebStore }] = await Promise.all([
    import('../../daemon/run.js'),
    import('../../gateway/index.js'),
    import('../../daemon/store.js'),
  ]);
  await runDaemon('gateway', path, (settings, { log }) =>
    startGateway(settings, { log, openStore: () => openWebStore(settings, log) }),
  );
}
