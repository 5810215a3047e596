import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { givenMongo } from '../../support/mongo-server.js';

describe('MongoDB: the server of the tests', () => {
  const server = givenMongo();

  it('goes, with its data, when the test runner is killed', async function () {
    this.timeout(400_000);
    if (server().control === undefined) return this.skip();
    const support = fileURLToPath(new URL('../../support/mongo-server.js', import.meta.url));
    const script = `const { startMongo } = await import(${JSON.stringify(support)});
      const { folder, uri } = await startMongo();
      console.log(JSON.stringify({ folder, uri }));
      setInterval(() => undefined, 1000);`;
    const runner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(runner.stdout), 'line')) as [string];
    const { folder, uri } = JSON.parse(line) as { folder: string; uri: string };
    assert.ok(existsSync(folder));
    const port = Number(uri.split(':').at(-1));
    assert.ok(await answers(port));
    runner.kill('SIGKILL');
    while ((await answers(port)) || existsSync(folder)) await sleep(50);
  });
});

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
