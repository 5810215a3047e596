/** The backend under CURVE: measurements in and requests out, with the service's own key pair. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pull, XPublisher } from 'zeromq';
import { silentLogger } from '../../common/log.js';
import { parseSettings } from '../../config/index.js';
import { writePublicCertificate, writeSecretCertificate } from '../../keys/files.js';
import { newKeyPair } from '../../keys/key.js';
import { requestEvent, triggerMessage } from '../../proto/index.js';
import { openStore } from '../../store/open.js';
import { startTriggeringService } from '../../triggering-service/index.js';
import { until } from './rig.js';

describe('triggering-service: backend under CURVE', () => {
  it('listens and asks by CURVE, with the keys that its configuration names', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'makai-curve-'));
    const server = newKeyPair();
    const options = {
      curveServer: true,
      curvePublicKey: server.publicKey,
      curveSecretKey: server.secretKey.reveal(),
      linger: 0,
    };
    const publisher = new XPublisher(options);
    publisher.verbosity = 'allSubs';
    const pull = new Pull(options);
    await publisher.bind('tcp://127.0.0.1:*');
    await pull.bind('tcp://127.0.0.1:*');
    const [serverKey, cert] = [join(folder, 'server.key'), join(folder, 'service_secret')];
    await writePublicCertificate(serverKey, { boxId: undefined, publicKey: server.publicKey });
    await writeSecretCertificate(cert, { boxId: undefined, ...newKeyPair() });
    const retention = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
    const store = await openStore('sqlite::memory:', { retention });
    const config = parseSettings(
      'triggering-service',
      {
        zmq_trigger_endpoint: publisher.lastEndpoint,
        zmq_acquisition_endpoint: pull.lastEndpoint,
        backend_curve: { server_key: serverKey, cert },
        status: 'off',
        plugins: [{ path: 'threshold' }],
      },
      'test',
    );
    const service = await startTriggeringService(config, { log: silentLogger(), store });
    try {
      await publisher.receive();
      await until(() => service.status().plugins[0]?.state === 'running');
      const time = Date.now() - 5000;
      const voltages = [120, 120, 100, 120, 120];
      for (const [i, rms] of voltages.entries()) {
        const message = { id: 1001, time: time + 166 * i, frequency: 60, rms };
        await publisher.send(['1001', triggerMessage.encode(message)]);
      }
      const [frame] = await pull.receive();
      assert.ok(frame);
      assert.deepEqual(requestEvent.decode(frame).boxIds, [1001]);
    } finally {
      await service.stop();
      await store.close();
      publisher.close();
      pull.close();
      rmSync(folder, { recursive: true });
    }
  });
});
