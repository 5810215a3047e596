/** Records with "format": "protobuf" in a real Kafka, read by protobufjs and by Python's protobuf from proto/kafka.proto alone. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/log.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { parseSettings } from '../../config/index.js';
import { shownIncident } from '../../gateway/follow/news.js';
import { Counts } from '../../gateway/kafka/counts.js';
import { kafkaNews, kafkaTrend } from '../../gateway/kafka/news.js';
import { KafkaSender } from '../../gateway/kafka/sender.js';
import { TrendLink } from '../../gateway/kafka/trend-link.js';
import { openState } from '../../gateway/state/state.js';
import { MeasurementsOut } from '../../kafka/measurements-out.js';
import { KafkaProducer } from '../../kafka/producer.js';
import { createColumns, FLAG_SAG } from '../../proto/columns.js';
import type { EventDocument, IncidentDocument } from '../../store/documents.js';
import { givenKafka } from '../support/kafka-jars.js';
import { KafkaServer, type ReadRecord, readUntil } from '../support/kafka-server.js';
import { pythonWith } from '../support/python.js';

const START = 1_795_315_200_000;
const PROTO = join(PACKAGE_ROOT, 'proto', 'kafka.proto');
const MESSAGES: Readonly<Record<string, string>> = {
  'pb.measurements': 'Measurement',
  'pb.trends': 'Trend',
  'pb.events': 'Event',
  'pb.incidents': 'Incident',
};
/** Compiles the file, decodes lines "<message> <hex>" and prints each as JSON with all fields that came. */
const PROGRAM = `
import json, os, shutil, sys
from grpc_tools import protoc
folder, proto = sys.argv[1], sys.argv[2]
shutil.copy(proto, folder)
assert protoc.main(['protoc', '-I' + folder, '--python_out=' + folder, os.path.join(folder, 'kafka.proto')]) == 0
sys.path.insert(0, folder)
import kafka_pb2
from google.protobuf.json_format import MessageToDict
for line in sys.stdin:
    name, data = line.split()
    message = getattr(kafka_pb2, name)()
    message.ParseFromString(bytes.fromhex(data))
    print(json.dumps(MessageToDict(message, preserving_proto_field_name=True)))
`;

const EVENT: EventDocument = {
  ...{ event_id: 7, type: 'VOLTAGE', description: 'plugin napali', percent_magnitude: 12.5, expire_at: 0 },
  ...{ boxes_triggered: ['1001', '1002'], boxes_received: ['1001'] },
  ...{ target_event_start_timestamp_ms: START, target_event_end_timestamp_ms: START + 1000 },
};
const INCIDENT: IncidentDocument = {
  ...{ incident_id: 3, event_id: -1, box_id: '1002', location: 'lab', measurement_type: 'HEALTH' },
  ...{ start_timestamp_ms: START, end_timestamp_ms: -1, deviation_from_nominal: -0.25, expire_at: 9 },
  ...{ measurements: [], gridfs_filename: '', classifications: ['OUTAGE'], ieee_duration: 'UNDEFINED' },
  ...{ annotations: ['ärgerlich'], metadata: { scope: 'box', neighbours: 2 }, source: 'makai' },
  group: {
    ...{ group_id: 3, scope: 'region', region: 'north', incident_ids: [3, 4], box_ids: ['1002', '1003'] },
    ...{ boxes_heard: 3, first_box: '1002', deepest_box: '1003', spread_ms: 1.5, spread_depth: 0.25 },
    ...{ from_measurements: [], sentence: 'two of three' },
  },
};

