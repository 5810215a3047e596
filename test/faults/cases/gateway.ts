/**
 * kill -9 of the gateway, of the MQTT broker and of a receiver of webhooks and mail while incidents come in: the broker confirms each at least once, each channel
 * takes each at least once, and there are no more repeats than kills; none before the first kill.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../../store/open.js';
import { DatabaseHandle } from '../../../store/sqlite/handle.js';
import type { Store } from '../../../store/store.js';
import type { Write } from '../../../store/writes.js';
import { seededRandom } from '../../fuzz/random.js';
import { gatewaySettings, incidentOf, START } from '../../gateway/given.js';
import { Mosquitto, mosquittoProgram, subscriber } from '../../gateway/mosquitto.js';
import { until } from '../../support/until.js';
import type { FaultCase, Outcome } from '../case.js';
import { DaemonProcess } from '../daemon-process.js';
import type { Row } from '../ledger.js';
import { MqttRecorder } from '../mqtt-recorder.js';
import { CHANNELS, SinkProcess } from '../sink-process.js';

const KILLS = 50;
const RETENTION = { mode: 'ttl', measurementsSeconds: 100 * 365 * 86_400 } as const;
/** A new incident so often. */
const INCIDENT_MS = 300;
/** Incidents before the first kill. */
const BEFORE = 10;
/** It is waited for the rest until none of them has come for so long. */
const SETTLE_MS = 400_000;
/** For the first ones, on a machine that does much else. */
const BEFORE_MS = 600_000;
/** So many of those that are missing are looked into. */
const LOOKED_INTO = 20;

export const GATEWAY: readonly FaultCase[] = [
  {
    name: 'kill -9 of gateway, MQTT broker, webhook and mail server',
    stores: ['sqlite'],
    missing: () => (mosquittoProgram() === undefined ? 'mosquitto is not installed' : undefined),
    run: () => gatewayKills(KILLS),
  },
];

