import assert from 'node:assert/strict';
import { judged } from '../faults/case.js';
import { gatewayKills } from '../faults/cases/gateway.js';
import { needsMosquitto } from '../gateway/mosquitto.js';

describe('kill -9 of gateway, MQTT broker, webhook and mail server', function () {
  this.timeout(400_000);

  it('each incident arrives at all three, with no more repeats than kills', async function () {
    needsMosquitto(this);
    const { lines, passed } = judged(await gatewayKills(3));
    assert.ok(passed, lines.join('\n'));
  });
});
