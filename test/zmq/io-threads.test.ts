import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../../common/package-root.js';

/** In a process of its own: libzmq's threads are there before this program's first test. */
const PROGRAM = `
import { readdirSync, readFileSync } from 'node:fs';
import { Pull, Push } from 'zeromq';
const { assignIoThreads } = await import(process.argv[1]);
const { others, replies } = assignIoThreads(2);
const pull = new Pull({ affinity: replies, linger: 0 });
const other = new Pull({ affinity: others, linger: 0 });
for (const socket of [pull, other]) {
  await socket.bind('tcp://127.0.0.1:*');
  const push = new Push({ linger: 0 });
  push.connect(socket.lastEndpoint);
  await push.send('heard');
  process.stdout.write(String(await socket.receive()) + ' ');
}
const names = readdirSync('/proc/self/task').map((id) => readFileSync('/proc/self/task/' + id + '/comm', 'utf8').trim());
process.stdout.write(names.filter((name) => name.includes('IO/')).length + ' ' + replies + ' ' + others);
process.exit(0);
`;

describe('zmq: threads of libzmq', () => {
  it('replies have their own, and both kinds of sockets work', async function () {
    if (process.platform !== 'linux') this.skip();
    const module = join(PACKAGE_ROOT, 'dist/acquisition-broker/index.js');
    const args = ['--input-type=module', '--eval', PROGRAM, module];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: PACKAGE_ROOT });
    assert.equal(stdout, 'heard heard 3 6 1');
  });
});