/** @param kills of each of the three */
export async function gatewayKills(kills: number): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'makai-gateway-fault-'));
  await mkdir(join(folder, 'log'));
  const url = `sqlite:${join(folder, 'makai.db')}`;
  const store = await openStore(url, { retention: RETENTION });
  const broker = await Mosquitto.start(mosquittoProgram() ?? '');
  const recorder = await MqttRecorder.start(broker.port);
  const file = join(folder, 'gateway.json');
  const sink = await SinkProcess.start(folder);
  await writeFile(join(folder, 'notify.yaml'), JSON.stringify(sink.recipients), { mode: 0o600 });
  const settings = await gatewaySettings(url, folder, { mqtt: { url: recorder.url } });
  await writeFile(file, JSON.stringify(settings), { mode: 0o600 });
  const logFile = join(folder, 'log', 'gateway.log');
  const daemon = new DaemonProcess({ name: 'gateway', args: ['gateway', file], logFile });
  const stop = new AbortController();
  // A session that the broker keeps: what comes while it does not run is delivered when it runs again.
  const { client, heard } = await subscriber(
    broker.url,
    { clientId: 'counter', clean: false, properties: { sessionExpiryInterval: 3600 }, protocolVersion: 5 },
    'makai/incidents/#',
  );
  let sent = 0;
  let keep = true;
  try {
    // What was stored before the first start is not published.
    await daemon.start();
    const load = (async () => {
      const apply = (write: Write): Promise<unknown> => store.apply(write).catch(() => undefined);
      while (!stop.signal.aborted) {
        const [incident, group] = writesOf(sent + 1);
        // The store may be locked, and refuse a write; a group that is written before its incident is lost.
        while ((await store.incident(sent + 1)) === undefined) await apply(incident);
        while ((await store.incident(sent + 1))?.group === undefined) await apply(group);
        sent += 1;
        await sleep(INCIDENT_MS);
      }
    })();
    const counts = () => [recorder.published, ...CHANNELS.map((one) => sink.received(one))];
    const repeatsOf = (of: ReadonlyMap<number, number>): number =>
      [...of.values()].reduce((sum, n) => sum + n - 1, 0);
    const areBegun = async () => counts().every(({ size }) => size >= BEFORE);
    await until('all is delivered without a kill', areBegun, BEFORE_MS);
    const early = counts().map(repeatsOf);
    const seed = Date.now() % 2 ** 31;
    const random = seededRandom(seed);
    for (let kill = 0; kill < kills; kill += 1) {
      await sleep(200 + random.below(800));
      await daemon.kill();
      await daemon.start();
      await sleep(200 + random.below(800));
      await broker.down('SIGKILL');
      await broker.up();
      await sleep(200 + random.below(800));
      await sink.kill();
      await sink.up();
    }
    stop.abort();
    await load;
    const takers = () => [recorder.confirmed, ...CHANNELS.map((one) => sink.received(one))];
    await settled(() => takers().map(({ size }) => size), sent);
    await daemon.stop();
    const atSubscriber = new Set(heard.map(({ payload }) => payload.incident_id)).size;
    const wrong: string[] = [];
    if (early.some((repeats) => repeats > 0)) wrong.push(`repeats without a kill: ${early.join(', ')}`);
    // What the broker confirmed and lost itself, when it was killed: it has no more than the subscriber's window under way.
    if (atSubscriber < sent - 20 * kills) wrong.push(`only ${atSubscriber} of ${sent} came to a subscriber`);
    const rows: Row[] = [];
    const notes = [`killed ${kills} times each, seed ${seed}`];
    for (const [at, taken] of takers().entries()) {
      const kind = ['MQTT', ...CHANNELS][at] ?? '';
      const missing = Array.from({ length: sent }, (_, i) => i + 1).filter((id) => !taken.has(id));
      const repeats = repeatsOf(counts()[at] ?? new Map());
      for (const id of missing.slice(0, LOOKED_INTO))
        notes.push(`missing at ${kind}: ${await whereabouts(id, store, settings.state)}`);
      // Of the gateway, and of the one that takes it.
      if (repeats > 2 * kills) wrong.push(`${repeats} repeats at ${kind} with ${2 * kills} kills`);
      notes.push(`${kind}: ${repeats} repeats (at most one for each of ${2 * kills} kills)`);
      rows.push({
        ...{ kind, sent, accepted: sent, stored: taken.size, doubled: 0, lost: missing.length },
        missing: missing.slice(0, 5).map(String),
      });
    }
    notes.push(`${sent - atSubscriber} that the killed broker had confirmed did not come to its subscriber`);
    keep = wrong.length > 0 || rows.some(({ lost }) => lost > 0);
    if (keep) notes.push(`left to look at: ${folder}`);
    return { rows, wrong, notes };
  } finally {
    stop.abort();
    await client.endAsync(true);
    await daemon.kill();
    await recorder.stop();
    await sink.kill();
    await broker.remove();
    await store.close();
    if (!keep) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Fulfilled when each has all of them, or none of them gets any more. */
async function settled(sizes: () => number[], all: number): Promise<void> {
  let [most, sinceMs] = [-1, performance.now()];
  while (sizes().some((size) => size < all) && performance.now() - sinceMs < SETTLE_MS) {
    const sum = sizes().reduce((total, size) => total + size, 0);
    if (sum > most) [most, sinceMs] = [sum, performance.now()];
    await sleep(500);
  }
}

/** How far one that is missing came: whose fault it is. */
async function whereabouts(id: number, store: Store, folder: string): Promise<string> {
  const incident = await store.incident(id);
  const alert = await store.alert(`group-${id}`);
  const [outbox, queue] = ['outbox.db', 'deliveries.db'].map(
    (file) => new DatabaseHandle(join(folder, file), { readonly: true }),
  );
  try {
    const watched = outbox?.prepare('SELECT * FROM watched WHERE id = ?').all(id);
    const position = outbox?.prepare("SELECT value FROM positions WHERE name = 'incident'").get();
    const rows = 'SELECT key, state, tries, error, next_ms FROM deliveries WHERE key LIKE ?';
    const deliveries = queue?.prepare(rows).all(`group-${id}:%`);
    const group =
      incident === undefined ? 'not stored' : incident.group === undefined ? 'no group' : 'stored';
    return JSON.stringify({ id, incident: group, alert: alert?.state, deliveries, watched, position });
  } finally {
    outbox?.close();
    queue?.close();
  }
}

/** An incident, and the group of it alone, which makes an alert. Interruptions are critical: no limit of messages an hour holds them back. */
function writesOf(id: number): [Write, Write] {
  const incident = incidentOf('1001', START + 1000 * id, { classifications: ['VOLTAGE_INTERRUPTION'] });
  const group = {
    ...{ group_id: id, scope: 'box' as const, incident_ids: [id], box_ids: ['1001'], boxes_heard: 1 },
    ...{ first_box: '1001', deepest_box: '1001', spread_ms: 0, spread_depth: 0, from_measurements: [] },
    sentence: `Interruption number ${id}`,
  };
  return [
    { kind: 'incident', incident, samples: new Int16Array() },
    { kind: 'incident_group', group },
  ];
}
