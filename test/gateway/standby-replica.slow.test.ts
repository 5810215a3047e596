/** The copy of a gateway's state in a real NATS: complete for whoever comes next, bounded, and closed to whoever was before. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/log.js';
import { messagesOf, StateReader, type StateRecord } from '../../gateway/standby/records.js';
import { Replica } from '../../gateway/standby/replica.js';
import { openState, type State } from '../../gateway/state/state.js';
import { STATE_STREAM, StateLog } from '../../nats/state-log.js';
import { DatabaseHandle } from '../../store/sqlite/handle.js';
import { givenNats, NatsServer } from '../support/nats-server.js';
import { until } from '../support/until.js';

/** The client's own patience of 5 s is short where the machine stands still. */
const PATIENT = { timeout: 60_000 };

describe('gateway: the copy of its state in NATS', function () {
  this.timeout(300_000);
  const binary = givenNats();
  let server: NatsServer;
  let connection: NatsConnection;
  let folder: string;
  const ends: (() => Promise<void> | void)[] = [];

  beforeEach(async () => {
    server = await NatsServer.start(binary());
    connection = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
    folder = mkdtempSync(join(tmpdir(), 'makai-replica-'));
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    await connection.close();
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  async function active(
    name: string,
    { copyBytes, own, folder: of = name }: { copyBytes?: number; own?: Set<string>; folder?: string } = {},
  ): Promise<{ replica: Replica; state: State; readonly copies: number; isReplaced(): boolean }> {
    let replaced = false;
    let copies = 0;
    const log = await StateLog.open(connection, 1);
    const forget = log.forget.bind(log);
    log.forget = async (seq) => {
      copies += 1;
      await forget(seq);
    };
    const replica = await Replica.open({
      ...{ log, name, clock: systemClock, logger: silentLogger() },
      onReplaced: () => {
        replaced = true;
      },
      ...(copyBytes === undefined ? {} : { copyBytes }),
      ...(own === undefined ? {} : { own }),
    });
    ends.push(() => replica.stop());
    const state = openState(join(folder, of), 2 ** 26, {
      attach: (file, db) => replica.attach(file, db),
      flushed: () => replica.flushed(),
      mayAct: () => !replica.isOver,
    });
    ends.push(() => state.close());
    return {
      ...{ replica, state, isReplaced: () => replaced },
      get copies() {
        return copies;
      },
    };
  }
  const put = (state: State, n: number, length = 10): void =>
    state.outbox.put([{ topic: `makai/${n}`, payload: 'x'.repeat(length), retain: false }], n);

  const topics = (state: State): string[] => state.outbox.oldest(100).map(({ topic }) => topic);

  it('the first one brings what it has; the next one has what was flushed, and ends the writing of the one before', async () => {
    const own = openState(join(folder, 'a'), 2 ** 26);
    put(own, 1);
    own.close();
    const a = await active('a');
    for (let n = 2; n <= 50; n += 1) put(a.state, n);
    await a.replica.flushed();
    const b = await active('b');
    assert.deepEqual(
      b.state.outbox.oldest(100).map(({ topic }) => topic),
      Array.from({ length: 50 }, (_, i) => `makai/${i + 1}`),
    );
    put(a.state, 99);
    await assert.rejects(a.replica.flushed(), { code: 'STORE_UNAVAILABLE' });
    assert.ok(a.isReplaced());
    await assert.rejects(a.replica.flushed(), { code: 'STORE_UNAVAILABLE' }, 'also when nothing waits');
    put(b.state, 51);
    await b.replica.flushed();
    const c = await active('c');
    assert.deepEqual(c.state.outbox.oldest(100), b.state.outbox.oldest(100));
  });

  it('the log stays bounded, and what is copied is whole', async () => {
    const a = await active('a', { copyBytes: 200_000 });
    for (let n = 1; n <= 300; n += 1) {
      put(a.state, n, 5000);
      const [first] = a.state.outbox.oldest(1);
      if (first !== undefined && n > 3) a.state.outbox.remove(first);
      if (n % 20 === 0) await a.replica.flushed();
    }
    await a.replica.flushed();
    const manager = await jetstreamManager(connection, PATIENT);
    await until('what counts no more leaves the log', async () => {
      const { state } = await manager.streams.info(STATE_STREAM);
      return state.bytes < 600_000;
    });
    const b = await active('b');
    assert.deepEqual(b.state.outbox.oldest(9), a.state.outbox.oldest(9));
    assert.equal(b.state.outbox.status().messages, 3);
  });

  it('stays bounded also over many short runs; a large state is not copied again and again', async () => {
    const manager = await jetstreamManager(connection, PATIENT);
    const bytes = async (): Promise<number> => (await manager.streams.info(STATE_STREAM)).state.bytes;
    for (let run = 0; run < 6; run += 1) {
      const one = await active(`run ${run}`, { copyBytes: 100_000, folder: `${run}` });
      put(one.state, run, 60_000);
      const [first] = one.state.outbox.oldest(1);
      assert.ok(first);
      await one.replica.flushed();
      one.state.outbox.remove(first);
      await one.replica.flushed();
      one.state.close();
      await one.replica.stop();
      assert.ok((await bytes()) < 250_000, `${await bytes()} bytes after run ${run}`);
    }
    const a = await active('a', { copyBytes: 100_000 });
    const before = a.copies;
    for (let n = 0; n < 100; n += 1) {
      put(a.state, n, 10_000);
      await a.replica.flushed();
    }
    // At 100 kB, 200, 400, 800, and one more for what there was.
    assert.ok(a.copies - before <= 5, `${a.copies - before} copies`);
  });

  it('a copy has also what this gateway does not open, and there is none when its files are closed', async () => {
    const log = await StateLog.open(connection, 1);
    const other = { file: 'kafka', table: 'positions', key: '["event"]', row: { name: 'event', value: '7' } };
    const records: StateRecord[] = [
      { kind: 'changes', changes: [other] },
      { kind: 'file', file: 'kafka' },
      { kind: 'file', file: 'empty' },
    ];
    let last = 0;
    for (const [i, record] of records.entries())
      for (const data of messagesOf(record)) last = (await log.append(data, `x-${i}`, last)) ?? -1;
    const a = await active('a', { copyBytes: 10_000 });
    const read = async (): Promise<{ reader: StateReader; kinds: string[] }> => {
      const reader = new StateReader();
      const kinds: string[] = [];
      await log.read((data) => {
        reader.take(data);
        kinds.push((JSON.parse(Buffer.from(data).toString('utf8')) as StateRecord).kind);
      });
      return { reader, kinds };
    };
    put(a.state, 1, 20_000);
    await a.replica.flushed();
    await until('it is copied', async () => (await read()).kinds[0] === 'copy');
    const { reader } = await read();
    assert.deepEqual([...reader.known].sort(), ['empty', 'kafka', 'outbox']);
    assert.deepEqual(reader.files.get('kafka'), [other]);
    const copies = async (): Promise<number> =>
      (await read()).kinds.filter((kind) => kind === 'copied').length;
    const before = await copies();
    for (let n = 2; n < 9; n += 1) put(a.state, n, 20_000);
    a.state.close();
    await a.replica.flushed();
    await a.replica.stop();
    assert.equal(await copies(), before);
    const b = await active('b');
    assert.equal(topics(b.state).length, 8);
  });

  it('an outage of NATS delays it, a row may be longer than a message', async () => {
    const a = await active('a');
    await server.kill();
    put(a.state, 1, 3_000_000);
    const flushed = a.replica.flushed();
    await server.start();
    await flushed;
    const b = await active('b');
    assert.deepEqual(b.state.outbox.oldest(9), a.state.outbox.oldest(9));
  });

  it('a file that the log does not have as a whole stays as it is, and is brought', async () => {
    const own = openState(join(folder, 'b'), 2 ** 26);
    put(own, 1);
    own.close();
    // Another file is in the log, and of this one what a gateway had brought when it was killed.
    const log = await StateLog.open(connection, 1);
    const row = { id: 7, topic: 'makai/7', payload: 'x', retain: 0, put_ms: 1 };
    const records: StateRecord[] = [
      { kind: 'begin', name: 'a' },
      { kind: 'changes', changes: [{ file: 'rules', table: 'waiting', key: '[1]', row: { id: 1 } }] },
      { kind: 'file', file: 'rules' },
      { kind: 'changes', changes: [{ file: 'outbox', table: 'outbox', key: '[7]', row }] },
    ];
    let last = 0;
    for (const [i, record] of records.entries())
      for (const data of messagesOf(record)) last = (await log.append(data, `a-${i}`, last)) ?? -1;
    const b = await active('b');
    assert.deepEqual(topics(b.state), ['makai/1']);
    await b.replica.flushed();
    assert.deepEqual(topics((await active('c')).state), ['makai/1']);
  });

  it('what was written while NATS was unavailable stays, where no other gateway was active meanwhile', async () => {
    const own = new Set<string>();
    const first = await active('a', { own });
    put(first.state, 1);
    put(first.state, 2);
    await first.replica.flushed();
    // The lease is lost.
    first.replica.giveUp();
    put(first.state, 3);
    const [sent] = first.state.outbox.oldest(1);
    assert.ok(sent);
    first.state.outbox.remove(sent);
    first.state.close();
    await first.replica.stop();
    const again = await active('a', { own });
    assert.deepEqual(topics(again.state), ['makai/2', 'makai/3']);
    await again.replica.flushed();
    const other = await active('b');
    assert.deepEqual(topics(other.state), ['makai/2', 'makai/3']);
    // Now another one was.
    put(other.state, 4);
    await other.replica.flushed();
    put(again.state, 5);
    again.state.close();
    await again.replica.stop();
    const last = await active('a', { own });
    assert.deepEqual(topics(last.state), ['makai/2', 'makai/3', 'makai/4']);
  });

  it('goes on where a file cannot be read for a while', async () => {
    const a = await active('a', { copyBytes: 1000 });
    const db = new DatabaseHandle(':memory:');
    db.exec('CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT)');
    const detach = a.replica.attach('t', db);
    await a.replica.flushed();
    db.exec(`INSERT INTO t VALUES (1, 'x'); ALTER TABLE changed_rows RENAME TO away`);
    await assert.rejects(a.replica.flushed(), { code: 'STORE_UNAVAILABLE' });
    put(a.state, 1, 2000);
    db.exec('ALTER TABLE away RENAME TO changed_rows');
    db.exec('ALTER TABLE t RENAME TO hidden');
    put(a.state, 2, 2000);
    await until('the others are in NATS', async () => {
      return await a.replica.flushed().then(
        () => true,
        () => false,
      );
    });
    db.exec('ALTER TABLE hidden RENAME TO t');
    await a.replica.flushed();
    detach();
    await a.replica.stop();
    const log = await StateLog.open(connection, 1);
    const reader = new StateReader();
    await log.read((data) => reader.take(data));
    assert.deepEqual(
      reader.files.get('t')?.map(({ row }) => row),
      [{ k: 1, v: 'x' }],
    );
    assert.equal(reader.files.get('outbox')?.length, 2);
  });

  it('is not read for ever where NATS does not go on', async () => {
    const log = await StateLog.open(connection, 1, 1000);
    let last = 0;
    for (let i = 0; i < 300; i += 1) last = (await log.append(Buffer.alloc(10_000), `x-${i}`, last)) ?? -1;
    const { pid } = server;
    assert.ok(pid !== undefined);
    let taken = 0;
    await assert.rejects(
      log.read(() => {
        taken += 1;
        if (taken === 1) process.kill(pid, 'SIGKILL');
      }),
      /not read to its end/,
    );
    assert.ok(taken < 300);
  });

  it('nobody waits for NATS when it is not the active one any more', async () => {
    const a = await active('a');
    put(a.state, 1);
    const waits = a.replica.flushed();
    await a.replica.stop();
    await waits;
    await assert.rejects(a.replica.flushed(), { code: 'STORE_UNAVAILABLE' });
    const b = await active('b');
    await server.kill();
    put(b.state, 2);
    const flushed = b.replica.flushed();
    b.replica.giveUp();
    await assert.rejects(flushed, { code: 'STORE_UNAVAILABLE' });
    await assert.rejects(b.replica.flushed(), { code: 'STORE_UNAVAILABLE' });
    await b.replica.stop();
  });
});
