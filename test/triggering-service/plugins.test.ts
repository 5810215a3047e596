/** The running service with plugins: from a measurement to a request, and what hostile plugins can do to it. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { metricsOf } from '../../common/metrics/names.js';
import { ServiceRig, until } from './rig.js';

const HOSTILE: Record<string, string> = {
  throws: 'processBatch() { throw new Error("ouch"); }',
  loops: 'processBatch() { for (;;); }',
  leaks: 'kept = []; processBatch() { for (let i = 0; i < 1e5; i++) this.kept.push({ i }); }',
  floods: `processBatch(c) { return new Array(1e5).fill({ startMs: c.timestampMs[0], endMs: c.timestampMs[0] + 1e3, boxIds: [1],
    triggerType: 'OTHER', percentMagnitude: 1, description: 'x'.repeat(1000), requestData: true }); }`,
  absurd: `processBatch() { return [{ startMs: 5, endMs: 9, boxIds: [1], triggerType: 'OTHER', requestData: true },
    { startMs: Date.now(), endMs: Date.now() + 1e9, boxIds: [1], triggerType: 'OTHER', requestData: true }]; }`,
  refuses: 'onLoad() { throw new Error("not today"); }',
};

describe('triggering-service: plugins', () => {
  let rig: ServiceRig;
  beforeEach(() => {
    rig = new ServiceRig();
  });
  afterEach(() => rig.end());

  const plugin = (id: string) => rig.service.status().plugins.find((p) => p.plugin === id);

  it('asks the acquisition broker for a sag that threshold finds, once', async () => {
    const limits = {
      voltage_threshold_percent_low: 0.05,
      voltage_threshold_percent_high: 0.05,
      frequency_threshold_percent_low: 0.01,
      frequency_threshold_percent_high: 0.01,
      thd_threshold_high: 0.05,
    };
    await rig.start({
      identity: 'test',
      plugins: [{ path: '/usr/local/lib/opq/plugins/libthreshold_trigger_plugin.so', ...limits }],
    });
    await until(() => plugin('threshold')?.state === 'running');
    const time = Date.now() - 3000;
    for (let i = 0; i < 15; i++) await rig.send2(1001, time + 166 * i, { rms: i >= 5 && i < 9 ? 100 : 120 });
    await until(() => rig.requests.length > 0);
    const [request] = rig.requests;
    assert.deepEqual(request?.boxIds, [1001]);
    assert.equal(request?.triggerType, 'VOLTAGE_SAG');
    assert.equal(request?.requestee, 'test');
    assert.ok(request && request.startMs <= time + 5 * 166 && request.endMs >= time + 8 * 166);
  });

  it('stores every measurement and serves a good plugin whatever hostile ones do, and logs it', async function () {
    this.timeout(60_000);
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
    assert.deepEqual([plugin('refuses')?.state, plugin('refuses')?.last_error], ['refused', 'not today']);
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

  it('takes over added, removed and changed plugins by reload, and says what else needs a restart', async () => {
    await rig.start({ plugins: [{ path: 'print', print: false }] });
    await until(() => plugin('print')?.state === 'running');
    const next = { plugins: [{ path: 'threshold' }], max_window_ms: 5000 };
    await rig.service.reload(rig.config(next));
    await until(() => plugin('threshold')?.state === 'running');
    assert.deepEqual(
      rig.service.status().plugins.map((p) => p.plugin),
      ['threshold'],
    );
    const line = rig.lines.find((line) => /need a restart/.test(String(line.msg)));
    assert.deepEqual(line?.fields, ['max_window_ms']);
    await rig.send2(1, Date.now());
    await until(() => plugin('threshold')?.measurements === 1);
  });

  it('shows each plugin in /metrics', async () => {
    await rig.start({ plugins: [{ path: 'print', print: false }], status: '127.0.0.1:0' });
    await until(() => plugin('print')?.state === 'running');
    const text = await (await fetch(`http://${rig.service.endpoints.status}/metrics`)).text();
    assert.match(text, /makai_plugin_up\{plugin="print"\} 1/);
    assert.match(text, /makai_plugin_batch_seconds\{plugin="print",quantile="0.99"\} 0/);
    const status = await (await fetch(`http://${rig.service.endpoints.status}/status`)).text();
    assert.match(status, /"plugin":"print".*"language":"javascript"/);
    const promised = metricsOf('triggering-service').filter(
      (name) => !text.includes(`# TYPE ${name.replace(/_total$/, '')} `),
    );
    assert.deepEqual(promised, [], 'every metric that is promised is there');
  });
});
