/** A process of its own, whose memory is measured: `FILE` is worked off by the whole analysis service. Prints a `WorkedOff`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startAnalysisService } from '../../analysis-service/index.js';
import { silentLogger } from '../../common/log.js';
import { parseSettings } from '../../config/index.js';
import { openFollowerStore } from '../../daemon/store.js';
import { peakMemory } from '../support/peak-memory.js';

export const CHILD = fileURLToPath(import.meta.url);

export interface WorkedOff {
  /** from the start of the service to the last result */
  seconds: number;
  /** resident, the most at a time */
  memoryMb: number;
}

const LOOK_MS = 20;

async function workOff(file: string): Promise<WorkedOff> {
  const settings = parseSettings('analysis-service', {
    ...{ incident_pub: 'tcp://127.0.0.1:*', status: 'off', store: `sqlite:${file}` },
    zmq_trigger_endpoint: `ipc://${file}.nobody`,
  });
  const start = performance.now();
  const openStore = () => openFollowerStore(settings, silentLogger());
  const service = await startAnalysisService(settings, { log: silentLogger(), openStore });
  const analysed = (): number => {
    const { incidents } = service.status();
    return incidents === 'off' ? 0 : incidents.waveforms;
  };
  while (analysed() === 0) await sleep(LOOK_MS);
  const seconds = (performance.now() - start) / 1000;
  await service.stop();
  return { seconds, memoryMb: peakMemory() / 1024 ** 2 };
}

if (process.argv[1] === CHILD)
  process.stdout.write(`${JSON.stringify(await workOff(process.argv[2] ?? ''))}\n`);
