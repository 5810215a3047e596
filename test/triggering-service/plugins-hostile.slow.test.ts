/** What hostile plugins can do to the running service. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceRig, until } from './rig.js';

const HOSTILE: Record<string, string> = {
  throws: 'processBatch() { throw new Error("ouch"); }',
  loops: 'processBatch() { for (;;); }',
  leaks: 'kept = []; processBatch() { for (let i = 0; i < 1e5; i++) this.kept.push({ i }); }',
  floods: `processBatch(c) { return new Array(1e5).fill({ startMs: c.timestampMs[0], endMs: c.timestampMs[0] + 1e3, boxIds: [1],
    triggerType: 'OTHER', percentMagnitude: 1, description: 'x'.repeat(1000), requestData: true }); }`,
  absurd: `processBatch() { return [{ startMs: 5, endMs: 9, boxIds: [1], triggerType: 'OTHER', requestData: true },
    { startMs: Date.now(), endMs: Date.now() + 1e9, boxIds: [1], triggerType: 'OTHER', requestData: true }]; }`,
  refuses: 'onTick() {} onLoad() { throw new Error("not today"); }',
};

describe('triggering-service: hostile plugins', () => {
  let rig: ServiceRig;
  beforeEach(() => {
    rig = new ServiceRig();
  });
  afterEach(() => rig.end());

  const plugin = (id: string) => rig.service.status().plugins.find((p) => p.plugin === id);

  it('stores every measurement and serves a good plugin whatever hostile ones do, and logs it', async () => {
    const file = (name: string, body: string) => {
      const path = join(rig.folder, `${name}.mjs`);
      writeFileSync(path, `export default class { name = '${name}'; ${body} }`);
      return { path };
    };
    const plugins = [
      ...Object.entries(HOSTILE).map(([name, body]) => file(name, body)),
      file('good', 'processBatch() {}'),
    ];
    await rig.start({ plugins, plugin_limits: { batch_ms: 1500, memory_mb: 64 } });
    await until(
      () =>
        plugin('good')?.state === 'running' &&
        rig.service.status().plugins.every((p) => p.state !== 'starting'),
    );
    const sent = 20_000;
    const boxes = 100;
    const start = Date.now() - 60_000;
    for (let i = 0; i < sent; i++) {
      await rig.send2(1 + (i % boxes), start + Math.floor(i / boxes) * 166);
      if (i % 1000 === 999) await rig.received(i + 1);
    }
    await until(() => rig.service.status().store.stored === sent);
    await until(() => plugin('good')?.measurements === sent);
    await until(() => ['throws', 'loops', 'leaks'].every((name) => plugin(name)?.last_error !== undefined));
    const status = rig.service.status();
    assert.equal(status.measurements, sent);
    assert.equal(plugin('good')?.dropped_measurements, 0);
    assert.match(plugin('throws')?.last_error ?? '', /ouch/);
    assert.match(plugin('loops')?.last_error ?? '', /took longer than 1500 ms for a batch|the process grew/);
    assert.match(plugin('leaks')?.last_error ?? '', /outgrew its memory/);
    assert.equal(plugin('refuses')?.state, 'refused');
    assert.match(plugin('refuses')?.last_error ?? '', /^onLoad: not today \(refuses\.\w+:1:\d+\)$/);
    assert.ok((plugin('floods')?.dropped_requests ?? 0) > 0);
    assert.ok((status.dropped.window_too_old ?? 0) > 0 && (status.dropped.window_in_the_future ?? 0) > 0);
    for (const message of [
      'plugin stopped; restarted after a pause',
      'event requests of a plugin were dropped',
    ]) {
      assert.ok(
        rig.lines.some((line) => line.msg === message),
        message,
      );
    }
  });
});
