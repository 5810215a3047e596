/** Messages in over a real socket, documents out of a real store. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { STORE_BATCH } from '../../store/outbox/measurement-batches.js';
import { intercepted } from '../store/writable.js';
import { minute, ServiceRig, until } from './rig.js';

const DATA = join(PACKAGE_ROOT, '../shared/data');
const BOTH = { min: 119, max: 121, average: 120 };

/** Frames of a golden file, or undefined where the recordings are absent. */
function golden(name: string): { frames: Buffer[]; decoded: Record<string, unknown> } | undefined {
  const file = join(DATA, 'golden', name);
  if (!existsSync(file)) return undefined;
  const { frames_hex, decoded } = JSON.parse(readFileSync(file, 'utf8'));
  return { frames: frames_hex.map((hex: string) => Buffer.from(hex, 'hex')), decoded };
}

describe('triggering-service: the stream', () => {
  let rig: ServiceRig;
  beforeEach(() => {
    rig = new ServiceRig();
  });
  afterEach(() => rig.end());

  it('stores what boxes of both generations send, and what they left out is left out', async () => {
    await rig.start();
    const time = Date.now() - 1000;
    await rig.send2(1001, time, { frequency: 59.98, rms: 121.3, thd: 0.031 });
    await rig.send3(7, time + 1, { rms: BOTH, f: { min: 60, max: 60, average: 60 }, unknown: BOTH });
    await rig.received(2);
    await rig.stopService();
    const [two] = await rig.measurements(1001);
    assert.deepEqual(
      { ...two, expire_at: 0 },
      {
        box_id: '1001',
        timestamp_ms: time,
        frequency: Math.fround(59.98),
        voltage: Math.fround(121.3),
        thd: Math.fround(0.031),
        expire_at: 0,
      },
    );
    const [three] = await rig.measurements(7);
    assert.deepEqual(
      { ...three, expire_at: 0 },
      {
        box_id: '7',
        timestamp_ms: time + 1,
        frequency: 60,
        voltage: 120,
        extremes: { voltage: { min: 119, max: 121 } },
        expire_at: 0,
      },
    );
  });

  it('leaves infinities and NaN of a dead input out, names them, and keeps them from trends and plugins', async function () {
    const dead = golden('v2/trigger_message_dead_input.json');
    if (!dead) return this.skip();
    const [topic = Buffer.of(), payload = Buffer.of()] = dead.frames;
    // The frame's own time, field 2 (a varint of 6 bytes after its tag), becomes now.
    const time = Date.now() - 2000;
    const patched = Buffer.from(payload);
    for (let i = 0, rest = BigInt(time); i < 6; i++, rest >>= 7n) {
      patched[4 + i] = Number(rest & 0x7fn) | (i < 5 ? 0x80 : 0);
    }
    await rig.start({
      plugins: [
        {
          path: 'threshold',
          frequency_threshold_percent_low: 0.01,
          frequency_threshold_percent_high: 0.01,
          voltage_threshold_percent_low: 0.999,
          voltage_threshold_percent_high: 0.05,
          thd_threshold_high: 0.05,
        },
      ],
    });
    await until(() => rig.service.status().plugins[0]?.state === 'running');
    await rig.send(topic, patched);
    await until(() => rig.service.status().plugins[0]?.measurements === 1);
    await rig.stopService();
    const [stored] = await rig.measurements(1001);
    assert.deepEqual(
      { ...stored, expire_at: 0 },
      {
        box_id: '1001',
        timestamp_ms: time,
        voltage: 0,
        invalid: ['frequency', 'thd'],
        flagged: ['interruption'],
        expire_at: 0,
      },
    );
    const [trend] = await rig.trends(1001);
    assert.equal(trend?.frequency, undefined);
    assert.equal(trend?.thd, undefined);
    assert.deepEqual(trend?.voltage, { min: 0, max: 0, average: 0 });
    const kinds = new Set(rig.requests.map((request) => request.triggerType));
    assert.ok(![...kinds].some((kind) => kind.startsWith('FREQUENCY')), 'no frequency event from it');
    assert.ok(!rig.requests.some((request) => /thd/i.test(request.description)), 'no THD event from it');
  });

  it('gives back the values of a real recording as float32, and the right trends', async function () {
    const file = join(DATA, 'opq-box/frequency.dat');
    if (!existsSync(file)) return this.skip();
    const rows = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const [box = 0, time = 0, rms = 0, frequency = 0] = line.split(/\s+/).map(Number);
        return { box, time, rms, frequency };
      });
    const offset = Date.now() - Math.max(...rows.map(({ time }) => time)) - 500;
    const sent = rows.map((row) => ({
      ...row,
      time: Math.round(row.time) + offset,
      rms: Math.fround(row.rms),
      frequency: Math.fround(row.frequency),
    }));
    await rig.start();
    for (const { box, time, rms, frequency } of sent) await rig.send2(box, time, { rms, frequency });
    await rig.received(sent.length);
    await rig.stopService();
    for (const box of [1, 4]) {
      const own = sent.filter((row) => row.box === box).sort((a, b) => a.time - b.time);
      const stored = await rig.measurements(box);
      assert.deepEqual(
        stored.map((m) => [m.timestamp_ms, m.voltage, m.frequency]),
        own.map((row) => [row.time, row.rms, row.frequency]),
      );
      const ends = [...new Set(own.map(({ time }) => Math.floor(time / 60_000)))];
      const trends = await rig.trends(box);
      assert.deepEqual(
        trends.map((t) => t.timestamp_ms),
        ends.map((window) => (window + 1) * 60_000),
      );
      for (const trend of trends) {
        const inside = own.filter(
          ({ time }) => Math.floor(time / 60_000) + 1 === trend.timestamp_ms / 60_000,
        );
        for (const [field, values] of [
          ['voltage', inside.map((row) => row.rms)],
          ['frequency', inside.map((row) => row.frequency)],
        ] as const) {
          const average = values.reduce((sum, value) => sum + value, 0) / values.length;
          assert.equal(trend[field]?.min, Math.min(...values));
          assert.equal(trend[field]?.max, Math.max(...values));
          assert.ok(Math.abs((trend[field]?.average ?? 0) - average) < 1e-9);
        }
      }
    }
  });

  it('takes box 0, the default id, of both generations', async () => {
    await rig.start();
    const now = Date.now();
    await rig.send2(0, now - 2000);
    await rig.send3(0, now - 1000, { rms: { min: 119, max: 121, average: 120 } });
    await rig.received(2);
    assert.deepEqual(rig.service.status().dropped, {});
    await rig.stopService();
    assert.deepEqual(
      (await rig.measurements(0)).map(({ box_id, timestamp_ms }) => [box_id, timestamp_ms]),
      [
        ['0', now - 2000],
        ['0', now - 1000],
      ],
    );
  });

  it('drops what is no measurement, counts it by reason, and goes on', async () => {
    await rig.start({
      limits: { boxes: 3, measurements_per_second: 1, measurements_burst: 5 },
    });
    const now = Date.now();
    const good = (id: number, i = 0) => rig.send2(id, now - 10_000 + i);
    await good(1);
    await rig.send('1');
    await rig.send('1', 'x', 'y');
    await rig.send('', '');
    await rig.send('1', Buffer.from([0x08]));
    await rig.send('1', Buffer.from([0x08, 0x01, 0x10, 0x01]));
    await rig.send('1', Buffer.from([0x1d, 0, 0, 0, 0]));
    await rig.send('1', Buffer.alloc(70_000));
    await rig.send2(1, now + 6 * 60_000);
    await rig.send2(1, now - 25 * 3_600_000);
    await rig.send2(1, Number.MAX_SAFE_INTEGER);
    const { measurement, triggerMessage } = await import('../../proto/index.js');
    await rig.send('1', measurement.encode({ boxId: 0, timestampMs: now, metrics: {} }));
    const forged = triggerMessage.encode({ id: 2, time: now, frequency: 60, rms: 120 });
    for (const topic of ['1', '0x2', ' 2', '2 ', '', '2\0', '22', '-2', '9'.repeat(30)])
      await rig.send(topic, forged);
    await rig.send('0002', forged);
    await good(3);
    await good(4);
    for (let i = 1; i < 10; i++) await good(1, i);
    await rig.received(1 + 11 + 9 + 1 + 2 + 9);
    const { dropped, measurements } = rig.service.status();
    assert.deepEqual(dropped, {
      wrong_frame_count: 2,
      malformed_measurement: 1,
      field_missing: 1,
      frame_too_long: 1,
      time_in_the_future: 2,
      time_too_old: 2,
      topic_mismatch: 11,
      box_table_full: 1,
      too_many_measurements: 5,
    });
    assert.equal(measurements, 7);
    await rig.stopService();
    assert.deepEqual((await rig.measurements(2)).length, 1, 'a topic may be padded with zeros');
    assert.equal((await rig.measurements(1)).length, 5);
    assert.ok(
      rig.lines.some(
        (line) => line.msg === 'dropped' && line.reason === 'frame_too_long' && line.source === '1',
      ),
    );
    const found = rig.lines.filter((line) => line.msg === 'dropped' && line.reason === 'time_in_the_future');
    assert.equal(found.length, 1, 'each reason is logged once per minute');
    const ids = rig.lines.filter((line) => line.reason === 'topic_mismatch').map((line) => line.boxId);
    assert.deepEqual(ids, [0, 2], 'each id once');
  });

  it('stores each measurement within a second, however few come', async () => {
    await rig.start();
    await rig.send2(5, Date.now() - 100);
    await until(() => rig.service.status().store.stored === 1);
    assert.ok(STORE_BATCH.delayMs <= 1000);
  });

  it('writes the traffic of the stream to makai_metrics', async () => {
    const found: unknown[] = [];
    await rig.start({ metric_update_sec: 1 }, (store) =>
      intercepted(store, (write) => {
        if (write.kind === 'metrics') found.push(write.document);
      }),
    );
    await rig.send2(1001, Date.now());
    await rig.received(1);
    const bytes = () =>
      found.reduce((sum: number, document) => sum + Number(Reflect.get(Object(document), 'bytes')), 0);
    await until(() => bytes() === rig.service.status().bytes);
    assert.ok(bytes() > 30);
    assert.ok(found.every((document) => Reflect.get(Object(document), 'name') === 'tb'));
  });

  it('goes on when the triggering broker went away and came back', async () => {
    await rig.start();
    await rig.send2(1, minute(0));
    await rig.received(1);
    await rig.restartBroker();
    await rig.send2(1, minute(0) + 1);
    await rig.received(2);
  });
});
