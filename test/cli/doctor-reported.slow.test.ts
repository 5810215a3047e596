/**
 * What `makai doctor` makes of what the daemons report: the status and metrics of real daemons, with one value changed at a time. A field that
 * the daemons do not have any more fails the test.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Box, parseScenario, scenarioSource, startBox } from '../../box/index.js';
import { type Deployment, examine } from '../../cli/doctor/deployment.js';
import type { Diagnosis } from '../../cli/doctor/diagnosis.js';
import { diagnose } from '../../cli/doctor/index.js';
import { keysInForce } from '../../cli/doctor/keys-in-force.js';
import { MetricValues } from '../../cli/doctor/metric-values.js';
import { judge, type Report } from '../../cli/doctor/reported.js';
import { Child } from '../../cli/up/children.js';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import { KIND_NAMES, type Kind } from '../../config/kinds.js';
import { statusEndpointOf } from '../../config/locate.js';
import { parseStatusEndpoint } from '../../config/types.js';
import { readMetrics, readStatus } from '../../daemon/status/client.js';
import { newKeyPair } from '../../keys/key.js';
import { until } from '../support/until.js';

const NOW = Date.now();
const JUST_NOW = new Date(NOW - 1000).toISOString();
const LONG_AGO = new Date(NOW - 3_600_000).toISOString();

/** A value in a status, at a path that is there. */
function changed(details: Report['details'], path: string, value: unknown): Report['details'] {
  const copy = structuredClone(details) as Record<string, unknown>;
  const names = path.split('.');
  let at: Record<string, unknown> = copy;
  for (const name of names.slice(0, -1)) {
    assert.ok(typeof at[name] === 'object' && at[name] !== null, `${path}: no ${name}`);
    at = at[name] as Record<string, unknown>;
  }
  const last = names.at(-1) ?? '';
  // Counters by reason have only those that occurred.
  const isOpen = ['failed', 'failed_last', 'dropped'].includes(names.at(-2) ?? '');
  assert.ok(isOpen || last in at, `${path} is not in the status`);
  at[last] = value;
  return copy;
}

