/** kill -9 of each process under load. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kind } from '../../../config/index.js';
import { seededRandom } from '../../fuzz/random.js';
import type { FaultCase } from '../case.js';
import { type FaultLine, KINDS } from '../line.js';
import { course } from '../scenario.js';

const ROUNDS = 3;
const RANDOM_ROUNDS = 8;
const STORES = ['sqlite', 'mongo'] as const;

async function killed(line: FaultLine, kind: Kind, downMs: number): Promise<void> {
  await line.daemons[kind].kill();
  await sleep(downMs);
  await line.daemons[kind].start();
}

const ofEach: FaultCase[] = KINDS.map((kind) => ({
  name: `kill -9 of the ${kind}`,
  stores: STORES,
  run: (store) =>
    course({
      store,
      fault: async (line, ledger) => {
        for (let round = 0; round < ROUNDS; round += 1) {
          await killed(line, kind, 300 * round);
          if (kind === 'acquisition-broker') await ledger.moreEvents(3);
          else await ledger.moreMeasurements(10);
        }
        return [`killed ${ROUNDS} times`];
      },
    }),
}));

const ofTheStore: FaultCase = {
  name: 'kill -9 of the store',
  stores: ['mongo'],
  run: (store) =>
    course({
      store,
      // Nothing else is killed, so every measurement that left the broker counts as accepted.
      all: true,
      fault: async ({ mongo }, ledger) => {
        for (let round = 0; round < ROUNDS; round += 1) {
          await mongo?.control?.kill();
          await ledger.moreMeasurements(20);
          await ledger.moreEvents(3);
          await mongo?.control?.start();
          await ledger.moreMeasurements(20);
        }
        return [`killed ${ROUNDS} times; measurements and events went on meanwhile`];
      },
    }),
};

const atRandom: FaultCase = {
  name: 'kill -9 at random',
  stores: STORES,
  run: (store) =>
    course({
      store,
      fault: async (line) => {
        const seed = Date.now() % 2 ** 31;
        const random = seededRandom(seed);
        const targets = line.mongo?.control === undefined ? [...KINDS] : [...KINDS, 'store' as const];
        for (let round = 0; round < RANDOM_ROUNDS; round += 1) {
          const target = random.pick(targets);
          await sleep(random.below(1500));
          if (target !== 'store') await killed(line, target, random.below(1500));
          else {
            await line.mongo?.control?.kill();
            await sleep(random.below(1500));
            await line.mongo?.control?.start();
          }
        }
        return [`${RANDOM_ROUNDS} kills, seed ${seed}`];
      },
    }),
};

export const KILLS: readonly FaultCase[] = [...ofEach, ofTheStore, atRandom];
