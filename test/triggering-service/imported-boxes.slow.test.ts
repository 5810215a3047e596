/** Boxes of imported recordings are in the store and never send: neither the service nor its plugins expect them. */
import assert from 'node:assert/strict';
import { freePort } from '../support/free-port.js';
import { IMPORTED_IDS, putImportedBoxes } from '../support/imported-boxes.js';

import { ServiceRig, until } from './rig.js';

describe('triggering service: boxes of imported recordings', function () {
  this.timeout(120_000);
  const rig = new ServiceRig();
  after(() => rig.end());

  it('are neither known nor silent: status, health and outage know the boxes that were heard', async () => {
    const port = await freePort();
    // Stored before the start, so that the plugins' first locations have them.
    await rig.start({});
    await putImportedBoxes(rig.store, 'lab');
    await rig.store.putBox({ box_id: '1001', calibration_constant: 147, unplugged: false, location: 'lab' });
    await rig.stopService();
    await rig.store.close();
    await rig.start({
      plugins: [
        { path: 'outage', silence_ms: 1000, decide_ms: 0 },
        { path: 'health', address: `127.0.0.1:${port}` },
      ],
    });
    await until(() => rig.service.status().plugins.every(({ state }) => state === 'running'));
    const start = Date.now();
    for (let i = 0; i < 5; i += 1) await rig.send2(1001, start + 166 * i);
    await rig.received(5);
    await until(() => rig.service.status().plugins.every(({ measurements }) => measurements === 5));
    const { boxes, busiest } = rig.service.status();
    assert.deepEqual(boxes, { active: 1, known: 1 });
    assert.ok(!JSON.stringify(busiest).includes(IMPORTED_IDS[0]));
    const page = (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as {
      subcomponents: { name: string }[];
    };
    assert.deepEqual(
      page.subcomponents.map(({ name }) => name),
      ['1001'],
    );
    await until(() => rig.requests.length > 0);
    // Three imported boxes of its location are no neighbours, and are not silent themselves.
    // On a machine that stood still between its measurements box 1001 itself was silent more than once.
    for (const { boxIds, description } of rig.requests)
      assert.deepEqual(
        [boxIds, description],
        [[1001], 'outage: box 1001 silent: no neighbours to compare with'],
      );
  });
});
