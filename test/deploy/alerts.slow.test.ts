/** Each alert rule fires once, by promtool's own rule tests, and nothing fires while all is well. The metrics of the first group exist with SQLite. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../../cli/up/children.js';
import { prepareWorkspace } from '../../cli/up/workspace.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { statusEndpointOf } from '../../config/locate.js';
import { parseStatusEndpoint } from '../../config/types.js';
import { readMetrics } from '../../daemon/status/client.js';
import { attempt } from '../support/command.js';

const RULES = join(PACKAGE_ROOT, 'deploy/grafana/alerts.yml');
const TEXT = readFileSync(RULES, 'utf8');
const TARGET = { instance: 'a', job: 'makai' };

interface Case {
  /** series and their values, a minute apart: promtool's notation */
  series: readonly [name: string, labels: Record<string, string>, values: string][];
  /** labels of the alert beside severity */
  labels: Record<string, string>;
  /** minutes */
  at: number;
  /** as the texts show it */
  value?: string;
}

const LOSS = { reason: 'store_too_slow' };
const CASES: Readonly<Record<string, Case>> = {
  MakaiDaemonDown: { series: [['up', {}, '1 1 0x8']], labels: TARGET, at: 4 },
  MakaiNoBoxes: { series: [['makai_boxes_active', {}, '5 5 0x8']], labels: TARGET, at: 5 },
  MakaiBoxesSilent: { series: [['makai_boxes_active', {}, '10x9 7x20']], labels: TARGET, at: 20 },
  MakaiTriggeringBrokerNotHeard: {
    series: [['makai_triggering_brokers_missing', {}, '0 2x9']],
    ...{ labels: TARGET, at: 8, value: '2' },
  },
  MakaiHandshakesRefused: {
    series: [['makai_connections_refused_total', { reason: 'unknown' }, '0+120x40']],
    ...{ labels: { instance: 'a' }, at: 30 },
  },
  MakaiUnknownBoxIds: {
    series: [['makai_dropped_total', { reason: 'unknown_box' }, '0x5 3x3']],
    ...{ labels: { instance: 'a', reason: 'unknown_box' }, at: 7 },
  },
  MakaiStoreUnavailable: { series: [['makai_store_up', {}, '1 0x9']], labels: TARGET, at: 4 },
  MakaiProxyRestarted: {
    series: [['makai_proxy_failures_total', {}, '0x5 1x9']],
    ...{ labels: TARGET, at: 8 },
  },
  MakaiStoreSlow: {
    series: [
      ['makai_store_write_seconds_bucket', { kind: 'event', le: '1' }, '0x40'],
      ['makai_store_write_seconds_bucket', { kind: 'event', le: '5' }, '0+10x40'],
      ['makai_store_write_seconds_bucket', { kind: 'event', le: '+Inf' }, '0+10x40'],
    ],
    ...{ labels: { instance: 'a' }, at: 30 },
  },
  MakaiDropping: {
    series: [['makai_dropped_total', { reason: 'too_many_requests' }, '0+120x40']],
    ...{ labels: { instance: 'a', reason: 'too_many_requests' }, at: 30 },
  },
  MakaiCommandsUnanswered: {
    series: [['makai_commands_expired_total', {}, '0+12x60']],
    ...{ labels: TARGET, at: 45 },
  },
  MakaiBoxFinding: {
    series: [['makai_boxes_with_finding', { finding: 'RATE' }, '0x3 2x12']],
    ...{ labels: { finding: 'RATE' }, at: 12, value: '2' },
  },
  MakaiPluginDown: {
    series: [['makai_plugin_up', { plugin: 'p' }, '1 0x12']],
    ...{ labels: { ...TARGET, plugin: 'p' }, at: 10 },
  },
  MakaiPluginTooSlow: {
    series: [['makai_plugin_dropped_batches_total', { plugin: 'p' }, '0+1x40']],
    ...{ labels: { ...TARGET, plugin: 'p' }, at: 30 },
  },
  MakaiEventLoopDelay: {
    series: [['makai_event_loop_delay_seconds', { quantile: '0.99' }, '0.4x30']],
    ...{ labels: { ...TARGET, quantile: '0.99' }, at: 20 },
  },
  MakaiDataLost: {
    series: [['makai_dropped_total', LOSS, '0x5 9x3']],
    ...{ labels: { instance: 'a', ...LOSS }, at: 7 },
  },
  MakaiDiskFull: {
    series: [
      ['makai_disk_free_bytes', {}, '8e10 3e9x12'],
      ['makai_disk_size_bytes', {}, '1e11x12'],
    ],
    ...{ labels: TARGET, at: 10 },
  },
  MakaiClock: {
    series: [
      ['makai_boxes_with_finding', { finding: 'CLOCK_OFFSET' }, '0 8x14'],
      ['makai_boxes_active', {}, '10x15'],
    ],
    ...{ labels: { instance: 'a' }, at: 10 },
  },
  MakaiBoxSilent: {
    series: [['makai_box_silent_seconds', { box: '1001' }, '_x3 300+60x12']],
    ...{ labels: { ...TARGET, box: '1001' }, at: 14, value: '16m 0s' },
  },
  MakaiRestarts: {
    series: [['process_start_time_seconds', {}, '100 100 200 300 400x9']],
    ...{ labels: TARGET, at: 6, value: '3' },
  },
  MakaiWrongServerKey: {
    series: [['makai_connections_refused_total', { reason: 'wrong_server_key' }, '1+20x20']],
    ...{ labels: { instance: 'a' }, at: 12 },
  },
  MakaiSpoolGrows: {
    series: [['makai_spool_bytes', {}, '200000000+1000000x60']],
    ...{ labels: TARGET, at: 40 },
  },
  MakaiSpoolLost: {
    series: [['makai_spool_dropped_total', { kind: 'measurements' }, '0x5 9x3']],
    ...{ labels: { instance: 'a', kind: 'measurements' }, at: 7 },
  },
  MakaiWritesQuarantined: {
    series: [['makai_spool_quarantined_rows', {}, '0 4x5']],
    ...{ labels: TARGET, at: 3, value: '4' },
  },
  MakaiNatsDisconnected: { series: [['makai_nats_connected', {}, '1 0x8']], labels: TARGET, at: 5 },
  MakaiRelaySpooling: {
    series: [['makai_relay_spool_messages', {}, '0x3 100+1000x40']],
    ...{ labels: TARGET, at: 30 },
  },
  MakaiRelayLost: {
    series: [['makai_relay_dropped_total', { reason: 'spool_full' }, '0x5 9x3']],
    ...{ labels: { instance: 'a', reason: 'spool_full' }, at: 7 },
  },
  MakaiPartitionsUnread: {
    series: [
      ['makai_partitions_owned', { instance: 'a' }, '32x12'],
      ['makai_partitions_owned', { instance: 'b' }, '32x12'],
      ['makai_partitions_unread', { instance: 'a' }, '0x12'],
      ['makai_partitions_unread', { instance: 'b' }, '0x3 5x9'],
    ],
    ...{ labels: {}, at: 12, value: '59' },
  },
  MakaiAnalysisPartitionsUnowned: {
    series: [
      ['makai_analysis_partitions_owned', { instance: 'a' }, '32x12'],
      ['makai_analysis_partitions_owned', { instance: 'b' }, '32x3 _x9'],
    ],
    ...{ labels: {}, at: 12, value: '32' },
  },
  MakaiAnalysisNotElected: {
    series: [['makai_analysis_elected', {}, '1x3 0x9']],
    ...{ labels: {}, at: 12, value: '0' },
  },
  MakaiGatewayNotActive: {
    series: [
      ['makai_gateway_active', { instance: 'a' }, '1x3 _x9'],
      ['makai_gateway_active', { instance: 'b' }, '0x12'],
    ],
    ...{ labels: {}, at: 12, value: '0' },
  },
  MakaiKafkaDown: { series: [['makai_kafka_up', {}, '1 0x10']], labels: TARGET, at: 8 },
  MakaiKafkaLost: {
    series: [['makai_kafka_dropped_total', { reason: 'queue_full' }, '0x5 9x3']],
    ...{ labels: { instance: 'a', reason: 'queue_full' }, at: 7 },
  },
  MakaiPartitionsBehind: {
    series: [['makai_partition_lag_batches', {}, '20000x20']],
    ...{ labels: TARGET, at: 15, value: '20000' },
  },
};

