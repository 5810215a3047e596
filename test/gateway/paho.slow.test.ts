/** Programs with paho-mqtt (PyPI) at the embedded broker; and the two programs of the Edge Data Broker's guide, unchanged but for the port. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { hashPassword } from '../../daemon/people/password.js';
import { pythonWith } from '../support/python.js';
import { until } from '../support/until.js';
import { givenGateway, START } from './given.js';

const run = promisify(execFile);
const PASSWORD = 'a long password';
const GUIDE = join(PACKAGE_ROOT, '../shared/seeds/edge-data-broker.txt');
/** Messages of the publisher of the guide that are waited for: it makes ten in a second, 1000 in all. */
const ENOUGH = 100;

describe('gateway: paho-mqtt', function () {
  this.timeout(400_000);
  const given = givenGateway();
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  it('2.1: publishes, subscribes, gets what is kept and the last will; a wrong password is refused', async function () {
    const python = await pythonWith('paho-mqtt==2.1.0');
    if (python === undefined) return this.skip();
    const { gateway, store } = given();
    const password = await hashPassword(PASSWORD);
    await store.addUser({ name: 'otto', role: 'operator', password, created_ms: START });
    const running = await gateway({ mqtt: { listen: '127.0.0.1:0' } });
    const { hostname, port } = new URL(running.endpoints.mqtt ?? '');
    const program = join(PACKAGE_ROOT, 'test/gateway/paho-client.py');
    const { stdout } = await run(python, [program, hostname, port, 'otto', PASSWORD]);
    const said = new Map(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as [string, unknown]),
    );
    assert.match(String(said.get('wrong password')), /not authorized|bad user name/i);
    assert.equal(said.get('connected'), 'Success');
    assert.deepEqual(
      said.get('values'),
      Array.from({ length: 100 }, (_, i) => String(i)),
    );
    assert.deepEqual(said.get('status'), [true]);
    assert.deepEqual(said.get('retained'), [['paho/kept', 'kept', 1, true]]);
    assert.deepEqual(said.get('will'), ['gone']);
    assert.equal(running.status().refused.login, 1);
  });

  it("1.6: the two programs of the Edge Data Broker's guide", async function () {
    if (!existsSync(GUIDE)) {
      process.stderr.write(`SKIPPED: ${GUIDE} is not there\n`);
      return this.skip();
    }
    const python = await pythonWith('paho-mqtt==1.6.1');
    if (python === undefined) return this.skip();
    const { folder, gateway } = given();
    const running = await gateway();
    const { port } = new URL(running.endpoints.mqtt ?? '');
    const programs = programsIn(readFileSync(GUIDE, 'utf8'));
    assert.equal(programs.length, 2);
    const started: { lines: string[]; child: ChildProcess }[] = [];
    for (const [i, program] of programs.entries()) {
      const file = join(folder, `program${i}.py`);
      const here = program.replace(/^port( *)= 31883$/m, `port$1= ${port}`);
      assert.notEqual(here, program);
      await writeFile(file, here);
      // -u: what it prints is seen immediately.
      const child = spawn(python, ['-u', file], { stdio: ['ignore', 'pipe', 'inherit'] });
      children.push(child);
      const lines: string[] = [];
      let rest = '';
      child.stdout.on('data', (piece: Buffer) => {
        const parts = `${rest}${piece.toString()}`.split('\n');
        rest = parts.pop() ?? '';
        lines.push(...parts);
      });
      started.push({ lines, child });
      if (i === 0) await until('the subscriber is connected', async () => running.status().clients === 1);
      if (i === 0) await until('it says so', async () => lines.length > 0);
    }
    const [reader, writer] = started;
    if (reader === undefined || writer === undefined) throw new Error('two programs');
    const heard = (): string[] => reader.lines.filter((line) => line.startsWith('assist.test '));
    await until('messages', async () => {
      assert.deepEqual([reader.child.exitCode, writer.child.exitCode], [null, null]);
      return heard().length >= ENOUGH;
    });
    assert.match(reader.lines[0] ?? '', /^Connected with result code /);
    assert.equal(writer.lines[0], 'Connected to MQTT');
    const published = writer.lines.flatMap((line) => /^Publishig data: (.*)$/.exec(line)?.[1] ?? []);
    // From the moment of its subscription on it hears each, in order.
    const texts = heard().map((line) => line.replace(/^assist\.test b'(.*)'$/, '$1'));
    const first = published.indexOf(texts[0] ?? '');
    assert.ok(first >= 0 && first < 20, `the first is number ${first}`);
    assert.deepEqual(texts.slice(0, ENOUGH), published.slice(first, first + ENOUGH));
    assert.deepEqual(JSON.parse(published[5] ?? ''), { name: 'DeviceName', 'raw-data': 5 });
  });
});

/** Each begins with its import and ends before the next line of text. */
function programsIn(text: string): string[] {
  return text
    .split(/^(?=import paho)/m)
    .slice(1)
    .map((part) => part.split(/^(?:This is|Executing) /m)[0] ?? '');
}
