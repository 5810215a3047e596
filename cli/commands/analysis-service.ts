/** `makai analysis-service`. */
import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('analysis-service')
    .description(
      'Run the analysis service: it finds incidents in stored waveforms and computes ten-minute values from measurements.',
    )
    .argument(
      '[config]',
      'configuration file; without it the file in ANALYSIS_SERVICE_SETTINGS, otherwise the default path',
    )
    .action(run);
}

async function run(path: string | undefined): Promise<void> {
  const [{ runDaemon }, { startAnalysisService }, { openFollowerStore }] = await Promise.all([
    import('../../daemon/run.js'),
    import('../../analysis-service/index.js'),
    import('../../daemon/store.js'),
  ]);
  await runDaemon('analysis-service', path, (settings, { log }) =>
    startAnalysisService(settings, { log, openStore: () => openFollowerStore(settings, log) }),
  );
}
