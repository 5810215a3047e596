/**
 * Backup, kill -9 and restore with the commands of an administrator, under load: what was accepted before the backup is there after the restore, and no event id is
 * given twice. In every second round the store is gone when the backup is put back.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Push, Subscriber } from 'zeromq';
import * as proto from '../../../proto/index.js';
import type { Store } from '../../../store/store.js';
import { sqliteFile } from '../../../store/url.js';
import { makai } from '../../cli/run-process.js';
import type { FaultCase, Outcome } from '../case.js';
import type { Row } from '../ledger.js';
import { BOX_IDS, FaultLine, KINDS } from '../line.js';

const ROUNDS = 20;
const ASK_EVERY_MS = 150;
const WAIT_MS = 120_000;
/** Samples of a cycle, two bytes each. */
const CYCLE_BYTES = 400;
/** Newest measurements of a box that a round takes down. */
const MEASUREMENTS = 50;

/** Asks for events all the time, and notes which ids were announced and of which a waveform was stored. It does not open the store, as no program may during a restore. */
class Client {
  readonly announced: number[] = [];
  readonly withWaveform: number[] = [];
  readonly #stop = new AbortController();
  readonly #sockets: { close(): void }[] = [];
  readonly #asking: Promise<void>;
  #asked = 0;

  constructor(line: FaultLine) {
    const field = (name: string): string => line.field('acquisition-broker', name);
    this.#listen(field('backend_pub'), 'evnew', (id) => void this.announced.push(id));
    this.#listen(field('zmq_event_endpoint'), '', (id) => void this.withWaveform.push(id));
    this.#asking = this.#ask(field('backend_pull'));
  }

  get asked(): number {
    return this.#asked;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#asking;
    for (const socket of this.#sockets) socket.close();
  }

  #listen(endpoint: string, topic: string, take: (id: number) => void): void {
    const socket = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
    this.#sockets.push(socket);
    socket.subscribe(topic);
    socket.connect(endpoint);
    void (async () => {
      for await (const [, id] of socket) take(Number(String(id)));
    })();
  }

  async #ask(endpoint: string): Promise<void> {
    const push = new Push({ linger: 0, sendHighWaterMark: 0, sendTimeout: 0 });
    this.#sockets.push(push);
    push.connect(endpoint);
    while (!this.#stop.signal.aborted) {
      const endMs = Date.now() - 1500;
      const request = proto.requestEvent.encode({
        ...{ startMs: endMs - 500, endMs, triggerType: 'OTHER' as const, percentMagnitude: 0 },
        ...{
          boxIds: [...BOX_IDS],
          requestee: 'backup',
          description: `backup ${this.#asked}`,
          requestData: true,
        },
      });
      this.#asked += 1;
      // A broker that is dead takes none.
      await push.send(request).catch(() => undefined);
      await sleep(ASK_EVERY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }
}

/** What must be in the store: what was accepted before the last backup, and since the restore of it. */
class Accepted {
  readonly measurements = new Set<string>();
  readonly #client: Client;
  #backup: { events: number[]; waveforms: number[] } = { events: [], waveforms: [] };
  #noted = this.#backup;
  /** how much of what the client heard is older than the last restore */
  #since = { events: 0, waveforms: 0 };

  constructor(client: Client) {
    this.#client = client;
  }

