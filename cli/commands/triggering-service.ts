/** `makai triggering-service`. */
import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('triggering-service')
    .description(
      'Run the triggering service: it stores measurements and trends and runs the plugins that request events.',
    )
    .argument(
      '[config]',
      'configuration file; without it the file in MAKAI_SETTINGS, otherwise the default path',
    )
    .action(run);
}

async function run(path: string | undefined): Promise<void> {
  const [{ runDaemon }, { startTriggeringService }, { openDaemonStore }, { stopAll }] = await Promise.all([
    import('../../daemon/run.js'),
    import('../../triggering-service/index.js'),
    import('../../daemon/store.js'),
    import('../../common/lifecycle.js'),
  ]);
  await runDaemon('triggering-service', path, async (settings, { log }) => {
    const store = await openDaemonStore(settings, log, 'triggering-service');
    const stored = { name: 'store', part: { stop: () => store.close() } };
    try {
      const service = await startTriggeringService(settings, { log, store });
      return {
        endpoints: service.endpoints,
        reload: (next) => service.reload(next),
        stop: () => stopAll([stored, { name: 'triggering service', part: service }]),
      };
    } catch (error) {
      await store.close();
      throw error;
    }
  });
}
