import assert from 'node:assert/strict';
import { once } from 'node:events';
import { openSqliteStore } from '../../store/sqlite/index.js';
import type { Store } from '../../store/store.js';
import type { RunningProgram } from '../cli/run-process.js';
import { type Deployment, deploy } from './process.js';
import { bytesOf, cyclesBetween, FakeBox, FakeClient, until } from './rig.js';

describe('acquisition broker: killed and started again', () => {
  let deployment: Deployment;
  let store: Store;
  const peers: { close(): void }[] = [];
  let program: RunningProgram | undefined;

  const box = (id: number, dialect: 2 | 3): FakeBox => {
    const made = new FakeBox(id, dialect, deployment.endpoints, deployment.keysOf(id), deployment.serverKey);
    peers.push(made);
    return made;
  };
  const client = async (): Promise<FakeClient> => {
    const made = new FakeClient(deployment.endpoints);
    peers.push(made);
    await made.connected();
    return made;
  };
  const kill = async (running: RunningProgram): Promise<void> => {
    running.child.kill('SIGKILL');
    await once(running.child, 'close');
  };

  before(async () => {
    deployment = await deploy([1001, 7]);
    store = await openSqliteStore(deployment.storeFile, {
      retention: { mode: 'ttl', measurementsSeconds: 86_400 },
    });
  });
  after(async () => {
    for (const peer of peers) peer.close();
    if (program?.child.exitCode === null) await kill(program);
    await store.close();
    await deployment.remove();
  });

  it('asks again for what it had not stored, goes on counting, and ends cleanly', async function () {
    this.timeout(400_000);
    program = await deployment.start();
    const box2 = box(1001, 2);
    const box3 = box(7, 3);
    const first = await client();
    await box2.pings.next();
    await box2.pong(0);
    const endMs = Date.now() - 1000;
    const window = { startMs: endMs - 500, endMs };
    await first.request({ ...window, boxIds: [1001, 7] });
    const number = await first.evnew();
    const read = await box2.read(number);
    const command = await box3.command(number);
    await box2.answerRead(read, cyclesBetween(window.startMs, window.endMs));
    await until(async () => (await store.event(number))?.boxes_received.length === 1);
    await first.notices.next();
    box2.commands.clear();
    await kill(program);

    program = await deployment.start();
    const again = await box3.command(number);
    assert.equal(again.seq, command.seq);
    assert.equal(again.identity, command.identity);
    assert.deepEqual(again.body, command.body);
    const second = await client();
    const cycles = cyclesBetween(window.startMs + 1, window.endMs);
    await box3.answerData(again, cycles);
    await until(async () => (await store.event(number))?.boxes_received.length === 2);
    assert.ok((await store.waveform(`event_${number}_7`))?.equals(bytesOf(cycles.samples)));
    await until(async () => (await store.openRequests()).length === 0);
    assert.equal(second.notices.length, 0, 'the v3 notice goes out once per event');

    await second.request({ ...window, boxIds: [7] });
    const next = await second.evnew();
    assert.ok(next > number);
    await box3.answerData(await box3.command(next));
    await until(async () => (await store.openRequests()).length === 0);
    const reads = await box2Reads(box2);
    assert.deepEqual(reads, [], 'a Box 2 that had answered is not asked again');
    program.child.kill('SIGTERM');
    const outcome = await program.end();
    assert.deepEqual([outcome.code, outcome.signal, outcome.stderr], [0, null, '']);
  });
});

/** READs among what a Box 2 heard: it hears Commands too. */
async function box2Reads(box: FakeBox): Promise<string[]> {
  const topics: string[] = [];
  while (box.commands.length > 0) topics.push((await box.commands.next())[0]?.toString() ?? '');
  return topics.filter((topic) => topic === 'evget');
}
