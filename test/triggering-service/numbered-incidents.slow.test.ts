/** Incidents of plugins beside the existing analysis service, which gives the ids: a REP socket as that service has it. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Reply } from 'zeromq';
import type { IncidentDocument } from '../../store/store.js';
import { ServiceRig, until } from './rig.js';

const FINDS = `export default class { name = 'finds';
  processBatch(c) {
    return Array.from({ length: c.count }, (_, i) => (
      { kind: 'incident', boxId: c.boxId[i], startMs: c.timestampMs[i], endMs: c.timestampMs[i] + 5, class: 'step', quantity: 'VOLTAGE', deviation: 1 }));
  }
}`;

describe('triggering-service: ids of the incidents of plugins', function () {
  this.timeout(400_000);
  let rig: ServiceRig;
  let ids: Reply;
  let next = 700;
  beforeEach(() => {
    rig = new ServiceRig();
    ids = new Reply({ linger: 0 });
  });
  afterEach(async () => {
    ids.close();
    await rig.end();
  });

  async function start(): Promise<string> {
    const path = join(rig.folder, 'finds.mjs');
    writeFileSync(path, FINDS);
    const endpoint = `ipc://${join(rig.folder, 'ids')}`;
    await rig.start({ plugins: [{ path }], incident_id_endpoint: endpoint });
    await until(() => rig.service.status().plugins.every(({ state }) => state === 'running'));
    return endpoint;
  }

  /** Replies with 700, 701, ... */
  async function reply(endpoint: string): Promise<void> {
    await ids.bind(endpoint);
    next = 700;
    for await (const _ of ids) {
      await ids.send(String(next));
      next += 1;
    }
  }

  const stored = async (): Promise<IncidentDocument[]> => {
    const found: IncidentDocument[] = [];
    for await (const one of rig.store.incidents()) found.push(one);
    return found;
  };

  it('come from the service that the settings name, also when it comes later', async () => {
    const endpoint = await start();
    const atMs = Date.now() - 5000;
    for (let i = 0; i < 3; i++) await rig.send2(1001, atMs + 20 * i);
    await until(() => rig.service.status().plugins[0]?.incidents === 3);
    assert.deepEqual(await stored(), [], 'none gets an id of the store');
    void reply(endpoint);
    let found: IncidentDocument[] = [];
    while (found.length < 3) found = await stored();
    const shown = found.toSorted((a, b) => a.incident_id - b.incident_id);
    assert.deepEqual(
      shown.map((one) => [one.start_timestamp_ms - atMs, one.source]),
      [0, 20, 40].map((ms) => [ms, 'plugin finds']),
    );
    // One whose reply came too late is asked for again: then an id is left out.
    const given = shown.map(({ incident_id: id }) => id);
    assert.equal(new Set(given).size, 3);
    assert.ok(
      given.every((id) => id >= 700 && id < next),
      `${given}`,
    );
  });

  it('a stop waits for a reply that does not come only once, and counts what it drops', async () => {
    await start();
    for (let i = 0; i < 4; i++) await rig.send2(1001, Date.now() - 5000 + 20 * i);
    await until(() => rig.service.status().plugins[0]?.incidents === 4);
    const { service } = rig;
    await rig.stopService();
    assert.equal(service.status().dropped.incident_without_id, 4);
    assert.deepEqual(await stored(), []);
  });
});