describe('kafka: records as protobuf', function () {
  this.timeout(600_000);
  const jars = givenKafka();
  let server: KafkaServer;
  let folder: string;
  let records: ReadRecord[];
  const root = protobuf.loadSync(PROTO);
  const decoded = ({ topic, value: { bytes } }: ReadRecord): unknown => {
    const type = root.lookupType(`makai.kafka.${MESSAGES[topic]}`);
    return type.toObject(type.decode(bytes as Buffer), { longs: Number });
  };
  const of = (name: string): ReadRecord[] => records.filter(({ topic }) => topic === `pb.${name}`);

  before(async () => {
    server = await KafkaServer.start(jars());
    folder = mkdtempSync(join(tmpdir(), 'makai-kafka-pb-'));
    const { kafka: servers } = parseSettings('triggering-service', {
      kafka: {
        ...{ brokers: [server.address], queue: { path: folder } },
        ...{ topic_prefix: 'pb.', format: 'protobuf' },
      },
    });
    assert.ok(servers);
    const common = { clock: systemClock, log: silentLogger() };
    const out = new MeasurementsOut({
      ...{ servers, clientId: 'test', file: join(folder, 'queue.db'), maxBytes: 2 ** 30, ...common },
    });
    const columns = createColumns(2);
    columns.count = 2;
    columns.boxId.set([1001, 1002]);
    columns.timestampMs.set([START, START + 1]);
    for (const metric of ['f', 'rms', 'thd', 'trans'] as const)
      for (const which of ['min', 'average', 'max'] as const) columns[metric][which].fill(Number.NaN);
    columns.rms.average.set([119.5, 120.25]);
    columns.rms.min.set([119.5, 119]);
    columns.rms.max.set([119.5, 121.5]);
    columns.invalid.set([0, 1]);
    columns.flags.set([0, FLAG_SAG]);
    out.put({ kind: 'measurements', columns, acceptedAtMs: START });

    const state = openState(join(folder, 'state'), 2 ** 24);
    const producer = new KafkaProducer(servers, 'test');
    const counts = new Counts('pb.');
    const news = kafkaNews('pb.');
    state.outbox.put(news.event(EVENT, undefined).messages, START);
    state.outbox.put(news.incident(INCIDENT, undefined).messages, START);
    const sender = new KafkaSender({ state, servers, producer, counts, ...common });
    const trend = kafkaTrend('pb.')({
      ...{ box_id: '1001', timestamp_ms: START + 60_000, location: 'lab', flagged: 0.5 },
      voltage: { min: 119, max: 121.5, average: 120.125 },
    });
    await new TrendLink(producer, servers, counts).publish(trend);
    const topics = Object.keys(MESSAGES);
    const asIs = (bytes: Buffer) => ({ bytes });
    records = await readUntil(server, topics, (all) => all.length >= 6, asIs);
    await sender.stop();
    await out.stop();
    await producer.stop();
    state.close();
  });
  after(async () => {
    await server?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  it('measurements', () => {
    const [plain, flagged] = of('measurements').toSorted((a, b) => Number(a.key) - Number(b.key));
    assert.ok(plain && flagged);
    assert.deepEqual(decoded(plain), { boxId: '1001', timestampMs: START, voltage: 119.5 });
    assert.deepEqual(decoded(flagged), {
      ...{ boxId: '1002', timestampMs: START + 1, voltage: 120.25 },
      ...{ extremes: { voltage: { min: 119, max: 121.5 } }, invalid: ['frequency'], flagged: ['sag'] },
    });
  });

  it('trends and events', () => {
    assert.deepEqual(of('trends').map(decoded), [
      {
        ...{ boxId: '1001', timestampMs: START + 60_000, location: 'lab', flagged: 0.5 },
        voltage: { min: 119, max: 121.5, average: 120.125 },
      },
    ]);
    const box = (boxId: string, waveform: string) => ({
      ...{ eventId: 7, boxId, type: 'VOLTAGE', description: 'plugin napali', percentMagnitude: 12.5 },
      ...{ targetEventStartTimestampMs: START, targetEventEndTimestampMs: START + 1000, boxes: 2, waveform },
    });
    const events = of('events').toSorted((a, b) => Number(a.key) - Number(b.key));
    assert.deepEqual(events.map(decoded), [box('1001', 'stored'), box('1002', 'requested')]);
  });

  it('incidents, with their group, and what JSON has besides', () => {
    const [record] = of('incidents');
    assert.ok(record);
    const found = decoded(record) as Record<string, unknown>;
    assert.deepEqual(JSON.parse(String(found.metadataJson)), INCIDENT.metadata);
    // All that the JSON record has is in the message.
    const named = new Set(Object.keys(found).map(snake));
    for (const name of Object.keys(shownIncident(INCIDENT)))
      assert.ok(named.has(name === 'metadata' ? 'metadata_json' : name), name);
    assert.deepEqual(
      [found.eventId, found.endTimestampMs, found.deviationFromNominal, found.annotations],
      [-1, -1, -0.25, ['ärgerlich']],
    );
    const group = found.group as Record<string, unknown>;
    assert.deepEqual([group.region, group.incidentIds, group.spreadMs], ['north', [3, 4], 1.5]);
  });

  it("Python's protobuf reads the same", async function () {
    const python = await pythonWith('grpcio-tools==1.85.1');
    if (python === undefined) this.skip();
    const program = join(folder, 'read.py');
    writeFileSync(program, PROGRAM);
    const lines = records.map(({ topic, value: { bytes } }) => `${MESSAGES[topic]} ${hex(bytes)}`);
    const output = execFileSync(python, [program, folder, PROTO], { input: `${lines.join('\n')}\n` });
    const theirs = String(output)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    const ours = records.map((record) => {
      const type = root.lookupType(`makai.kafka.${MESSAGES[record.topic]}`);
      // As Python writes JSON: 64-bit numbers as text.
      return snakes(type.toObject(type.decode(record.value.bytes as Buffer), { longs: String }));
    });
    assert.deepEqual(theirs, ours);
  });
});

const hex = (bytes: unknown): string => (bytes as Buffer).toString('hex');
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function snakes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [snake(name), snakes(part)]));
}