/** What a deployment without trouble reports, an hour long. */
const WELL: Case['series'] = [
  ['up', {}, '1x60'],
  ['makai_boxes_active', {}, '10x60'],
  ['makai_store_up', {}, '1x60'],
  ['makai_plugin_up', { plugin: 'p' }, '1x60'],
  ['makai_plugin_dropped_batches_total', { plugin: 'p' }, '0x60'],
  ['makai_dropped_total', { reason: 'unknown_box' }, '7x60'],
  ['makai_dropped_total', { reason: 'reply_of_another_box' }, '0+10x60'],
  ['makai_connections_refused_total', { reason: 'unknown' }, '0+1x60'],
  ['makai_connections_refused_total', { reason: 'wrong_server_key' }, '4x60'],
  ['makai_boxes_with_finding', { finding: 'CLOCK_OFFSET' }, '0x60'],
  ['makai_disk_free_bytes', {}, '5e10x60'],
  ['makai_disk_size_bytes', {}, '1e11x60'],
  ['makai_spool_bytes', {}, '200000000x60'],
  ['makai_spool_dropped_total', { kind: 'measurements' }, '0x60'],
  ['makai_spool_quarantined_rows', {}, '0x60'],
  ['makai_proxy_failures_total', {}, '0x60'],
  ['makai_commands_expired_total', {}, '0+1x60'],
  ['makai_event_loop_delay_seconds', { quantile: '0.99' }, '0.02x60'],
  ['process_start_time_seconds', {}, '100x30 200x30'],
  ['makai_nats_connected', {}, '1x60'],
  ['makai_relay_spool_messages', {}, '0x60'],
  ['makai_relay_dropped_total', { reason: 'spool_full' }, '3x60'],
  ['makai_partitions_owned', { instance: 'a' }, '32x60'],
  ['makai_partitions_owned', { instance: 'b' }, '32x60'],
  ['makai_partitions_unread', { instance: 'a' }, '0x60'],
  ['makai_partitions_unread', { instance: 'b' }, '0x60'],
  ['makai_analysis_partitions_owned', { instance: 'c' }, '64x60'],
  ['makai_analysis_elected', { instance: 'c' }, '1x60'],
  ['makai_gateway_active', { instance: 'd' }, '1x60'],
  ['makai_gateway_active', { instance: 'e' }, '0x60'],
  ['makai_partition_lag_batches', {}, '100x60'],
  ['makai_kafka_up', {}, '1x60'],
  ['makai_kafka_dropped_total', { reason: 'queue_full' }, '3x60'],
];