describe('cli/doctor: what the daemons report', function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), 'makai-reported-'));
  const children: Child[] = [];
  const boxes: Box[] = [];
  const texts = {} as Record<Kind, string>;
  const details = {} as Record<Kind, Report['details']>;
  let workspace: Workspace;

  before(async () => {
    workspace = await prepareWorkspace(folder, ['1']);
    for (const kind of KIND_NAMES) {
      const args = [kind, workspace.configs[kind]];
      children.push(
        await Child.start({
          name: kind,
          args,
          logs: workspace.logs,
          onDeath: (message) => assert.fail(message),
        }),
      );
    }
    // Each is judged as if it had run for long: all have what they connect to.
    await until('the service is subscribed, and nothing is to be said of any', async () => {
      for (const kind of KIND_NAMES) {
        const address = parseStatusEndpoint(statusEndpointOf(kind, folder));
        assert.ok(address);
        details[kind] = (await readStatus(address, 60_000)).details;
        texts[kind] = await readMetrics(address, 60_000);
      }
      const { subscribers } = details['triggering-broker'] as { subscribers: { connected: number } };
      return subscribers.connected > 0 && KIND_NAMES.every((kind) => said(real(kind)).length === 0);
    });
  });
  after(async () => {
    for (const box of boxes) await box.stop();
    for (const child of children.reverse()) await child.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const said = (report: Report): [string, string][] =>
    judge(report, NOW).map(({ message, todo, verdict }) => {
      assert.ok(todo !== undefined && todo !== '', message);
      return [verdict, message];
    });
  const real = (kind: Kind): Report => ({
    ...{ kind, details: details[kind], uptimeSeconds: 600 },
    metrics: MetricValues.parse(texts[kind]),
  });
  const withDetail = (kind: Kind, path: string, value: unknown): Report => ({
    ...real(kind),
    details: changed(details[kind], path, value),
  });
  function withMetric(kind: Kind, series: string, value: number): Report {
    const lines = texts[kind].split('\n');
    const at = lines.findIndex((line) => line.startsWith(`${series} `));
    assert.ok(at >= 0, `${kind} has no ${series}`);
    return { ...real(kind), metrics: MetricValues.parse(lines.with(at, `${series} ${value}`).join('\n')) };
  }

  it('nothing of daemons that are well', () => {
    for (const kind of KIND_NAMES) assert.deepEqual(said(real(kind)), [], kind);
  });

  const cases: [title: string, report: () => Report, expected: [string, RegExp]][] = [
    [
      'a store that does not take writes',
      () => withMetric('acquisition-broker', 'makai_store_up', 0),
      ['wrong', /^its store does not take writes: 0 attempts have failed since its start, 0 writes wait$/],
    ],
    [
      'the last error of a store that does not take writes',
      () => ({
        ...withMetric('triggering-service', 'makai_store_up', 0),
        details: {
          ...details['triggering-service'],
          store: { ...(details['triggering-service'].store as object), last_error: 'SQLITE_READONLY' },
        },
      }),
      ['wrong', /0 writes wait \(SQLITE_READONLY\)$/],
    ],
    [
      'a store that refused writes',
      () => withMetric('triggering-service', 'makai_store_errors_total', 24),
      ['note', /^the store refused 24 attempts to write/],
    ],
    [
      'a store that is too slow',
      () => withMetric('triggering-service', 'makai_outbox_waiting{lane="measurements"}', 20_000),
      ['note', /^20000 writes wait in memory/],
    ],
    [
      'a store that the analysis service cannot open',
      () => withDetail('analysis-service', 'store', 'unavailable'),
      ['wrong', /^its store is unavailable/],
    ],
    [
      'keys that cannot be read',
      () =>
        withDetail('triggering-broker', 'access.allow_list.sources', [
          { name: '/k', ok: false, keys: 3, revoked: 0, error: 'EACCES' },
        ]),
      ['wrong', /^cannot read the list of keys \/k: EACCES$/],
    ],
    [
      'another server key, at this moment',
      () => {
        const report = withDetail('triggering-broker', 'boxes.failed.wrong_server_key', 40);
        return {
          ...report,
          details: changed(report.details, 'boxes.failed_last.wrong_server_key', JUST_NOW),
        };
      },
      ['wrong', /^40 connections with another server key than ours since its start, the last at /],
    ],
    [
      'another server key, an hour ago',
      () => {
        const path = 'connections.box_pull';
        const report = withDetail('acquisition-broker', `${path}.failed.wrong_server_key`, 4);
        return {
          ...report,
          details: changed(report.details, `${path}.failed_last.wrong_server_key`, LONG_AGO),
        };
      },
      ['note', /^4 connections with another server key/],
    ],
    [
      'connections without CURVE',
      () => withDetail('acquisition-broker', 'connections.box_pub.failed.no_curve', 2),
      ['note', /^2 connections without CURVE since its start$/],
    ],
    [
      'too few file descriptors',
      () => withDetail('triggering-broker', 'boxes.failed.accept_failed', 2),
      ['note', /^2 connections that the system did not accept/],
    ],
    [
      'sockets that are closed',
      () => withDetail('triggering-broker', 'open', false),
      ['wrong', /^its sockets are closed/],
    ],
    [
      'nobody behind the broker',
      () => withDetail('triggering-broker', 'subscribers.connected', 0),
      ['wrong', /^no service is connected to its backend/],
    ],
    [
      'a proxy that failed',
      () => withMetric('triggering-broker', 'makai_proxy_failures_total', 3),
      ['note', /^its proxy failed and was restarted 3 times/],
    ],
    [
      'data that was lost',
      () => withDetail('acquisition-broker', 'dropped.waveform_not_stored', 7),
      ['wrong', /^has lost data since its start: 7 waveform_not_stored$/],
    ],
    [
      'times that cannot be',
      () => withDetail('triggering-service', 'dropped.time_in_the_future', 7),
      ['note', /^has dropped what has an impossible time since its start: 7 time_in_the_future$/],
    ],
    [
      'other drops',
      () =>
        withDetail('triggering-service', 'dropped', {
          malformed_measurement: 1,
          unknown_box: 9,
          reply_to_nothing: 5,
        }),
      ['note', /^has dropped since its start: 9 unknown_box, 1 malformed_measurement$/],
    ],
    [
      'an analysis that failed',
      () => withDetail('analysis-service', 'threads.failures', 2),
      ['note', /^its analysis failed 2 times/],
    ],
    [
      'waveforms that wait',
      () => withMetric('analysis-service', 'makai_waveforms_waiting', 5000),
      ['note', /^5000 waveforms wait/],
    ],
    [
      'a gateway without its broker',
      () => {
        const report = withDetail('gateway', 'mqtt.connected', false);
        return {
          ...report,
          details: {
            ...report.details,
            mqtt: { ...(report.details.mqtt as object), reason: 'ECONNREFUSED' },
          },
        };
      },
      ['wrong', /^is not connected to the MQTT broker mqtt:.*: ECONNREFUSED$/],
    ],
    [
      'a gateway without its store',
      () => withDetail('gateway', 'store.available', false),
      ['wrong', /^its store is unavailable: it publishes no events/],
    ],
    [
      'an outbox that is full',
      () => {
        const report = withDetail('gateway', 'outbox.messages', 5);
        return { ...report, details: changed(report.details, 'outbox.bytes', Number.MAX_SAFE_INTEGER) };
      },
      ['wrong', /^its outbox is full: 5 messages wait/],
    ],
    [
      'messages that wait for long',
      () =>
        withDetail('gateway', 'outbox', {
          messages: 5,
          bytes: 100,
          max_bytes: 1e9,
          oldest_ms: NOW - 4_000_000,
        }),
      ['note', /^5 messages have waited for the MQTT broker for an hour$/],
    ],
    [
      'a broker that refuses messages',
      () => ({ ...real('gateway'), details: { ...details.gateway, outbox: { reason: 'not authorized' } } }),
      ['wrong', /^the MQTT broker refuses messages: not authorized$/],
    ],
    [
      'live measurements that were not published',
      () => withDetail('gateway', 'measurements.dropped', 30),
      ['note', /^30 live measurements were not published/],
    ],
    [
      'what rules made and nobody took',
      () => withDetail('gateway', 'rules.lost', 2),
      ['wrong', /^2 messages and alerts of rules were lost/],
    ],
    [
      'notifications that cannot be delivered',
      () => {
        const report = withDetail('gateway', 'notify.failing', 3);
        return {
          ...report,
          details: {
            ...report.details,
            notify: { ...(report.details.notify as object), last_error: 'mail: 535' },
          },
        };
      },
      ['wrong', /^3 notifications could not be delivered yet: mail: 535$/],
    ],
    [
      'notifications that were given up',
      () => withDetail('gateway', 'notify.failed', 3),
      ['note', /^3 notifications of the last 90 days were given up/],
    ],
    [
      'a plugin that is too slow',
      () => withPlugin({ dropped_batches: 2, dropped_measurements: 50 }),
      ['note', /^is too slow: it has missed 50 measurements/],
    ],
    ['a plugin that was restarted', () => withPlugin({ restarts: 2 }), ['note', /^was restarted 2 times/]],
    [
      'a plugin beyond its limit of events',
      () => withPlugin({ over_hourly_limit: 8 }),
      ['note', /^asked for 8 events beyond/],
    ],
  ];
  for (const [title, report, [verdict, message]] of cases)
    it(title, () => {
      const [found, ...others] = said(report());
      assert.deepEqual([found?.[0], others], [verdict, []], JSON.stringify([found, others]));
      assert.match(found?.[1] ?? '', message);
    });

  function withPlugin(more: object): Report {
    const [first, ...rest] = details['triggering-service'].plugins as Record<string, unknown>[];
    assert.ok(first);
    for (const name of Object.keys(more).filter((name) => name !== 'over_hourly_limit'))
      assert.ok(name in first, name);
    return withDetail('triggering-service', 'plugins', [{ ...first, ...more }, ...rest]);
  }

  it('a spool: unavailable, drained, quarantined, lost', () => {
    const of = (spool: object, lost = ''): [string, string][] =>
      said({
        ...real('triggering-service'),
        details: { ...details['triggering-service'], spool },
        metrics: MetricValues.parse(`makai_store_up 0\n${lost}`),
      });
    assert.match(
      of({ state: 'unavailable', rows: 9, measurements: 5 }).join(),
      /^wrong,its database is unavailable; 9 writes \(5/,
    );
    const rest = of(
      { state: 'draining', rows: 9, quarantined: 2 },
      'makai_spool_dropped_total{kind="measurements"} 30',
    );
    assert.deepEqual(
      rest.map(([verdict]) => verdict),
      ['wrong', 'note', 'note', 'wrong'],
    );
    assert.match(rest.at(-1)?.[1] ?? '', /has lost 30 measurements/);
  });

  it('a key in force that is not the one in the file', async () => {
    const deployment = await examine(folder);
    const good = await keysInForce(deployment);
    assert.deepEqual(
      good.map(({ verdict }) => verdict),
      ['ok', 'ok'],
    );
    const broker = deployment['triggering-broker'];
    assert.ok(broker.running);
    const running = {
      ...broker.running,
      details: changed(broker.running.details, 'access.server_keys.present', 'OLD'),
    };
    const old: Deployment = { ...deployment, 'triggering-broker': { ...broker, running } };
    const [found] = await keysInForce(old);
    assert.equal(found?.verdict, 'wrong');
    assert.match(found?.message ?? '', /^the server key in force is OLD, but .*opqserver_secret has /);
  });

  const wrong = async (): Promise<Diagnosis[]> => {
    const found = await diagnose(folder);
    return found.filter(({ area, verdict }) => area === 'daemons' && verdict === 'wrong');
  };

  it('with real boxes: one that has the key of another server', async () => {
    const { measurements, commands, replies } = workspace.endpoints;
    boxes.push(
      await startBox({
        ...{
          id: 1,
          dialect: 2,
          serverPublicKey: newKeyPair().publicKey,
          endpoints: { measurements, commands, replies },
        },
        source: scenarioSource(parseScenario({ name: 'quiet', duration_s: 1 })),
      }),
    );
    await until('both brokers name it', async () => {
      const found = (await wrong()).filter(({ message }) => message.includes('another server key'));
      return new Set(found.map(({ subject }) => subject)).size === 2;
    });
  });

  it('with real daemons: a folder of keys that cannot be read', async () => {
    const { publicDirectory } = workspace.keys;
    renameSync(publicDirectory, `${publicDirectory}.away`);
    try {
      await until('all three name it', async () => {
        const found = (await wrong()).filter(({ message }) =>
          message.startsWith('cannot read the list of keys'),
        );
        return new Set(found.map(({ subject }) => subject)).size === 3;
      });
    } finally {
      renameSync(`${publicDirectory}.away`, publicDirectory);
    }
  });
});
