/** 20,000 inputs for each decoder; `npm run test:fuzz` does a million. */
import assert from 'node:assert/strict';
import { DECODERS } from './decoders.js';
import { fuzzDecoder } from './fuzz-decoder.js';

/** CI fuzzes on one release of Node, and goes through the same on others. */
const INPUTS = Number(process.env.MAKAI_FUZZ_INPUTS ?? 20_000);
/** Fixed here, so that a failure is the same on every machine; the long run draws its own. */
const SEED = 20_260;

describe('fuzzed decoders', function () {
  this.timeout(400_000);
  for (const target of DECODERS) {
    it(`${target.name}: nothing but its own error`, async () => {
      // files are longer than messages, and their readers slower
      const inputs = target.mutate === undefined ? INPUTS : Math.ceil(INPUTS / 10);
      const { refused, taken } = await fuzzDecoder(target, inputs, SEED);
      assert.equal(taken + refused, inputs);
      assert.ok(refused > inputs / 100, `hardly anything refused: ${refused}`);
      assert.ok(taken > 0, 'nothing was taken: the inputs do not come past the first check');
    });
  }
});
