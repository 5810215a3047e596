/** The running service with plugins: from a measurement to a request, reload, metrics. */
import assert from 'node:assert/strict';
import { metricsOf } from '../../common/metrics/names.js';
import { ServiceRig, until } from './rig.js';

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
      // Those of the spool come with the store that has one.
      (name) => !name.startsWith('makai_spool_') && !text.includes(`# TYPE ${name.replace(/_total$/, '')} `),
    );
    assert.deepEqual(promised, [], 'every metric that is promised is there');
  });
});
