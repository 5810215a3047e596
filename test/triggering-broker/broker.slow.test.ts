/** What needs seconds: ports that are in use are waited for, the folder of keys is read again, a process of its own. */
import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { RunningProgram } from '../cli/run-process.js';
import { until } from '../keys/helpers.js';
import { BrokerRig, subscribed } from './rig.js';

describe('triggering-broker: starts and ends', () => {
  const rig = new BrokerRig();
  beforeEach(() => rig.begin());
  afterEach(() => rig.end());

  it('refuses to start without keys, with an exposed or a missing key, or where a port is taken; nothing stays open', async () => {
    await assert.rejects(rig.start({ client_certs: undefined, white_list: 'store' }), {
      code: 'CONFIG_INVALID',
    });
    await assert.rejects(rig.start({ server_cert: join(rig.directory, 'none') }), { code: 'KEY_FILE_IO' });
    await assert.rejects(rig.start({ server_cert: rig.layout.serverPublic }), { code: 'SECRET_EXPOSED' });
    const first = await rig.start();
    const taken = { backend: first.endpoints.backend };
    await assert.rejects(rig.start(taken), { code: 'ENDPOINT_IN_USE' });
    await assert.rejects(rig.start({ interface: first.endpoints.interface }), { code: 'ENDPOINT_IN_USE' });
    await first.stop();
    const second = await rig.start({ ...first.endpoints });
    assert.deepEqual(second.endpoints, first.endpoints);
  });

  it('starts while the folder of certificates is missing, and lets the boxes in when it is there', async () => {
    const pair = await rig.boxPair('1001');
    const away = join(rig.directory, 'away');
    await rename(rig.layout.publicDirectory, away);
    const broker = await rig.start();
    rig.subscriber(broker);
    const publisher = rig.box(pair, broker.endpoints.interface);
    await until(() => broker.status().access.gate.refused.unavailable > 0);
    await rename(away, rig.layout.publicDirectory);
    await subscribed(publisher);
  });

  it('leaves nothing open when its named status port is taken', async () => {
    const first = await rig.start({ status: '127.0.0.1:0' });
    const fields = { interface: first.endpoints.interface, backend: first.endpoints.backend };
    const { status } = first.endpoints;
    const other = await rig.start();
    const free = { interface: other.endpoints.interface, backend: other.endpoints.backend };
    await other.stop();
    await assert.rejects(rig.start({ ...free, status }), { code: 'ENDPOINT_IN_USE' });
    await assert.rejects(rig.start({ ...fields, status: 'off' }), { code: 'ENDPOINT_IN_USE' });
    assert.equal((await rig.start(free)).endpoints.backend, free.backend);
  });

  it('ends with its process, also when that does not stop it first', async () => {
    await rig.boxPair('1001');
    const program = new RunningProgram('test/triggering-broker/fixtures/exit.js', [rig.directory]);
    assert.equal((await program.end()).code, 3);
  });
});
