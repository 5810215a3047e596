/** The dashboard and the alert rules use only metrics, and labels of them, that exist. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS, type MetricInfo } from '../../common/metrics/names.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';

/** Added by Prometheus itself, not by us. */
const TARGET_LABELS = ['instance', 'job'];
const PROMETHEUS_OWN = ['up'];
const WORDS = new Set(['by', 'without', 'on', 'ignoring', 'and', 'or', 'unless', 'offset', 'bool']);

/** Names of series as they are scraped, with their labels. */
function series(): Map<string, readonly string[]> {
  const known = new Map<string, readonly string[]>(PROMETHEUS_OWN.map((name) => [name, TARGET_LABELS]));
  for (const [name, info] of Object.entries<MetricInfo>(METRICS)) {
    const labels = [...TARGET_LABELS, ...(info.labels ?? [])];
    if (info.type !== 'histogram') known.set(name, labels);
    else
      for (const part of ['bucket', 'sum', 'count'])
        known.set(`${name}_${part}`, part === 'bucket' ? [...labels, 'le'] : labels);
  }
  return known;
}

/** The metrics and the labels that a PromQL expression uses. */
function used(expression: string): { metrics: string[]; labels: string[] } {
  const labels: string[] = [];
  const keep = (names: string): string => {
    labels.push(...(names.match(/[a-z_]+/g) ?? []));
    return ' ';
  };
  const rest = expression
    .replace(/\{([^}]*)\}/g, (_all, matchers: string) => keep(matchers.replace(/"[^"]*"/g, '')))
    .replace(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g, (_all, names: string) => keep(names))
    .replace(/\[[^\]]*\]/g, ' ');
  const words = [...rest.matchAll(/[a-z_][a-z0-9_]*/gi)].filter(
    (match) => !/^\s*\(/.test(rest.slice(match.index + match[0].length)),
  );
  return { metrics: words.map((match) => match[0]).filter((word) => !WORDS.has(word)), labels };
}

function complaints(expression: string): string[] {
  const known = series();
  const { metrics, labels } = used(expression);
  const unknown = metrics.filter((name) => !known.has(name)).map((name) => `no metric ${name}`);
  const offered = metrics.flatMap((name) => known.get(name) ?? []);
  const strange = labels.filter((label) => !offered.includes(label)).map((label) => `no label ${label}`);
  return [...(metrics.length === 0 ? ['no metric at all'] : []), ...unknown, ...strange];
}

function text(name: string): string {
  return readFileSync(join(PACKAGE_ROOT, 'deploy', 'grafana', name), 'utf8');
}

interface Panel {
  title: string;
  type: string;
  targets?: { expr: string; legendFormat: string }[];
}

describe('deploy/grafana', () => {
  it('the check itself finds what does not exist', () => {
    assert.deepEqual(complaints('rate(makai_nonsense_total[5m]) > 1'), ['no metric makai_nonsense_total']);
    assert.deepEqual(complaints('sum by (colour) (makai_queue_depth{queue="a", size="b"})'), [
      'no label size',
      'no label colour',
    ]);
    assert.deepEqual(complaints('makai_event_latency_seconds'), ['no metric makai_event_latency_seconds']);
    assert.deepEqual(
      complaints('histogram_quantile(0.9, sum by (le) (rate(makai_event_latency_seconds_bucket[1m])))'),
      [],
    );
  });

  const dashboard = JSON.parse(text('dashboard.json')) as { panels: Panel[] };

  for (const panel of dashboard.panels.filter(({ type }) => type !== 'row')) {
    it(`panel "${panel.title}"`, () => {
      assert.ok(panel.targets && panel.targets.length > 0);
      for (const { expr, legendFormat } of panel.targets) {
        assert.deepEqual(complaints(expr), []);
        const { metrics } = used(expr);
        const labels = metrics.flatMap((name) => series().get(name) ?? []);
        for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
          assert.ok(labels.includes(label ?? ''), legendFormat);
      }
    });
  }

  const rules = text('alerts.yml')
    .split(/^ +- alert: /m)
    .slice(1);

  for (const rule of rules) {
    it(`alert ${rule.slice(0, rule.indexOf('\n'))}`, () => {
      const expression = /^ +expr: (.+)$/m.exec(rule)?.[1];
      assert.ok(expression !== undefined && /summary: ".+"\n +action: ".+"/.test(rule));
      assert.deepEqual(complaints(expression), []);
    });
  }

  it('every metric that shows a loss or a failing daemon has an alert rule', () => {
    const watched = rules.flatMap((rule) => used(/^ +expr: (.+)$/m.exec(rule)?.[1] ?? '').metrics).join(' ');
    for (const name of [
      'makai_dropped_total',
      'makai_spool_dropped_total',
      'makai_spool_quarantined_rows',
      'makai_kafka_up',
      'makai_kafka_dropped_total',
      'makai_proxy_failures_total',
      'makai_store_up',
      'makai_plugin_up',
      'makai_boxes_active',
      'makai_box_silent_seconds',
      'makai_disk_free_bytes',
      'makai_connections_refused_total',
      'process_start_time_seconds',
    ]) {
      assert.ok(watched.includes(name), name);
    }
  });

  it('scrapes the default addresses of the daemons', () => {
    for (const port of [9890, 9891, 9892, 9893])
      assert.ok(text('prometheus.yml').includes(`127.0.0.1:${port}`));
  });
});
