/**
 * Triggering broker and triggering service as processes, and a box under CURVE that uses the id of another box. Its measurements are dropped, counted and listed
 * until a certificate has that id.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Publisher } from 'zeromq';
import { Child } from '../../cli/up/children.js';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import { statusEndpointOf } from '../../config/locate.js';
import { parseStatusEndpoint } from '../../config/types.js';
import { readMetrics, readStatus } from '../../daemon/status/client.js';
import { readPublicCertificate, readSecretCertificate } from '../../keys/files.js';
import { newKeyPair } from '../../keys/key.js';
import { triggerMessage } from '../../proto/index.js';
import { makai } from '../cli/run-process.js';

interface Details {
  measurements: number;
  dropped: Record<string, number>;
  refused_ids: { newest: { box_id: number; reason: string }[] };
}

describe("integration: a box under another's id", function () {
  this.timeout(400_000);
  let directory: string;
  let workspace: Workspace;
  const children: Child[] = [];
  const deaths: string[] = [];
  let box: Publisher;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'makai-ids-'));
    workspace = await prepareWorkspace(directory, ['1001']);
    for (const name of ['triggering-broker', 'triggering-service'] as const) {
      const onDeath = (message: string): void => void deaths.push(message);
      const args = [name, workspace.configs[name]];
      children.push(await Child.start({ name, args, logs: workspace.logs, onDeath }));
    }
    const own = await readSecretCertificate(workspace.keys.boxSecret('1001'));
    const { publicKey } = await readPublicCertificate(workspace.keys.serverPublic);
    box = new Publisher({
      linger: 0,
      curveServerKey: publicKey,
      curvePublicKey: own.publicKey,
      curveSecretKey: own.secretKey.reveal(),
    });
    box.connect(workspace.endpoints.measurements);
  });

  after(async () => {
    box.close();
    for (const child of children.reverse()) await child.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const address = () => {
    const found = parseStatusEndpoint(statusEndpointOf('triggering-service', directory));
    assert.ok(found);
    return found;
  };
  const details = async () => (await readStatus(address())).details as unknown as Details;

  /** Sends measurements under an id until the status of the service matches. @returns the time it took, ms */
  async function sendUntil(id: number, topic: number, done: (now: Details) => boolean): Promise<number> {
    const started = performance.now();
    while (!done(await details())) {
      const measurement = { id, time: Date.now(), frequency: 60, rms: 120 };
      await box.send([String(topic), triggerMessage.encode(measurement)]);
      await sleep(20);
    }
    return performance.now() - started;
  }

  it('drops, counts and shows an id without a certificate, and one under the topic of another', async () => {
    await sendUntil(1001, 1001, ({ measurements }) => measurements > 0);
    const before = await readMetrics(address());
    for (const reason of ['unknown_box', 'topic_mismatch'])
      assert.ok(
        before.includes(`makai_dropped_total{reason="${reason}"} 0\n`),
        'an alert needs a rise from 0',
      );
    await sendUntil(1002, 1002, ({ dropped }) => (dropped.unknown_box ?? 0) > 2);
    await sendUntil(1003, 1001, ({ dropped }) => (dropped.topic_mismatch ?? 0) > 2);
    const { refused_ids } = await details();
    assert.deepEqual(
      refused_ids.newest.map(({ box_id, reason }) => [box_id, reason]),
      [
        [1003, 'topic_mismatch'],
        [1002, 'unknown_box'],
      ],
    );
    const metrics = await readMetrics(address());
    for (const reason of ['unknown_box', 'topic_mismatch'])
      assert.match(metrics, new RegExp(`^makai_dropped_total\\{reason="${reason}"\\} [1-9]`, 'm'));
    assert.match(metrics, /^makai_refused_ids 2$/m);
    // of the box, and of the gateway
    assert.match(metrics, /^makai_allowed_keys 2$/m);
    const { stdout } = await makai(['status', '--all', '--dir', directory]);
    assert.match(stdout, /^ {2}dropped\.unknown_box +\d+$/m);
    assert.match(stdout, /^ +1002 {2}unknown_box +1002 +\d+ {2}20/m);
    assert.match(stdout, /^ +1003 {2}topic_mismatch +1001 +\d+ {2}20/m);
    const log = await readFile(join(workspace.logs, 'triggering-service.log'), 'utf8');
    assert.equal(log.match(/"boxId":1002,.*"reason":"unknown_box"/g)?.length, 1, 'logged once');
  });

  it('takes it once `makai keys accept` has made a certificate', async () => {
    const { publicKey } = newKeyPair();
    const { measurements } = await details();
    const accepted = await makai([
      'keys',
      'accept',
      '--dir',
      workspace.keyDirectory,
      '--',
      publicKey,
      '1002',
    ]);
    assert.equal(accepted.code, 0, accepted.stderr);
    const tookMs = await sendUntil(1002, 1002, (now) => now.measurements > measurements);
    process.stderr.write(`      taken ${(tookMs / 1000).toFixed(1)} s after the command ended\n`);
    assert.deepEqual(
      (await details()).refused_ids.newest.map(({ box_id }) => box_id),
      [1003],
    );
    assert.deepEqual(deaths, []);
  });
});
