/** From the store to a channel: an incident makes an alert, which is delivered and published; a rule reads a topic of a client; topic `notifications`. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { until } from '../support/until.js';
import { givenGateway, incidentOf } from './given.js';
import { subscriber } from './mosquitto.js';

describe('gateway: acted on', function () {
  this.timeout(300_000);
  const given = givenGateway();
  let server: Server;
  let delivered: string[];
  beforeEach(async () => {
    delivered = [];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (piece: Buffer) => {
        body += piece.toString();
      });
      request.on('end', () => {
        delivered.push(body);
        response.end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => server.close());

  it('a sag is an alert that a webhook gets with its link; a document on `notifications` too', async () => {
    const { folder, gateway, store } = given();
    await store.putBox({ box_id: '1001', calibration_constant: 1, unplugged: false, location: 'lab' });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await writeFile(
      join(folder, 'notify.yaml'),
      `recipients:\n  - name: operators\n    tags: [all, power-quality]\n    channels:\n      - type: webhook\n        url: http://127.0.0.1:${port}/\n`,
      { mode: 0o600 },
    );
    const running = await gateway();
    assert.equal(running.status().notify.recipients, 1);
    await store.putIncident({ incident: incidentOf('1001', Date.now() - 1000), samples: new Int16Array() });
    const group = {
      ...{ group_id: 1, scope: 'box' as const, incident_ids: [1], box_ids: ['1001'], boxes_heard: 1 },
      ...{ first_box: '1001', deepest_box: '1001', spread_ms: 0, spread_depth: 0, from_measurements: [] },
      sentence: 'Voltage sag at box 1001',
    };
    await store.apply({ kind: 'incident_group', group });
    await until('the alert is delivered', async () => delivered.some((body) => /sag/i.test(body)));
    assert.ok(delivered.some((body) => body.includes('http://127.0.0.1:8088/')));
    assert.ok(running.status().alerts.fired >= 1);
    const { client } = await subscriber(running.endpoints.mqtt ?? '');
    try {
      const document = { title: 'from a client', body: 'hello', tag: 'all' };
      await client.publishAsync('notifications', JSON.stringify(document), { qos: 1 });
      await until('it is delivered', async () => delivered.some((body) => body.includes('from a client')));
      for (const wrong of ['{}', 'x', '{"title":7}'])
        await client.publishAsync('notifications', wrong, { qos: 1 });
      await until('they are refused', async () => running.status().refused.notification_invalid === 3);
    } finally {
      await client.endAsync(true);
    }
  });
});
