/**
 * Two of one kind in the same place, as processes: a second `makai up` on a folder, and second daemons on a spool (those on a SQLite file are in
 * test/daemon/already-running). The second is refused and names the process that has the place; a kill -9 of that one leaves nothing behind.
 */
import assert from 'node:assert/strict';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareWorkspace } from '../../cli/up/workspace.js';
import { type Outcome, Programs, type RunningProgram } from '../cli/run-process.js';
import { freePort } from '../support/free-port.js';

describe('a second process in the same place', function () {
  this.timeout(400_000);
  let folder = '';
  const programs = new Programs();
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-second-'));
  });
  afterEach(async () => {
    await programs.kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  /** Reads on to the first line that fits. @throws AssertionError with what the program said when it ends before */
  async function lineOf(program: RunningProgram, pattern: RegExp): Promise<string> {
    for (;;) {
      const line = await program.line();
      if (line === undefined) assert.fail(`ended: ${(await program.end()).stderr}`);
      if (pattern.test(line)) return line;
    }
  }

  function assertRefused({ code, stdout, stderr }: Outcome, holder: RunningProgram): void {
    const said = `${stdout}${stderr}`;
    assert.equal(code, 1, said);
    assert.match(said, /ALREADY_RUNNING/);
    assert.ok(said.includes(`process ${holder.child.pid} uses ${folder}`), said);
  }

  /** What the files of the daemons and their keys contain, by name. */
  const filesOf = (directory: string): Record<string, string> =>
    Object.fromEntries(
      readdirSync(directory, { recursive: true, encoding: 'utf8' })
        .filter((name) => /^curve\/|\.(?:json|conf)$/.test(name) && statSync(join(directory, name)).isFile())
        .map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
    );

  it('makai up: refused, and changes no file of the first; after its kill -9 the second starts', async () => {
    const up = (): RunningProgram => programs.start('up', '--json', '--boxes', '1', '--dir', folder);
    const first = up();
    await lineOf(first, /"kind":"started"/);
    const before = filesOf(folder);
    // Four daemons; a key pair of the server and of the box, in two files each.
    assert.ok(Object.keys(before).length >= 8, Object.keys(before).join(' '));
    assertRefused(await up().end(), first);
    assert.deepEqual(filesOf(folder), before);
    // The first is not disturbed: its box still sends.
    await lineOf(first, /"kind":"status".*"boxes":1\b/);
    first.child.kill('SIGKILL');
    await first.end();
    const second = up();
    await lineOf(second, /"kind":"status".*"boxes":1\b/);
    second.child.kill('SIGTERM');
    assert.equal((await second.end()).code, 0);
  });

  it('makai up: three that start at the same time, each in a folder of its own, run; they share no port', async () => {
    const all = ['a', 'b', 'c'].map((name) =>
      programs.start('up', '--json', '--boxes', '1', '--dir', join(folder, name)),
    );
    for (const one of all) await lineOf(one, /"kind":"status".*"boxes":1\b/);
    for (const { child } of all) child.kill('SIGINT');
    for (const one of all) {
      const { code, stderr } = await one.end();
      assert.equal(code, 0, stderr);
    }
  });

  for (const kind of ['triggering-service', 'acquisition-broker'] as const)
    it(`${kind}: one process a spool folder, whatever name the folder and the database have`, async () => {
      // No server is there: what the daemon stores goes to the spool.
      const server = `mongodb://127.0.0.1:${await freePort()}`;
      const { configs } = await prepareWorkspace(folder, [], `${server}/first`);
      const fields = JSON.parse(readFileSync(configs[kind], 'utf8')) as Record<string, unknown>;
      const ports = [
        ...['box_pub', 'box_pull', 'backend_pull', 'backend_pub'],
        ...['zmq_event_endpoint', 'zmq_event_id_endpoint'],
      ].filter((name) => name in fields);
      const others = Object.fromEntries(ports.map((name) => [name, 'tcp://127.0.0.1:*']));
      const link = join(folder, 'link');
      symlinkSync(folder, link);
      const file = (name: string, more: object): string => {
        const path = join(folder, `${name}.json`);
        writeFileSync(path, JSON.stringify({ ...fields, ...others, status: 'off', ...more }), {
          mode: 0o600,
        });
        return path;
      };
      const same = file('same', {});
      const linked = file('linked', {
        store: `${server}/second`,
        spool: { path: join(link, 'spool') },
      });
      const elsewhere = file('elsewhere', { spool: { path: join(folder, 'spool-of-its-own') } });
      const first = programs.start(kind, configs[kind]);
      await lineOf(first, /"ready"/);
      assertRefused(await programs.start(kind, same).end(), first);
      const { code, stdout, stderr } = await programs.start(kind, linked).end();
      assert.equal(code, 1);
      assert.ok(`${stdout}${stderr}`.includes(`process ${first.child.pid} uses ${link}`), stderr);
      // A place of its own is what the hint says.
      await lineOf(programs.start(kind, elsewhere), /"ready"/);
      first.child.kill('SIGKILL');
      await first.end();
      await lineOf(programs.start(kind, same), /"ready"/);
    });
});
