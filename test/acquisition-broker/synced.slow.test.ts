/**
 * Announced means synced to the disk, not only written: what `kill -9` cannot show, since the system's cache survives it. A small library
 * (sync-shim.c) notes what the broker writes, syncs and sends.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { type Deployment, deploy } from './process.js';
import { FakeClient } from './rig.js';

const EVENTS = 20;

describe('acquisition broker: what is announced is on disk', function () {
  this.timeout(400_000);
  let deployment: Deployment | undefined;
  afterEach(() => deployment?.remove());

  it('each evnew goes out after the log of the store was written and synced', async function () {
    if (process.platform !== 'linux' || spawnSync('cc', ['--version']).status !== 0) {
      process.stderr.write('    no C compiler, or not Linux: left out\n');
      this.skip();
    }
    deployment = await deploy([7]);
    const shim = join(deployment.directory, 'shim.so');
    const source = join(PACKAGE_ROOT, 'test/acquisition-broker/sync-shim.c');
    const built = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', shim, source], { encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    const trace = join(deployment.directory, 'trace');
    const broker = await deployment.start({ LD_PRELOAD: shim, MAKAI_TEST_TRACE: trace });
    const client = new FakeClient(deployment.endpoints);
    try {
      await client.connected();
      for (let i = 0; i < EVENTS; i += 1) {
        const endMs = Date.now() - 1000;
        await client.request({ startMs: endMs - 100, endMs, boxIds: [7] });
        await client.evnew();
      }
    } finally {
      client.close();
      broker.child.kill('SIGTERM');
      await broker.end();
    }
    const rounds = readFileSync(trace, 'utf8').split('evnew\n').slice(0, -1);
    assert.equal(rounds.length, EVENTS);
    for (const round of rounds) assert.match(round, /write\n(?:.*\n)*?sync\n/, `announced after: ${round}`);
  });
});
