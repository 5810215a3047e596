/** What the triggering service sends to a real Kafka: nothing that was accepted is missing, whatever is killed. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import { silentLogger } from '../../common/log.js';
import { parseSettings } from '../../config/index.js';
import { MeasurementsOut } from '../../kafka/measurements-out.js';
import { KafkaProducer } from '../../kafka/producer.js';
import { createColumns } from '../../proto/columns.js';
import type { MeasurementsWrite } from '../../store/writes.js';
import { givenKafka } from '../support/kafka-jars.js';
import { KafkaServer, type ReadRecord, readUntil } from '../support/kafka-server.js';
import { until } from '../support/until.js';

const BOXES = 20;
const START = 1_795_315_200_000;
/** Of one batch. */
const ROWS = 400;

describe('kafka: records in a real Kafka', function () {
  this.timeout(600_000);
  const jars = givenKafka();
  let server: KafkaServer;
  let folder: string;
  const running = new Set<MeasurementsOut>();

  before(async () => {
    server = await KafkaServer.start(jars());
  });
  after(() => server?.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-kafka-out-'));
  });
  afterEach(async () => {
    for (const out of running) await out.stop();
    running.clear();
    rmSync(folder, { recursive: true });
  });

  const settings = (kafka: Record<string, unknown>) => {
    const { kafka: parsed } = parseSettings('triggering-service', {
      kafka: { brokers: [server.address], queue: { path: folder }, ...kafka },
    });
    assert.ok(parsed);
    return parsed;
  };
  const outOf = (topic_prefix: string): MeasurementsOut => {
    const out = new MeasurementsOut({
      servers: settings({ topic_prefix }),
      clientId: 'test',
      file: join(folder, 'queue.db'),
      maxBytes: 2 ** 30,
      clock: systemClock,
      log: silentLogger(),
    });
    running.add(out);
    return out;
  };
  /** Batch number n: each box in turn, each ms once. */
  const batch = (n: number): MeasurementsWrite => {
    const columns = createColumns(ROWS);
    columns.count = ROWS;
    for (let row = 0; row < ROWS; row += 1) {
      columns.boxId[row] = 1001 + (row % BOXES);
      columns.timestampMs[row] = START + n * ROWS + row;
      for (const metric of ['f', 'rms', 'thd', 'trans'] as const)
        for (const of of ['min', 'average', 'max'] as const)
          columns[metric][of][row] = metric === 'trans' ? Number.NaN : 60;
    }
    return { kind: 'measurements', columns, acceptedAtMs: START };
  };
  const keyOf = ({ value }: ReadRecord): string => `${value.box_id}:${value.timestamp_ms}`;

  it('a killed Kafka loses nothing that was put, and repeats no more than was under way', async () => {
    const out = outOf('one.');
    let n = 0;
    for (; n < 15; n += 1) {
      out.put(batch(n));
      await sleep(20);
    }
    await server.kill();
    for (; n < 20; n += 1) out.put(batch(n));
    await server.start();
    for (; n < 25; n += 1) out.put(batch(n));
    await until('the queue is empty', async () => out.status().queue.records === 0);
    const topics = ['one.measurements'];
    const records = await readUntil(server, topics, (all) => new Set(all.map(keyOf)).size === n * ROWS);
    assert.equal(out.status().sent.measurements, n * ROWS);
    assert.ok(records.length - n * ROWS <= ROWS, `${records.length - n * ROWS} repeated`);
    assert.ok(records.every(({ key, value }) => key === value.box_id));
    for (let box = 1001; box < 1001 + BOXES; box += 1) {
      const of = records.filter(({ key }) => key === String(box));
      assert.equal(new Set(of.map(({ partition }) => partition)).size, 1, 'a box has one partition');
    }
  });

  it('without Kafka measurements wait on disk and outlive the process; who sends something else hears of it', async () => {
    await server.kill();
    const first = outOf('two.');
    for (let n = 0; n < 10; n += 1) first.put(batch(n));
    const producer = new KafkaProducer(settings({ topic_prefix: 'two.' }), 'test');
    const event = { topic: 'two.events', key: '1', value: '{}' };
    await assert.rejects(producer.send([event]), (error) => codeOf(error) === 'KAFKA_UNAVAILABLE');
    await until('it has tried', async () => first.status().failures > 0);
    assert.ok(!first.status().up);
    assert.equal(first.status().queue.records, 10 * ROWS);
    running.delete(first);
    await first.stop();
    await server.start();
    const second = outOf('two.');
    second.put(batch(10));
    await until('the queue is empty', async () => second.status().queue.records === 0);
    const records = await readUntil(server, ['two.measurements'], (all) => all.length >= 11 * ROWS);
    const times = records.filter(({ key }) => key === '1001').map(({ value }) => Number(value.timestamp_ms));
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    assert.equal(records.length, 11 * ROWS);
    assert.equal(await producer.send([event]), 0);
    await producer.stop();
  });

  it('the command of docs/kafka.md shows records with their box; a box is where clients in Java would put it', async () => {
    const producer = new KafkaProducer(settings({ topic_prefix: 'three.' }), 'test');
    const topic = 'three.events';
    const boxes = Array.from({ length: 40 }, (_, i) => String(1001 + i));
    assert.equal(await producer.send(boxes.map((key) => ({ topic, key, value: `{"box_id":"${key}"}` }))), 0);
    await producer.stop();
    const reading = ['--bootstrap-server', server.address, '--topic', topic, '--from-beginning'];
    const shown = ['key', 'partition'].flatMap((of) => ['--formatter-property', `print.${of}=true`]);
    const text = await server.command(
      'org.apache.kafka.tools.consumer.ConsoleConsumer',
      ...[...reading, ...shown, '--max-messages', '40'],
    );
    const lines = text.trim().split('\n').toSorted();
    assert.equal(lines.length, 40);
    for (const line of lines) {
      const [, partition = '', key = '', value] = /^Partition:(\d+)\t(\d+)\t(.*)$/.exec(line) ?? [];
      assert.equal(value, `{"box_id":"${key}"}`);
      assert.equal(Number(partition), (murmur2(Buffer.from(key)) & 0x7fffffff) % 4);
    }
  });

  it('a record that Kafka never takes is counted and holds up no other', async () => {
    const producer = new KafkaProducer(settings({ topic_prefix: 'four.' }), 'test');
    const record = (n: number, length: number) => ({
      topic: 'four.incidents',
      key: String(n),
      value: JSON.stringify({ n, text: 'x'.repeat(length) }),
    });
    const refused = await producer.send([record(1, 10), record(2, 2_000_000), record(3, 10)]);
    assert.equal(refused, 1);
    await producer.stop();
    const records = await readUntil(server, ['four.incidents'], (all) => all.length >= 2);
    assert.deepEqual(records.map(({ value }) => value.n).toSorted(), [1, 3]);
  });
});

/** MurmurHash2 as Kafka's clients in Java have it, written from its description: the independent side of the check. */
function murmur2(data: Buffer): number {
  const [m, r] = [0x5bd1e995, 24];
  let h = 0x9747b28c ^ data.length;
  const whole = data.length - (data.length % 4);
  for (let at = 0; at < whole; at += 4) {
    let k = Math.imul(data.readInt32LE(at), m);
    k = Math.imul(k ^ (k >>> r), m);
    h = Math.imul(h, m) ^ k;
  }
  const rest = data.subarray(whole);
  if (rest.length > 0) {
    for (const [i, byte] of rest.entries()) h ^= byte << (8 * i);
    h = Math.imul(h, m);
  }
  h = Math.imul(h ^ (h >>> 13), m);
  return h ^ (h >>> 15);
}
