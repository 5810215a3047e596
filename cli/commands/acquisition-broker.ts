/** `makai acquisition-broker`. */
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('acquisition-broker')
    .description(
      'Run the acquisition broker: it takes event requests, sends commands to boxes (CURVE) and stores their waveforms.',
    )
    .argument(
      '[config]',
      'configuration file; without it the file in ACQUISITION_BROKER_SETTINGS, otherwise the default path',
    )
    .action(run);
}

async function run(path: string | undefined): Promise<void> {
  const [{ runDaemon }, { assignIoThreads, startAcquisitionBroker }, { openDaemonStore }, { stopAll }] =
    await Promise.all([
      import('../../daemon/run.js'),
      import('../../acquisition-broker/index.js'),
      import('../../daemon/store.js'),
      import('../../common/lifecycle.js'),
    ]);
  await runDaemon('acquisition-broker', path, async (settings, { log }) => {
    const ioThreads = assignIoThreads(availableParallelism());
    const store = await openDaemonStore(settings, log, 'acquisition-broker');
    const stored = { name: 'store', part: { stop: () => store.close() } };
    try {
      const broker = await startAcquisitionBroker(settings, { log, store, ioThreads });
      const stop = (): Promise<void> => stopAll([stored, { name: 'acquisition broker', part: broker }]);
      return { endpoints: broker.endpoints, reload: (next) => broker.reload(next), stop };
    } catch (error) {
      await store.close();
      throw error;
    }
  });
}
