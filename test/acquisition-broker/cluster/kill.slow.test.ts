/** Two brokers as processes with one MongoDB: one is killed with open requests, its boxes go to the other. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../../../common/free-ports.js';
import { silentLogger } from '../../../common/log.js';
import { KeptRequests } from '../../../nats/kept-requests.js';
import { connectOnce } from '../../../nats/link.js';
import { openMongoStore } from '../../../store/mongo/index.js';
import type { Store } from '../../../store/store.js';
import { RunningProgram } from '../../cli/run-process.js';
import { givenMongo } from '../../support/mongo-server.js';
import { givenNats, NatsServer } from '../../support/nats-server.js';
import { type Deployment, deploy } from '../process.js';
import { cyclesBetween, FakeBox, FakeClient, until } from '../rig.js';

const SOCKETS = [
  'box_pub',
  'box_pull',
  'backend_pull',
  'backend_pub',
  'zmq_event_endpoint',
  'zmq_event_id_endpoint',
];

describe('acquisition broker: one of two is killed', function () {
  this.timeout(400_000);
  const mongo = givenMongo();
  const binary = givenNats();
  let nats: NatsServer;
  let a: Deployment;
  let store: Store;
  let b: { endpoints: Record<string, string>; program: RunningProgram };
  let programA: RunningProgram;
  /** box 7 at the other broker */
  let moved: FakeBox;
  const peers: { close(): void }[] = [];

  before(async () => {
    nats = await NatsServer.start(binary());
    const database = `makai_test_brokers_${process.pid}`;
    const url = `${mongo().uri}/${database}`;
    a = await deploy([1001, 7], { nats: { servers: [nats.url] }, identity: 'broker-a', store: url });
    const settings: unknown = JSON.parse(await readFile(a.configFile, 'utf8'));
    const spoolOf = (name: string) => ({ spool: { path: join(a.directory, `spool-${name}`) } });
    await writeFile(a.configFile, JSON.stringify(Object.assign({}, settings, spoolOf('a'))), { mode: 0o600 });
    const ports = await freePorts(SOCKETS.length);
    const endpoints = Object.fromEntries(SOCKETS.map((name, i) => [name, `tcp://127.0.0.1:${ports[i]}`]));
    const file = join(a.directory, 'broker-b.json');
    const ofB = Object.assign({}, settings, spoolOf('b'), endpoints, { identity: 'broker-b' });
    await writeFile(file, JSON.stringify(ofB), { mode: 0o600 });
    programA = await a.start();
    b = { endpoints, program: new RunningProgram('cli/main.js', ['acquisition-broker', file]) };
    assert.notEqual(await b.program.line(), undefined);
    store = await openMongoStore(url, {
      retention: { mode: 'ttl', measurementsSeconds: 86_400 },
      log: silentLogger(),
    });
  });
  after(async () => {
    for (const peer of peers) peer.close();
    for (const program of [programA, b?.program])
      if (program?.child.exitCode === null && program.child.signalCode === null) await kill(program);
    await store?.close();
    await a?.remove();
    await nats?.stop();
  });

  const kill = async (program: RunningProgram): Promise<void> => {
    const closed = once(program.child, 'close');
    program.child.kill('SIGKILL');
    await closed;
  };
  const box = (id: number, dialect: 2 | 3, endpoints: Record<string, string>): FakeBox => {
    const made = new FakeBox(id, dialect, endpoints, a.keysOf(id), a.serverKey);
    peers.push(made);
    return made;
  };
  const clientOf = async (endpoints: Record<string, string>): Promise<FakeClient> => {
    const made = new FakeClient(endpoints);
    peers.push(made);
    await made.connected();
    return made;
  };

  it('ids of both are unique, with the database that they share', async () => {
    const clients = [await clientOf(a.endpoints), await clientOf(b.endpoints)];
    const drawn = await Promise.all(
      clients.map(async (client) => {
        const ids: number[] = [];
        while (ids.length < 100) ids.push(await client.number(''));
        return ids;
      }),
    );
    for (const ids of drawn)
      assert.deepEqual(
        ids,
        [...ids].sort((x, y) => x - y),
        'rising within one broker',
      );
    assert.equal(new Set(drawn.flat()).size, 200);
  });

  it('what it had open is taken up, and stored once', async () => {
    const box2 = box(1001, 2, a.endpoints);
    const box3 = box(7, 3, a.endpoints);
    await box2.pings.next();
    await box2.pong(0);
    const client = await clientOf(a.endpoints);
    const endMs = Date.now() - 1000;
    const window = { startMs: endMs - 500, endMs };
    await client.request({ ...window, boxIds: [1001, 7] });
    const event = await client.evnew();
    await box2.read(event);
    const command = await box3.command(event);
    await kill(programA);
    for (const one of [box2, box3]) one.close();

    const next2 = box(1001, 2, b.endpoints);
    const next3 = box(7, 3, b.endpoints);
    moved = next3;
    await next2.pings.next();
    await next2.pong(0);
    const again = await next3.command(event);
    assert.equal(again.seq, command.seq, 'a reply that the box sent late fits too');
    const cycles = cyclesBetween(window.startMs + 1, window.endMs);
    await next3.answerData(again, cycles);
    await next3.answerData(again, cycles);
    await next2.answerRead(await next2.read(event), cycles);
    await until(async () => (await store.event(event))?.boxes_received.length === 2);
    const stored = await store.boxEvents(event);
    assert.deepEqual(stored.map(({ box_id }) => box_id).sort(), ['1001', '7']);
  });

  it('the broker that was killed finds nothing to do when it is back, and no copy is left', async () => {
    programA = await a.start();
    const connection = await connectOnce({ ...{ servers: [nats.url] }, ...NO_LOGIN }, 'test');
    // NATS may be slow to answer.
    const left = () => KeptRequests.open(connection, 1).then((kept) => kept.keys());
    await until(async () => (await left().catch(() => undefined))?.size === 0);
    await connection.close();
    const client = await clientOf(a.endpoints);
    const endMs = Date.now() - 1000;
    // Its box is at the other one now.
    await client.request({ startMs: endMs - 500, endMs, boxIds: [7] });
    const event = await client.evnew();
    const command = await moved.command(event);
    await moved.answerData(command, cyclesBetween(endMs - 499, endMs));
    await until(async () => (await store.event(event))?.boxes_received.length === 1);
  });
});

const NO_LOGIN = { credentials: undefined, user: undefined, passwordFile: undefined, tls: undefined };
