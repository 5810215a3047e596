import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KIND_NAMES } from '../../config/kinds.js';
import { makai } from './run-process.js';

describe('cli/config', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-cli-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  function file(value: unknown): string {
    const path = join(folder, 'config.json');
    writeFileSync(path, JSON.stringify(value));
    return path;
  }

  for (const kind of KIND_NAMES) {
    it(`the example of the ${kind} has no errors`, async () => {
      const example = await makai(['config', 'example', kind]);
      assert.equal(example.code, 0);
      const path = file(JSON.parse(example.stdout));
      const check = await makai(['config', 'check', path]);
      assert.equal(check.stdout, `${path}: no errors (checked as a file of the ${kind})\n`);
      assert.equal(check.code, 0);
    });
  }

  it('errors give exit code 1, only warnings 0', async () => {
    const wrong = await makai(['config', 'check', file({ interface: 1 })]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stdout, /^error: interface: expected an endpoint .* found 1\n(.*\n)+.*: 2 errors/);
    const odd = await makai(['config', 'check', file({ zmq_acquisition_endpoint: 'tcp://127.0.0.1:9881' })]);
    assert.equal(odd.code, 0);
    assert.match(odd.stdout, /^warning: zmq_acquisition_endpoint: .*9884/);
  });

  it('applies the checks of the shipped plugins', async () => {
    const plugins = [{ path: 'libthreshold_trigger_plugin.so', voltage_threshold_percent_low: 5 }];
    const { code, stdout } = await makai(['config', 'check', file({ plugins })]);
    assert.equal(code, 1);
    assert.match(stdout, /plugins\[0\].*fraction.*\(the daemon starts without this plugin\)/);
  });

  it('refuses a MongoDB URI with an unescaped @, in the words of the daemon, and shows no password', async () => {
    const path = join(folder, 'unescaped.json');
    const fields = {
      zmq_trigger_endpoint: 'tcp://127.0.0.1:1',
      mongo_uri: 'mongodb://user:p@ss@127.0.0.1:1/opq',
    };
    writeFileSync(path, JSON.stringify(fields), { mode: 0o600 });
    const checked = await makai(['config', 'check', path]);
    assert.equal(checked.code, 1, checked.stdout);
    const reason = /^error: mongo_uri: (.+)$/m.exec(checked.stdout)?.[1] ?? 'none';
    const started = await makai(['triggering-service', path]);
    assert.notEqual(started.code, 0);
    const said = `${started.stdout}${started.stderr}`;
    assert.ok(said.includes(reason), `${reason}: ${said}`);
    assert.ok(!`${checked.stdout}${said}`.includes('p@ss'));
  });

  it("shows what the acquisition broker takes from the triggering service's file beside its own", async () => {
    const of = mkdtempSync(join(folder, 'v3-'));
    writeFileSync(join(of, 'makai.conf'), JSON.stringify({ zmq_event_endpoint: 'tcp://*:10000' }));
    const path = join(of, 'acquisition_broker_config.json');
    const fields = { client_certs: '/k', box_pub: 'tcp://*:8194', box_pull: 'tcp://*:8196' };
    writeFileSync(path, JSON.stringify(fields));
    const { code, stdout } = await makai(['config', 'check', path]);
    assert.equal(code, 0, stdout);
    assert.match(
      stdout,
      /^warning: zmq_event_endpoint: tcp:\/\/\*:10000 is taken from .*makai\.conf.*whoever/m,
    );
  });

  it('--json prints NDJSON', async () => {
    const { stdout } = await makai(['config', 'check', '--json', file({ interface: 1, client_certs: '/k' })]);
    const finding: unknown = JSON.parse(stdout);
    assert.deepEqual(Object.keys(finding as object), ['kind', 'severity', 'path', 'message']);
  });

  it('--kind decides where settings do not show the daemon', async () => {
    const path = file({ log_level: 'debug' });
    const unclear = await makai(['config', 'check', path]);
    assert.equal(unclear.code, 1);
    assert.match(unclear.stderr, /\[CONFIG_INVALID\].*\nhint: add --kind/);
    assert.equal((await makai(['config', 'check', path, '--kind', 'triggering-service'])).code, 0);
  });

  it('wrong usage gives exit code 2, help and version 0', async () => {
    for (const args of [
      ['nonsense'],
      ['config', 'check'],
      ['config', 'example', 'toaster'],
      ['config', 'check', 'x', '--wat'],
    ]) {
      const { code, stderr } = await makai(args);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, /^error: /);
    }
    assert.equal((await makai(['--help'])).code, 0);
    assert.match((await makai(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  });
});
