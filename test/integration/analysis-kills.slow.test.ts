/** A few rounds of the fault case (npm run test:faults -- --only analysis has 50, on either store). */
import assert from 'node:assert/strict';
import { analysisKills } from '../faults/cases/analysis.js';

describe('kill -9 of the analysis service', function () {
  this.timeout(900_000);

  it('loses and doubles no incident', async () => {
    const outcome = await analysisKills('sqlite', 4);
    assert.ok(outcome);
    assert.deepEqual(outcome.wrong, []);
    for (const { accepted, doubled, lost, missing } of outcome.rows) {
      assert.ok(accepted > 0);
      assert.equal(lost, 0, `lost: ${missing?.join(', ')}`);
      assert.equal(doubled, 0);
    }
  });
});