  get events(): number[] {
    return [...this.#backup.events, ...this.#client.announced.slice(this.#since.events)];
  }

  get waveforms(): number[] {
    return [...this.#backup.waveforms, ...this.#client.withWaveform.slice(this.#since.waveforms)];
  }

  /** Before a backup begins. Measurements count when they have been seen in the store. */
  async note(line: FaultLine): Promise<void> {
    this.#noted = { events: this.events, waveforms: this.waveforms };
    const store = await line.openStore();
    for (const id of BOX_IDS) {
      const newest = store.measurements(String(id), { descending: true, limit: MEASUREMENTS });
      for await (const { timestamp_ms } of newest) this.measurements.add(`${id}:${timestamp_ms}`);
    }
    await store.close();
  }

  /** While all daemons are dead: what was announced since the backup is not in the store any more. */
  restored(): void {
    this.#backup = this.#noted;
    this.#since = { events: this.#client.announced.length, waveforms: this.#client.withWaveform.length };
  }
}

export async function backupsUnderLoad(rounds: number): Promise<Outcome | undefined> {
  const line = await FaultLine.start({ store: 'sqlite' });
  if (line === undefined) return undefined;
  const client = new Client(line);
  const accepted = new Accepted(client);
  try {
    for (let round = 0; round < rounds; round += 1) {
      await more(client, line, 3);
      await accepted.note(line);
      const file = join(line.workspace.directory, `backup-${round}.db`);
      await command('backup', file, '--store', line.storeUrl);
      await more(client, line, 2);
      for (const kind of KINDS) await line.daemons[kind].kill();
      const store = sqliteFile(line.storeUrl);
      const isGone = round % 2 === 1;
      if (isGone) for (const suffix of ['', '-wal', '-shm']) rmSync(`${store}${suffix}`, { force: true });
      await command('restore', file, '--store', line.storeUrl);
      rmSync(file);
      accepted.restored();
      for (const kind of KINDS) await line.daemons[kind].start();
    }
    await more(client, line, 3);
    await client.close();
    const rows = await count(line, client, accepted);
    return { rows, wrong: line.deaths(), notes: [`${rounds} backups, kills and restores`] };
  } finally {
    await client.close();
    await line.stop();
  }
}

/** Until the first waveform of so many more events was stored. */
async function more({ withWaveform }: Client, line: FaultLine, events: number): Promise<void> {
  const wanted = withWaveform.length + events;
  const endMs = performance.now() + WAIT_MS;
  while (withWaveform.length < wanted) {
    if (performance.now() > endMs) throw new Error(`gave up waiting for ${events} more events`);
    const deaths = line.deaths();
    if (deaths.length > 0) throw new Error(deaths.join('; '));
    await sleep(50);
  }
}

async function command(...args: string[]): Promise<void> {
  const { code, stderr } = await makai(['store', ...args]);
  if (code !== 0) throw new Error(`makai store ${args[0]}: ${stderr}`);
}

async function count(line: FaultLine, client: Client, accepted: Accepted): Promise<Row[]> {
  const store = await line.openStore();
  try {
    const ids: number[] = [];
    for await (const event of store.events()) ids.push(event.event_id);
    const stored = new Set(ids);
    const lost = accepted.events.filter((id) => !stored.has(id));
    const events: Row = {
      ...{ kind: 'events', sent: client.asked, accepted: accepted.events.length, stored: ids.length },
      ...{ lost: lost.length, missing: lost.slice(0, 5).map(String) },
      // Of all that were ever announced, also those that a restore took away.
      doubled: client.announced.length - new Set(client.announced).size,
    };
    const times = new Set<string>();
    let rows = 0;
    for (const id of BOX_IDS)
      for await (const { timestamp_ms } of store.measurements(String(id))) {
        times.add(`${id}:${timestamp_ms}`);
        rows += 1;
      }
    const gone = [...accepted.measurements].filter((key) => !times.has(key));
    const measurements: Row = {
      ...{ kind: 'measurements', sent: line.fleet?.stats.measurements ?? 0 },
      ...{ accepted: accepted.measurements.size, stored: rows, doubled: rows - times.size },
      ...{ lost: gone.length, missing: gone.slice(0, 5) },
    };
    return [events, measurements, await waveformsOf(store, client, accepted)];
  } finally {
    await store.close();
  }
}

/** An event whose first waveform was stored has one, and each that it has is whole. */
async function waveformsOf(store: Store, client: Client, { waveforms }: Accepted): Promise<Row> {
  const missing: number[] = [];
  let [stored, doubled] = [0, 0];
  for (const id of waveforms) {
    const found = await store.boxEvents(id);
    stored += found.length;
    doubled += found.length - new Set(found.map(({ box_id }) => box_id)).size;
    let isWhole = found.length > 0;
    for (const { data_fs_filename, window_timestamps_ms } of found) {
      const bytes = await store.waveform(data_fs_filename);
      if (bytes?.length !== window_timestamps_ms.length * CYCLE_BYTES) isWhole = false;
    }
    if (!isWhole) missing.push(id);
  }
  return {
    ...{
      kind: 'waveforms',
      sent: client.asked * BOX_IDS.length,
      accepted: waveforms.length,
      stored,
      doubled,
    },
    ...{ lost: missing.length, missing: missing.slice(0, 5).map(String) },
  };
}

export const BACKUPS: readonly FaultCase[] = [
  {
    name: 'backup, kill -9 and restore under load',
    stores: ['sqlite'],
    run: () => backupsUnderLoad(ROUNDS),
  },
];
