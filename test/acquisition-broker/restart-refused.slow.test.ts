/** A broker that is killed, and started again at a store in which an administrator has a rule of their own that refuses one of its events. */
import assert from 'node:assert/strict';

import { DatabaseHandle } from '../../store/sqlite/handle.js';
import { openSqliteStore } from '../../store/sqlite/index.js';
import { type Deployment, deploy } from './process.js';
import { FakeBox, FakeClient, until } from './rig.js';

describe('acquisition broker: started again where the store refuses an event', function () {
  this.timeout(400_000);
  let deployment: Deployment;
  before(async () => {
    deployment = await deploy([7], { log_level: 'info' });
  });
  after(() => deployment.remove());

  it('starts, says which event it could not take up, and goes on with the others', async () => {
    const first = await deployment.start();
    const client = new FakeClient(deployment.endpoints);
    await client.connected();
    const endMs = Date.now() - 1000;
    const numbers: number[] = [];
    for (let i = 0; i < 3; i += 1) {
      await client.request({ startMs: endMs - 500 - i, endMs, boxIds: [7] });
      numbers.push(await client.evnew());
    }
    first.child.kill('SIGKILL');
    await first.end();
    client.close();
    const [refused = 0, ...others] = numbers;
    // As where it was killed before the event was stored.
    const db = new DatabaseHandle(deployment.storeFile);
    db.exec(`DELETE FROM events WHERE event_id = ${refused};
      CREATE TRIGGER ours BEFORE INSERT ON events WHEN NEW.event_id = ${refused} BEGIN SELECT RAISE(ABORT, 'not this one'); END;`);
    db.close();

    const second = await deployment.start();
    const box = new FakeBox(7, 3, deployment.endpoints, deployment.keysOf(7), deployment.serverKey);
    const store = await openSqliteStore(deployment.storeFile, {
      retention: { mode: 'ttl', measurementsSeconds: 86_400 },
    });
    try {
      await second.stderrMatches(/the store does not take them/);
      for (const number of others) await box.command(number);
      await until(async () => (await store.openRequests()).length === others.length);
      assert.equal(await store.event(refused), undefined);
    } finally {
      box.close();
      await store.close();
      second.child.kill('SIGTERM');
    }
    const { code, stderr } = await second.end();
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      new RegExp(`"ids":\\[${refused}\\].*not this one|not this one.*"ids":\\[${refused}\\]`),
    );
  });
});
