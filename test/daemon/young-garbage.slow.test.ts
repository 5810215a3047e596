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

/** Threads that look for the function in the same moment. Prints how many of them collected. */
const THREADS = `
  import { Worker } from 'node:worker_threads';
  const program = \`
    const { parentPort, workerData } = require('node:worker_threads');
    const { constants, PerformanceObserver } = require('node:perf_hooks');
    void import(workerData.module).then(({ collectYoungGarbage }) => {
      Atomics.add(workerData.ready, 0, 1);
      while (Atomics.load(workerData.ready, 0) < workerData.count);
      const waiting = setTimeout(() => undefined, 60_000);
      const observer = new PerformanceObserver((list) => {
        const forced = list.getEntries().filter(({ detail }) => detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED);
        if (forced.length === 0) return;
        observer.disconnect();
        clearTimeout(waiting);
        parentPort.postMessage('collected');
      });
      observer.observe({ entryTypes: ['gc'] });
      collectYoungGarbage();
    });
  \`;
  const [module, count] = [process.argv[1], 8];
  const ready = new Int32Array(new SharedArrayBuffer(4));
  let collected = 0;
  const threads = Array.from({ length: count }, () => new Worker(program, { eval: true, execArgv: [], workerData: { module, count, ready } }));
  for (const thread of threads) thread.on('message', () => (collected += 1));
  await Promise.all(threads.map((thread) => new Promise((resolve) => thread.once('exit', resolve))));
  console.log(collected);
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

  it('is found by threads that look for it in the same moment', async () => {
    const module = new URL('../../daemon/young-garbage.js', import.meta.url).href;
    const args = ['--input-type=module', '--eval', THREADS, module];
    for (let round = 0; round < 10; round += 1)
      assert.equal((await promisify(execFile)(process.execPath, args)).stdout.trim(), '8');
  });
});
