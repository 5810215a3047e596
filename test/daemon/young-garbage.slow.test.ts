import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { constants } from 'node:perf_hooks';
import { promisify } from 'node:util';

/** Prints the kinds of the collections that were forced, and whether the function shows. */
const PROGRAM = `
  import { constants, PerformanceObserver } from 'node:perf_hooks';
  const { collectYoungGarbage } = await import(process.argv[1]);
  const kinds = [];
  const observer = new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries())
      if (detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) kinds.push(detail.kind);
    if (kinds.length < 2) return;
    clearInterval(waiting);
    observer.disconnect();
    console.log(JSON.stringify({ kinds, shows: 'gc' in globalThis }));
  });
  const waiting = setInterval(() => undefined, 1000);
  observer.observe({ entryTypes: ['gc'] });
  collectYoungGarbage();
  collectYoungGarbage();
`;

describe('collecting young garbage', () => {
  // In a process of its own: other tests of this one collect garbage too.
  it('is a quick collection, not one of the whole heap', async () => {
    const module = new URL('../../daemon/young-garbage.js', import.meta.url).href;
    const args = ['--input-type=module', '--eval', PROGRAM, module];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const kinds = Array(2).fill(constants.NODE_PERFORMANCE_GC_MINOR);
    assert.deepEqual(JSON.parse(stdout), { kinds, shows: false });
  });
});
