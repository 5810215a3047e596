/** `makai triggering-broker`. */
import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('triggering-broker')
    .description(
      'Run the triggering broker: it receives measurements of boxes (CURVE) and forwards the same frames to services.',
    )
    .argument(
      '[config]',
      'configuration file; without it the file in TRIGGERING_BROKER_SETTINGS, otherwise the default path',
    )
    .action(run);
}

async function run(path: string | undefined): Promise<void> {
  const [{ runDaemon }, { startTriggeringBroker }, { openBoxKeys }] = await Promise.all([
    import('../../daemon/run.js'),
    import('../../triggering-broker/index.js'),
    import('../../daemon/box-keys.js'),
  ]);
  await runDaemon('triggering-broker', path, async (settings, { log }) => {
    const keys = openBoxKeys(settings);
    const broker = await startTriggeringBroker(settings, { log, boxKeys: keys?.read });
    return {
      endpoints: broker.endpoints,
      reload: (next) => broker.reload(next),
      stop: async () => {
        await broker.stop();
        await keys?.close();
      },
    };
  });
}
