/** No input takes more than 20 times its size, or a second a megabyte: measured from outside, in a process of its own. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BYTES, CASES } from './memory-child.js';

/** What Node takes for itself while it runs: its young generation, compiled code. */
const OWN_BYTES = 64_000_000;
const FACTOR = 20;

describe('formats: memory and time', function () {
  this.timeout(400_000);
  for (const name of Object.keys(CASES)) {
    it(name, () => {
      const child = fileURLToPath(new URL('./memory-child.js', import.meta.url));
      const text = execFileSync(process.execPath, [child, name], { encoding: 'utf8', maxBuffer: 1e6 });
      const { outcome, grown, seconds } = JSON.parse(text) as {
        outcome: string;
        grown: number;
        seconds: number;
      };
      assert.ok(outcome === 'read' || outcome === 'RECORDING_INVALID', outcome);
      assert.ok(grown <= FACTOR * BYTES + OWN_BYTES, `${grown / 1e6} MB for ${BYTES / 1e6} MB`);
      assert.ok(seconds <= BYTES / 1e6, `${seconds} s of the processor for ${BYTES / 1e6} MB`);
    });
  }
});
