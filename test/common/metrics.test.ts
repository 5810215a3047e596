import assert from 'node:assert/strict';
import { Metrics } from '../../common/metrics/metrics.js';
import { METRICS, type MetricInfo, metricsOf } from '../../common/metrics/names.js';

describe('common/metrics/metrics', () => {
  const made: Metrics[] = [];
  afterEach(() => {
    for (const metrics of made.splice(0)) metrics.stop();
  });

  function make(daemon: 'acquisition-broker' | 'triggering-service' = 'triggering-service'): Metrics {
    const metrics = new Metrics(daemon, '1.2.3');
    made.push(metrics);
    return metrics;
  }

  async function lines(metrics: Metrics, name: string): Promise<string[]> {
    const text = await metrics.exposition();
    assert.match(text, /\n# EOF\n$/);
    return text.split('\n').filter((line) => line.startsWith(name));
  }

  it('reads values when they are asked for, with and without labels', async () => {
    const metrics = make();
    let active = 1;
    metrics.gauge('makai_boxes_active', () => active++);
    metrics.counter('makai_dropped_total', () => ({ too_old: 2, 'no "sense"': 3 }));
    metrics.gauge('makai_plugin_batch_seconds', () => [
      { labels: { plugin: 'print', quantile: '0.5' }, value: 0.25 },
      { labels: { plugin: 'print', quantile: '0.99' }, value: Number.NaN },
    ]);
    assert.deepEqual(await lines(metrics, 'makai_boxes_active'), ['makai_boxes_active 1']);
    assert.deepEqual(await lines(metrics, 'makai_boxes_active'), ['makai_boxes_active 2']);
    assert.deepEqual(await lines(metrics, 'makai_dropped_total'), [
      'makai_dropped_total{reason="too_old"} 2',
      'makai_dropped_total{reason="no \\"sense\\""} 3',
    ]);
    assert.deepEqual(await lines(metrics, 'makai_plugin_batch_seconds'), [
      'makai_plugin_batch_seconds{plugin="print",quantile="0.5"} 0.25',
    ]);
    assert.deepEqual(await lines(metrics, 'makai_info'), ['makai_info{version="1.2.3"} 1']);
  });

  it('records durations, and what is not finite not at all', async () => {
    const metrics = make('acquisition-broker');
    const record = metrics.histogram('makai_store_write_seconds');
    record(0.003, 'event');
    record(-1, 'event');
    record(Number.NaN, 'event');
    const found = await lines(metrics, 'makai_store_write_seconds');
    assert.ok(
      found.includes('makai_store_write_seconds_bucket{le="0.005",kind="event"} 2'),
      found.join('\n'),
    );
    assert.ok(found.includes('makai_store_write_seconds_count{kind="event"} 2'));
  });

  it('a callback that throws or gives nonsense costs only its own metric', async () => {
    const metrics = make();
    metrics.gauge('makai_boxes_active', () => {
      throw new Error('no');
    });
    metrics.gauge('makai_queue_depth', () => [{ labels: { nonsense: '1' }, value: 1 }]);
    metrics.gauge('makai_store_up', () => 1);
    assert.deepEqual(await lines(metrics, 'makai_queue_depth'), []);
    assert.deepEqual(await lines(metrics, 'makai_store_up'), ['makai_store_up 1']);
  });

  it('gives out a bounded number of series', async () => {
    const metrics = make();
    metrics.counter('makai_dropped_total', () =>
      Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`r${i}`, i])),
    );
    assert.equal((await lines(metrics, 'makai_dropped_total')).length, 2000);
  });

  it('knows which promised metrics are missing, and refuses those of another daemon', () => {
    const metrics = make();
    assert.ok(metrics.missing().includes('makai_boxes_active'));
    assert.ok(!metrics.missing().includes('makai_info'));
    assert.throws(
      () => metrics.counter('makai_events_total', () => 1),
      /not a metric of the triggering-service/,
    );
  });

  it('names follow the rules: unit in the name, counters end in _total, labels only of plain words', () => {
    for (const [name, info] of Object.entries<MetricInfo>(METRICS)) {
      assert.match(name, /^(makai|process)(_[a-z]+)+$/);
      assert.equal(name.endsWith('_total'), info.type === 'counter', name);
      if (info.unit) assert.match(name, new RegExp(`_${info.unit}(_total)?$`));
      else assert.doesNotMatch(name, /_(seconds|bytes)/);
      if (info.type === 'histogram') assert.ok((info.buckets?.length ?? 0) > 0, name);
      assert.ok(info.help.endsWith('.') && info.daemons.length > 0, name);
    }
    assert.ok(metricsOf('triggering-broker').includes('makai_boxes_connected'));
  });
});
