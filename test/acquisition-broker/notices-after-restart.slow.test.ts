/** A restart of the broker, as a process: what was requested meanwhile is announced when the subscribers are back. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Push, Subscriber } from 'zeromq';
import { prepareWorkspace } from '../../cli/up/workspace.js';
import { loadConfig } from '../../config/load.js';
import { configFileIn } from '../../config/locate.js';
import { requestEvent } from '../../proto/index.js';
import { RunningProgram } from '../cli/run-process.js';

const REQUESTS = 5;

describe('acquisition broker: notices after a restart', function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), 'makai-notices-'));
  let broker: RunningProgram | undefined;
  // The subscriber of another program is slower to come back than the client whose requests waited.
  const subscriber = new Subscriber({ reconnectInterval: 200, linger: 0 });
  const client = new Push({ reconnectInterval: 20, linger: 0 });
  after(async () => {
    subscriber.close();
    client.close();
    broker?.child.kill('SIGKILL');
    await broker?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(): Promise<RunningProgram> {
    const program = new RunningProgram('cli/main.js', [
      'acquisition-broker',
      configFileIn(folder, 'acquisition-broker'),
    ]);
    assert.match((await program.line()) ?? '', /"ready"/);
    return program;
  }

  async function request(): Promise<void> {
    const endMs = Date.now() - 1000;
    const frame = requestEvent.encode({
      ...{ startMs: endMs - 1000, endMs, boxIds: [7], triggerType: 'OTHER', percentMagnitude: 1 },
      ...{ description: 'asked while the broker was stopped', requestData: false, requestee: 'test' },
    });
    await client.send(Buffer.from(frame));
  }

  async function nextId(): Promise<number> {
    const [topic, id] = await subscriber.receive();
    assert.equal(String(topic), 'evnew');
    return Number(String(id));
  }

  it('none is lost, over three restarts by kill -9', async () => {
    await prepareWorkspace(folder, ['7']);
    const { settings } = loadConfig('acquisition-broker', configFileIn(folder, 'acquisition-broker'));
    subscriber.connect(settings.backendPub);
    subscriber.subscribe('evnew');
    client.connect(settings.backendPull);
    broker = await start();
    await request();
    let last = await nextId();
    for (let round = 0; round < 3; round += 1) {
      // The client must know of it: what goes into a broken connection is lost before our program has it.
      const isGone = new Promise<void>((resolve) => client.events.on('disconnect', () => resolve()));
      broker.child.kill('SIGKILL');
      await broker.end();
      await isGone;
      for (let i = 0; i < REQUESTS; i += 1) await request();
      broker = await start();
      const ids: number[] = [];
      while (ids.length < REQUESTS) ids.push(await nextId());
      assert.deepEqual(
        ids.map((id) => id > last),
        ids.map(() => true),
      );
      assert.equal(new Set(ids).size, REQUESTS);
      last = Math.max(...ids);
    }
  });
});
