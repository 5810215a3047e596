/** A whole line that sends to Kafka, with kill -9 of Kafka, the triggering service and the gateway: what is in the store is in Kafka, by box. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseScenario } from '../../box/index.js';
import type { Kind } from '../../config/index.js';
import type { Store } from '../../store/store.js';
import { DaemonProcess } from '../faults/daemon-process.js';
import { Ledger } from '../faults/ledger.js';
import { BOX_IDS, FaultLine } from '../faults/line.js';
import { givenKafka } from '../support/kafka-jars.js';
import { KafkaServer, type ReadRecord, readUntil } from '../support/kafka-server.js';
import { until } from '../support/until.js';

const TOPICS = ['measurements', 'trends', 'events', 'incidents'].map((name) => `makai.${name}`);
const WINDOW_MS = 2000;
/** Trends that were there before the gateway are not sent. */
const FIRST_MS = 15_000;
/** Measurements of a batch, at most: what may come again after a kill. */
const BATCH = 5000;
const SAG = parseScenario({
  name: 'sags',
  duration_s: 4,
  seed: 3,
  events: [{ type: 'sag', at_s: 1, duration_s: 0.3, to_pu: 0.8, edge_s: 0 }],
});

describe('a whole line with Kafka', function () {
  this.timeout(900_000);
  const jars = givenKafka();
  let kafka: KafkaServer;
  let line: FaultLine;
  let folder: string | undefined;
  let startedMs = 0;
  const followers: DaemonProcess[] = [];

  before(async () => {
    kafka = await KafkaServer.start(jars());
    folder = mkdtempSync(join(tmpdir(), 'makai-kafka-line-'));
    const started = await FaultLine.start({
      store: 'sqlite',
      scenario: SAG,
      config: {
        'triggering-service': {
          kafka: { brokers: [kafka.address], queue: { path: folder } },
          mongo_trends_update_interval_seconds: WINDOW_MS / 1000,
        },
      },
    });
    assert.ok(started);
    line = started;
    follower('analysis-service', {});
    follower('gateway', {
      kafka: { brokers: [kafka.address] },
      mqtt: { listen: '127.0.0.1:0' },
      meters: undefined,
    });
    for (const daemon of followers) await daemon.start();
    startedMs = Date.now();
  });
  after(async () => {
    for (const daemon of followers.reverse()) await daemon.stop();
    await line?.stop();
    await kafka?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  function follower(kind: Kind, more: Record<string, unknown>): void {
    const file = line.workspace.configs[kind];
    const fields = { ...JSON.parse(readFileSync(file, 'utf8')), store: line.storeUrl, ...more };
    writeFileSync(file, JSON.stringify(fields), { mode: 0o600 });
    const logFile = join(line.workspace.logs, `${kind}.log`);
    followers.push(new DaemonProcess({ name: kind, args: [kind, file], logFile }));
  }

  it('what is in the store is in Kafka, by box, whatever was killed', async () => {
    const ledger = new Ledger(line);
    ledger.start();
    await ledger.moreEvents(10);
    const service = line.daemons['triggering-service'];
    const [, gateway] = followers;
    const restarted = async (daemon: DaemonProcess | undefined): Promise<void> => {
      await daemon?.kill();
      await daemon?.start();
    };
    await restarted(service);
    await restarted(gateway);
    await ledger.moreEvents(10);
    await kafka.kill();
    await ledger.moreEvents(20);
    await restarted(service);
    await restarted(gateway);
    await ledger.moreEvents(10);
    await kafka.start();
    await ledger.moreEvents(10);
    const rows = await ledger.settle();
    for (const { kind, lost } of rows) assert.equal(lost, 0, kind);
    await line.fleet?.stop();
    line.fleet = undefined;
    const store = await line.openStore();
    try {
      await until('incidents were found', async () => (await incidentsOf(store)).size > 0);
      let missing: string[] = [];
      const records = await readUntil(kafka, TOPICS, async (all) => {
        missing = await missingOf(store, all, startedMs + FIRST_MS);
        return missing.length === 0;
      }).catch((error: unknown) => {
        throw new Error(`${missing.length} are missing: ${missing.slice(0, 10).join(', ')}`, {
          cause: error,
        });
      });
      for (const { key, value } of records) assert.equal(key, value.box_id);
      const repeated = records.length - new Set(records.map((record) => JSON.stringify(record))).size;
      // Of the service and of Kafka, one batch each; of the gateway, what it had under way.
      assert.ok(repeated <= 5 * BATCH, `${repeated} repeated`);
    } finally {
      await store.close();
    }
    assert.deepEqual(line.deaths(), []);
  });
});

async function incidentsOf(store: Store): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const { box_id, incident_id } of store.incidents({}))
    found.add(`incident ${incident_id} ${box_id}`);
  return found;
}

/** What the store has and the records have not. */
async function missingOf(store: Store, records: readonly ReadRecord[], sinceMs: number): Promise<string[]> {
  const there = new Set(records.map(nameOf));
  const stored = [...(await incidentsOf(store))];
  for (const id of BOX_IDS.map(String)) {
    for await (const { timestamp_ms } of store.measurements(id))
      stored.push(`measurement ${timestamp_ms} ${id}`);
    for await (const { timestamp_ms } of store.trends(id, { fromMs: sinceMs }))
      stored.push(`trend ${timestamp_ms} ${id}`);
  }
  for await (const event of store.events())
    for (const id of event.boxes_received)
      if (event.target_event_end_timestamp_ms > sinceMs) stored.push(`event ${event.event_id} stored ${id}`);
  return stored.filter((name) => !there.has(name));
}

function nameOf({ key, topic, value }: ReadRecord): string {
  switch (topic) {
    case 'makai.measurements':
      return `measurement ${value.timestamp_ms} ${key}`;
    case 'makai.trends':
      return `trend ${value.timestamp_ms} ${key}`;
    case 'makai.events':
      return `event ${value.event_id} ${value.waveform} ${key}`;
    default:
      return `incident ${value.incident_id} ${key}`;
  }
}
