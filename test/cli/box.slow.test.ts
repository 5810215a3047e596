/** `makai box` as a process: ready line, replies, exit codes. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SHIPPED_SCENARIOS } from '../../box/index.js';
import { writePublicCertificate, writeSecretCertificate } from '../../keys/files.js';
import { newKeyPair } from '../../keys/key.js';
import { keyLayout } from '../../keys/layout.js';
import * as proto from '../../proto/index.js';
import { type Broker, openBroker, subscribed } from '../box/broker.js';
import { makai, RunningProgram } from './run-process.js';

describe('makai box', () => {
  let folder: string;
  let broker: Broker;
  let args: string[];

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'makai-box-'));
    broker = await openBroker();
    const layout = keyLayout(folder);
    await writePublicCertificate(layout.serverPublic, { boxId: undefined, publicKey: broker.keys.publicKey });
    await writeSecretCertificate(layout.boxSecret('1001'), { boxId: '1001', ...newKeyPair() });
    const { measurements, commands, replies } = broker.endpoints;
    args = [
      'box',
      '--keys',
      folder,
      '--measurements',
      measurements,
      '--commands',
      commands,
      '--replies',
      replies,
    ];
  });

  after(() => {
    broker.close();
    rmSync(folder, { recursive: true });
  });

  it('reports when it is ready, replies, and exits with 0 on SIGTERM', async () => {
    const program = new RunningProgram('cli/main.js', [...args, '--json']);
    assert.deepEqual(JSON.parse((await program.line()) ?? '').boxes, [1001]);
    assert.equal(await subscribed(broker), '');
    await broker.commands.send(['evget', proto.requestData.encode({ type: 'PING', sequenceNumber: 1 })]);
    const [frame] = await broker.replies.receive();
    assert.equal(proto.requestData.decode(frame ?? Buffer.alloc(0)).boxId, 1001);
    program.child.kill('SIGTERM');
    const { code, stdout } = await program.end();
    assert.equal(code, 0);
    const { ended, replies } = JSON.parse(stdout.trim().split('\n').pop() ?? '');
    assert.deepEqual([ended, replies], ['signal', 1]);
  });

  it('exits with 1 after a message of a single frame, and says why', async () => {
    const program = new RunningProgram('cli/main.js', args);
    assert.match((await program.line()) ?? '', /^box 1001/);
    await subscribed(broker);
    await broker.commands.send('evget');
    const { code, stderr } = await program.end();
    assert.equal(code, 1);
    assert.match(stderr, /box 1001 was killed by a message of a single frame/);
  });

  it('plays once and exits; accepts the settings file of a Box 3', async () => {
    const recording = path.join(folder, 'recording');
    writeFileSync(recording, Buffer.alloc(400 * 30));
    const { measurements, commands, replies } = broker.endpoints;
    const config = path.join(folder, 'triggering.json');
    writeFileSync(
      config,
      JSON.stringify({
        box_id: 7,
        server_public_key: broker.keys.publicKey,
        trg_push_ep: measurements,
        cmd_sub_ep: commands,
        cmd_push_ep: replies,
      }),
    );
    const { code, stdout, stderr } = await makai([
      'box',
      '--config',
      config,
      '--source',
      recording,
      '--pad',
      '5',
      '--once',
      '--json',
    ]);
    assert.equal(code, 0, stderr);
    const [ready, end] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(ready.boxes, [7]);
    assert.deepEqual([end.ended, end.cycles], ['ended', 40]);
    assert.match(stderr, /no keys: a new key pair/);
  });

  it('refuses wrong options, and a source that cannot be replayed, with the reason', async () => {
    assert.equal((await makai(['box', '--count', '0'])).code, 2);
    assert.equal((await makai(['box', '--dialect', '4'])).code, 2);
    const bad = path.join(folder, 'bad.json');
    writeFileSync(bad, '{"name": "x"}');
    const { code, stderr } = await makai([...args, '--source', bad]);
    assert.equal(code, 1);
    assert.match(stderr, /\[SCENARIO_INVALID\].*bad\.json has 1 mistake/);
    const none = await makai([...args, '--source', path.join(folder, 'none.cfg')]);
    assert.match(none.stderr, /\[RECORDING_INVALID\].*none\.cfg cannot be read(.|\n)*demo, quiet/);
  });

  it('plays the scenarios that ship by their names, as `plugin run --replay` does', async () => {
    for (const name of SHIPPED_SCENARIOS) {
      const { code, stdout, stderr } = await makai([...args, '--source', name, '--for', '1', '--json']);
      assert.equal(code, 0, stderr);
      assert.equal(JSON.parse(stdout.trim().split('\n').pop() ?? '').ended, 'time');
    }
  });
});
