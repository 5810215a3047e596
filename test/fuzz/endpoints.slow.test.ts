/** 20,000 inputs for each endpoint of running daemons; `npm run test:fuzz` does a million. */
import assert from 'node:assert/strict';
import { ENDPOINTS } from './endpoints.js';
import { fuzzEndpoint } from './fuzz-endpoint.js';
import { FUZZED_DAEMONS } from './fuzzed-daemons.js';
import { type DaemonUnderTest, startDaemon } from './line.js';

/** CI fuzzes on one release of Node, and goes through the same on others. */
const INPUTS = Number(process.env.MAKAI_FUZZ_INPUTS ?? 20_000);
const SEED = 20_261;
/** Of the whole process, MB: what a daemon has at its start, and its bounded queues. */
const MOST_MB = 400;

describe('fuzzed endpoints', function () {
  this.timeout(400_000);
  for (const { change, kind } of FUZZED_DAEMONS) {
    describe(kind, () => {
      let daemon: DaemonUnderTest;
      before(async () => {
        daemon = await startDaemon(kind, change);
      });
      after(() => daemon?.stop());

      for (const target of ENDPOINTS.filter((one) => one.kind === kind)) {
        it(`${target.name}: lives, works, logs no error`, async () => {
          const result = await fuzzEndpoint(target, daemon, INPUTS, SEED);
          assert.equal(result.inputs, INPUTS);
          assert.ok(daemon.memory() < MOST_MB, `${daemon.memory()} MB`);
        });
      }
    });
  }
});
