import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunningProgram } from './run-process.js';

describe('daemon/run', () => {
  let folder = '';
  let config = '';
  const running: RunningProgram[] = [];

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-daemon-'));
  });
  beforeEach(() => {
    config = join(folder, 'makai.conf');
    writeFileSync(config, '{"zmq_trigger_endpoint": "tcp://127.0.0.1:1234", "ttl_cache_ttl": 1}');
  });
  afterEach(() => {
    for (const program of running.splice(0)) program.child.kill('SIGKILL');
  });
  after(() => rmSync(folder, { recursive: true }));

  function start(mode: string): RunningProgram {
    const program = new RunningProgram('test/cli/fixtures/daemon.js', [config, mode]);
    running.push(program);
    return program;
  }

  async function ready(program: RunningProgram): Promise<void> {
    const line: unknown = JSON.parse((await program.line()) ?? 'null');
    assert.deepEqual(line, {
      ready: 'triggering-service',
      pid: program.child.pid,
      endpoints: { stream: 'tcp://127.0.0.1:1234' },
    });
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`says when it is ready; ${signal} drains and exits 0`, async () => {
      const program = start('plain');
      await ready(program);
      program.child.kill(signal);
      assert.equal(await program.line(), '{"stopping":true}');
      assert.equal((await program.end()).code, 0);
    });
  }

  it('exits 0 also when something is still open after the stop', async () => {
    const program = start('open');
    await ready(program);
    program.child.kill('SIGTERM');
    assert.equal((await program.end()).code, 0);
  });

  it('a second signal exits immediately', async () => {
    const program = start('stuck');
    await ready(program);
    program.child.kill('SIGTERM');
    assert.equal(await program.line(), '{"stopping":true}');
    program.child.kill('SIGINT');
    assert.equal((await program.end()).code, 128 + 2);
  });

  it('a failed start says what and what to do, and exits 1 whatever it left open', async () => {
    const { code, stdout, stderr } = await start('fail').end();
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /error \[STORE_UNAVAILABLE\]: no store here\nhint: start it\n$/);
  });

  it('all mistakes of a configuration are reported, and nothing is started', async () => {
    writeFileSync(config, '{"ttl_cache_ttl": 0, "ttl_cach_ttl": 1}');
    const { code, stderr } = await start('plain').end();
    assert.equal(code, 1);
    assert.match(
      stderr,
      /2 mistakes:\n {2}ttl_cache_ttl: expected .* found 0\n {2}ttl_cach_ttl: unknown setting; did you mean ttl_cache_ttl\?/,
    );
  });

  it('SIGHUP hands the new configuration over; one with mistakes changes nothing', async () => {
    const program = start('plain');
    await ready(program);
    writeFileSync(config, '{"ttl_cache_ttl": 2}');
    program.child.kill('SIGHUP');
    assert.equal(await program.line(), '{"reloaded":2,"level":"info"}');
    writeFileSync(config, '{"ttl_cache_ttl": "many"}');
    program.child.kill('SIGHUP');
    await program.stderrMatches(/keeping the previous configuration/);
    writeFileSync(config, '{"ttl_cache_ttl": 3}');
    program.child.kill('SIGHUP');
    assert.equal(await program.line(), '{"reloaded":3,"level":"info"}');
  });

  it('SIGUSR2 turns debug logs on and off', async () => {
    const program = start('plain');
    await ready(program);
    program.child.kill('SIGUSR2');
    await program.stderrMatches(/"log_level":"debug","msg":"log level"/);
    program.child.kill('SIGUSR2');
    await program.stderrMatches(/"log_level":"info","msg":"log level"/);
  });
});
