import assert from 'node:assert/strict';
import { metricsOf } from '../../common/metrics/names.js';
import { parseStatusEndpoint } from '../../config/index.js';
import { readMetrics, readStatus } from '../../daemon/status/client.js';
import type { MetricsDocument, Store } from '../../store/store.js';
import { makai } from '../cli/run-process.js';
import { intercepted } from '../store/writable.js';
import { ManualClock } from './manual-clock.js';
import { deploy } from './process.js';
import { cyclesBetween, FakeBox, startRig, until } from './rig.js';

/** Metrics of the spool come with the store that has one. */
const OF_THE_SPOOL = /^makai_spool_/;

describe('acquisition broker: what it says of itself', () => {
  it('serves its status and every metric that is promised', async () => {
    const rig = await startRig({ boxes: [7, 1001], config: { status: '127.0.0.1:0' } });
    try {
      const client = await rig.client();
      await rig.box(1001, 2);
      const seven = await rig.box(7, 3);
      const endMs = Date.now() - 1000;
      await client.request({ startMs: endMs - 100, endMs, boxIds: [7] });
      const number = await client.evnew();
      await seven.answerData(await seven.command(number), cyclesBetween(endMs - 90, endMs));
      await rig.stored(number, 1);
      await until(() => rig.broker.status().open.requests === 0);
      await client.send('nonsense');
      await until(() => rig.rejected('malformed_request') === 1);

      const address = parseStatusEndpoint(rig.broker.endpoints.status ?? '');
      assert.ok(address);
      const { daemon, details } = await readStatus(address);
      assert.equal(daemon, 'acquisition-broker');
      assert.deepEqual(details, JSON.parse(JSON.stringify(rig.broker.status())));
      const metrics = await readMetrics(address);
      for (const name of metricsOf('acquisition-broker')) {
        if (!OF_THE_SPOOL.test(name))
          assert.match(metrics, new RegExp(`^# TYPE ${name.replace(/_total$/, '')}`, 'm'), name);
      }
      assert.ok((rig.broker.status().sent.command ?? 0) > 0);
      for (const line of [
        'makai_boxes_connected 2',
        'makai_allowed_keys 2',
        'makai_events_total 1',
        'makai_waveforms_stored_total 1',
        // A box that is slow to reply is asked again.
        `makai_commands_total{kind="command"} ${rig.broker.status().sent.command}`,
        'makai_dropped_total{reason="malformed_request"} 1',
        'makai_dropped_total{reason="duplicate_reply"} 0',
        'makai_event_latency_seconds_count 1',
        'makai_store_write_seconds_count{kind="box_event"} 1',
        'makai_store_up 1',
      ]) {
        assert.ok(metrics.includes(`${line}\n`), line);
      }
    } finally {
      await rig.stop();
    }
  });

  it('writes its traffic as the v3 broker did, and loses none while the store is unavailable', async () => {
    const clock = new ManualClock(Date.now());
    const documents: MetricsDocument[] = [];
    let away = false;
    let refused = (): void => undefined;
    const wrapStore = (store: Store): Store =>
      intercepted(store, (write) => {
        if (write.kind !== 'metrics') return;
        if (away) {
          refused();
          throw new Error('away');
        }
        documents.push(write.document);
      });
    const rig = await startRig({ boxes: [7], clock, config: { metric_update_sec: 10 }, wrapStore });
    try {
      const client = await rig.client();
      const seven = await rig.box(7, 3);
      await client.command({ boxId: 7, identity: 'viewer_1', body: { kind: 'info' } });
      const { seq } = await seven.command();
      await seven.answer(seq, { kind: 'plugin', ok: true });
      await until(() => rig.rejected('reply_of_wrong_kind') === 1);
      const { recv, sent } = rig.broker.status().traffic;
      assert.ok(sent > 0 && recv > 0);
      away = true;
      let tried = 0;
      refused = () => {
        tried += 1;
      };
      clock.advance(10_000);
      await until(() => tried === 1);
      away = false;
      await until(() => {
        clock.advance(1_000);
        return documents.length === 1;
      });
      const { sent: now } = rig.broker.status().traffic;
      assert.deepEqual(documents, [{ name: 'ab', sent: now, recv }]);
      assert.ok(now >= sent);
    } finally {
      await rig.stop();
    }
  });
});

describe('makai request', () => {
  it('asks for an event, prints its number and its waveforms, and fails when a box is silent', async function () {
    this.timeout(400_000);
    const deployment = await deploy([1001, 7]);
    const program = await deployment.start();
    const seven = new FakeBox(7, 3, deployment.endpoints, deployment.keysOf(7), deployment.serverKey);
    try {
      const request = (...args: string[]) => makai(['request', '--config', deployment.configFile, ...args]);
      const answered = (async () => {
        const command = await seven.command();
        if (command.body.kind !== 'data') throw new Error('no data asked for');
        await seven.answerData(command, cyclesBetween(command.body.startMs + 1, command.body.endMs));
      })();
      const first = await request('--last', '2', '--boxes', '7', '--wait', '120', '--json');
      await answered;
      assert.equal(first.code, 0, first.stderr);
      const event = JSON.parse(first.stdout) as {
        event_id: number;
        boxes_received: string[];
        box_events: unknown[];
      };
      assert.deepEqual([event.event_id, event.boxes_received, event.box_events.length], [1, ['7'], 1]);

      const from = new Date(Date.now() - 60_000).toISOString();
      const to = String(Date.now() - 58_000);
      const silent = await request(
        '--from',
        from,
        '--to',
        to,
        '--boxes',
        '1001',
        '--wait',
        '0.5',
        '--description',
        'x',
      );
      assert.equal(silent.code, 1);
      assert.match(silent.stdout, /^event 2\n {2}no reply from 1001\n$/);

      const noData = await request('--last', '1', '--no-data', '--type', 'VOLTAGE_SAG');
      assert.deepEqual([noData.code, noData.stdout], [0, 'event 3\n']);
      for (const wrong of [
        [],
        ['--last', '0'],
        ['--from', to, '--to', from],
        ['--last', '1', '--boxes', 'x'],
      ]) {
        assert.equal((await request(...wrong)).code, 2, wrong.join(' '));
      }
    } finally {
      seven.close();
      program.child.kill('SIGTERM');
      await program.end();
      await deployment.remove();
    }
  });
});