interface Rule {
  name: string;
  text: string;
  severity: string;
}

const rules: Rule[] = TEXT.split(/^ +- alert: /m)
  .slice(1)
  .map((text) => ({
    name: text.slice(0, text.indexOf('\n')),
    text,
    severity: /severity: (\w+)/.exec(text)?.[1] ?? '',
  }));

/** A text of a rule as Prometheus fills it in. */
function filled(rule: Rule, name: 'summary' | 'action', { labels, value }: Case): string {
  const template = new RegExp(`^ +${name}: "(.*)"$`, 'm').exec(rule.text)?.[1] ?? '';
  return template
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_all, label: string) => labels[label] ?? '')
    .replaceAll(/\{\{ \$value(?: \| humanizeDuration)? \}\}/g, value ?? 'a value that the case lacks');
}

const input = (series: Case['series']) =>
  series.map(([name, labels, values]) => {
    const all = Object.entries({ ...TARGET, ...labels }).map(([label, value]) => `${label}="${value}"`);
    return { series: `${name}{${all.join(',')}}`, values };
  });

describe('deploy/grafana: the alert rules', function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), 'makai-alerts-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** YAML takes JSON as it is. */
  async function check(tests: object[]): Promise<void> {
    const file = join(folder, 'tests.yml');
    writeFileSync(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: '1m', tests }));
    const { code, stderr, stdout } = await attempt(['promtool', 'test', 'rules', file]);
    assert.equal(code, 0, `${stdout}${stderr}`);
  }

  describe('by promtool', () => {
    before(function () {
      if (spawnSync('promtool', ['--version']).status === 0) return;
      process.stderr.write("    no promtool (Debian's package prometheus): left out\n");
      this.skip();
    });

    it('are rules', async () => {
      const { code, stderr, stdout } = await attempt(['promtool', 'check', 'rules', RULES]);
      assert.equal(code, 0, `${stdout}${stderr}`);
    });

    it('each has a case', () => {
      assert.deepEqual(rules.map(({ name }) => name).sort(), Object.keys(CASES).sort());
    });

    for (const rule of rules)
      it(`${rule.name} fires once`, async () => {
        const one = CASES[rule.name];
        assert.ok(one);
        const exp_labels = { severity: rule.severity, ...one.labels };
        const exp_annotations = {
          summary: filled(rule, 'summary', one),
          action: filled(rule, 'action', one),
        };
        const alert = { alertname: rule.name, exp_alerts: [{ exp_labels, exp_annotations }] };
        await check([
          {
            interval: '1m',
            input_series: input(one.series),
            alert_rule_test: [
              { eval_time: '0m', alertname: rule.name, exp_alerts: [] },
              { eval_time: `${one.at}m`, ...alert },
            ],
          },
        ]);
      });

    it('none fires while all is well', async () => {
      const times = ['1m', '20m', '45m', '60m'];
      const alert_rule_test = rules.flatMap(({ name }) =>
        times.map((eval_time) => ({ eval_time, alertname: name, exp_alerts: [] })),
      );
      await check([{ interval: '1m', input_series: input(WELL), alert_rule_test }]);
    });
  });

  it('the first group uses only metrics that a deployment with SQLite has, and the disk is among them', async () => {
    const workspace = await prepareWorkspace(folder, ['1']);
    const children: Child[] = [];
    const kinds = ['triggering-broker', 'acquisition-broker', 'triggering-service'] as const;
    const texts: string[] = [];
    try {
      for (const kind of kinds) {
        const args = [kind, workspace.configs[kind]];
        children.push(await Child.start({ name: kind, args, logs: workspace.logs, onDeath: assert.fail }));
        const address = parseStatusEndpoint(statusEndpointOf(kind, folder));
        assert.ok(address);
        texts.push(await readMetrics(address));
      }
    } finally {
      for (const child of children.reverse()) await child.stop();
    }
    const all = texts.join('\n');
    const [first = ''] = TEXT.split('opq-makai-mongodb');
    const names = new Set(
      [...first.matchAll(/^ +expr: (.+)$/gm)].flatMap(([, expr = '']) =>
        [...expr.matchAll(/\b(?:makai|process)_\w+/g)].map(([name]) => name),
      ),
    );
    assert.ok(names.size >= 12);
    // A box is silent after five minutes at the earliest, and a histogram begins with the first write.
    for (const name of ['makai_box_silent_seconds', 'makai_store_write_seconds_bucket']) {
      assert.ok(names.delete(name), name);
      assert.match(all, new RegExp(`^# TYPE ${name.replace('_bucket', '')} `, 'm'));
    }
    for (const name of names) assert.match(all, new RegExp(`^${name}(?:\\{.*\\})? [\\d.e+-]+`, 'm'), name);
    assert.doesNotMatch(all, /^makai_spool_\w+(?:\{.*\})? \d/m);
  });
});
