/** `makai web-service`, also `makai web`. */
import { dirname } from 'node:path';
import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('web-service')
    .alias('web')
    .description('Run the web service: the page, and the HTTP API for programs.')
    .argument(
      '[config]',
      'configuration file; without it the file in WEB_SERVICE_SETTINGS, otherwise the default path',
    )
    .action(run);
}

async function run(path: string | undefined): Promise<void> {
  const [{ runDaemon }, { startWebService }, { openWebStore }, { locateConfigFile }] = await Promise.all([
    import('../../daemon/run.js'),
    import('../../web-service/index.js'),
    import('../../daemon/store.js'),
    import('../../config/locate.js'),
  ]);
  const folder = path === undefined ? undefined : dirname(path);
  const isWorkspace = folder !== undefined && locateConfigFile('triggering-service', folder) !== undefined;
  await runDaemon('web-service', path, (settings, { log }) =>
    startWebService(settings, {
      log,
      openStore: () => openWebStore(settings, log),
      workingFolder: isWorkspace ? folder : undefined,
    }),
  );
}
