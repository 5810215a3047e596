/** Kills in a cluster, in a short form (npm run test:faults -- --only cluster has fifty under load): a service, a NATS server, and the broker with its relay. */
import assert from 'node:assert/strict';
import { killing } from '../faults/cluster/killing.js';
import { givenMongo } from '../support/mongo-server.js';
import { givenNats } from '../support/nats-server.js';

const KILLS = 4;
const RATE = 600;

describe('kills in a cluster under load', function () {
  this.timeout(900_000);
  givenNats();
  givenMongo();

  it('lose and double nothing of what JetStream has acknowledged', async () => {
    const outcome = await killing({ kills: KILLS, services: ['a', 'b'], rate: RATE });
    assert.ok(outcome);
    for (const note of outcome.notes) process.stderr.write(`      ${note}\n`);
    assert.deepEqual(outcome.wrong, []);
    for (const { accepted, doubled, lost, missing, repeated } of outcome.rows) {
      assert.ok(accepted > 0);
      assert.equal(lost, 0, `lost: ${missing}`);
      assert.equal(doubled, 0, `doubled: ${repeated}`);
    }
  });
});
