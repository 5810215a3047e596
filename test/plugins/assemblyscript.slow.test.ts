/** The settings of the AssemblyScript library and the statistics of napali, compiled by themselves. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { encodeSettings } from '../../plugin-host/wasm-settings.js';
import { compile } from './compile.js';

interface Probe {
  memory: WebAssembly.Memory;
  allocate(bytes: number): number;
  configure(at: number, bytes: number): number;
  text(): number;
  reset(): void;
  add(value: number, alpha: number): void;
  mean(): number;
  variance(): number;
}

describe('plugins in AssemblyScript, part by part', () => {
  let probe: Probe;
  before(async function () {
    this.timeout(400_000);
    const module = new WebAssembly.Module(await compile('test/plugins/assembly/probe.ts'));
    const makai = { log: () => undefined, now_ms: () => 0 };
    probe = new WebAssembly.Instance(module, { makai }).exports as unknown as Probe;
  });

  /** @returns the values that were read, then the problems */
  function configure(settings: Record<string, unknown>): string[] {
    const bytes = encodeSettings(settings);
    const at = probe.allocate(bytes.length);
    new Uint8Array(probe.memory.buffer).set(bytes, at);
    const length = probe.configure(at, bytes.length);
    return new TextDecoder().decode(new Uint8Array(probe.memory.buffer, probe.text(), length)).split('|');
  }

  it('settings of every kind, nested ones by their paths', () => {
    const list = [{ low: 1.5 }, { low: 2 }];
    const read = configure({ x: -25, flag: true, name: 'Netz Süd', boxes: [1, 4294967295], list });
    assert.deepEqual(read, ['-25.0', 'true', 'Netz Süd', '1,4294967295', '3.5']);
    assert.deepEqual(configure({}), ['-1.0', 'false', 'default', '', '0.0']);
  });

  it('every mistake, and what was not read, each once', () => {
    const wrong = { x: '1', flag: 0, name: null, boxes: [1.5, -1], list: [{ hihg: 1 }], other: { x: [1] } };
    assert.deepEqual(configure(wrong).slice(5), [
      'x: must be a number',
      'flag: must be true or false',
      'name: must be text',
      'boxes.0: must be a whole number',
      'boxes.1: must be 0 or more',
      'list.0: no such setting',
      'other: no such setting',
    ]);
  });

  it('mean and variance are those of the published recurrence, written out', () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (xs, alpha) => {
        probe.reset();
        for (const x of xs) probe.add(x, alpha);
        // Weights (1-alpha)^(n-1) for the first, alpha (1-alpha)^(n-1-i) for the others; the variance about that mean.
        const weights = xs.map((_, i) => (i === 0 ? 1 : alpha) * (1 - alpha) ** (xs.length - 1 - i));
        const mean = xs.reduce((sum, x, i) => sum + x * (weights[i] ?? 0), 0);
        const variance = xs.reduce((sum, x, i) => sum + (x - mean) ** 2 * (weights[i] ?? 0), 0);
        assert.ok(Math.abs(probe.mean() - mean) <= 1e-6 * Math.max(1, Math.abs(mean)));
        assert.ok(Math.abs(probe.variance() - variance) <= 1e-3 * Math.max(1, variance));
      }),
    );
  });
});
