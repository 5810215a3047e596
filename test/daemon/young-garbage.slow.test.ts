import assert from 'node:assert/strict';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { collectYoungGarbage } from '../../daemon/young-garbage.js';

describe('collecting young garbage', () => {
  it('is a quick collection, not one of the whole heap', async () => {
    const kinds: unknown[] = [];
    let seen = (): void => undefined;
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { flags, kind } = (entry as unknown as { detail: { flags: number; kind: number } }).detail;
        if (flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) kinds.push(kind);
      }
      if (kinds.length >= 2) seen();
    });
    observer.observe({ entryTypes: ['gc'] });
    const both = new Promise<void>((resolve) => {
      seen = resolve;
    });
    collectYoungGarbage();
    collectYoungGarbage();
    await both;
    observer.disconnect();
    assert.deepEqual(kinds, Array(2).fill(constants.NODE_PERFORMANCE_GC_MINOR));
    assert.equal('gc' in globalThis, false);
  });
});
