import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AREAS, type Diagnosis } from '../../cli/doctor/diagnosis.js';
import { diagnose } from '../../cli/doctor/index.js';
import { clock } from '../../cli/doctor/machine.js';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import { silentLogger } from '../../common/log.js';
import { Metrics } from '../../common/metrics/metrics.js';
import type { Kind } from '../../config/kinds.js';
import { parseEndpoint, parseStatusEndpoint } from '../../config/types.js';
import { startStatusServer } from '../../daemon/status/server.js';
import { writeSecretCertificate } from '../../keys/files.js';
import { newKeyPair } from '../../keys/key.js';
import { openStore } from '../../store/open.js';
import { DatabaseHandle } from '../../store/sqlite/handle.js';
import { IMPORTED_IDS, putImportedBoxes } from '../support/imported-boxes.js';
import { makai } from './run-process.js';

describe('cli/doctor', () => {
  let folder = '';
  let workspace: Workspace;
  const cleanups: (() => Promise<unknown>)[] = [];
  const tools = mkdtempSync(join(tmpdir(), 'makai-tools-'));
  const path = process.env.PATH;

  before(() => {
    process.env.PATH = `${tools}:${path}`;
  });
  after(() => {
    process.env.PATH = path;
    rmSync(tools, { recursive: true });
  });

  /** These tests must not depend on the machine's own clock. */
  function synchronise(reply: 'yes' | 'no'): void {
    writeFileSync(join(tools, 'timedatectl'), `#!/bin/sh\necho ${reply}\n`, { mode: 0o755 });
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'makai-doctor-'));
    workspace = await prepareWorkspace(folder, ['1001', '1002']);
    // A separate loopback address, so that ports that other programs open on 127.0.0.1 do not matter.
    const host = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;
    for (const file of Object.values(workspace.configs)) {
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll('127.0.0.1', host));
    }
    synchronise('yes');
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
    rmSync(folder, { recursive: true });
  });

  function read(kind: Kind): Record<string, unknown> {
    return JSON.parse(readFileSync(workspace.configs[kind], 'utf8')) as Record<string, unknown>;
  }

  function change(kind: Kind, fields: Record<string, unknown>): void {
    writeFileSync(workspace.configs[kind], JSON.stringify({ ...read(kind), ...fields }), { mode: 0o600 });
  }

  /** What is wrong, except the disk of the machine that runs the tests. */
  async function wrongs(): Promise<Diagnosis[]> {
    const found = (await diagnose(folder)).filter(
      ({ area, verdict }) => verdict === 'wrong' && area !== 'disk',
    );
    for (const { todo } of found) assert.ok(todo, 'each says what to do');
    return found;
  }

  /** Exactly one thing is wrong. */
  async function onlyWrong(area: string, message: RegExp): Promise<void> {
    const found = await wrongs();
    assert.deepEqual(
      found.map((one) => one.area),
      [area],
      JSON.stringify(found),
    );
    assert.match(`${found[0]?.subject}: ${found[0]?.message}`, message);
  }

  async function listen(endpoint: string): Promise<Server> {
    const server = createServer().listen(parseEndpoint(endpoint)?.port, parseEndpoint(endpoint)?.host);
    await once(server, 'listening');
    cleanups.push(() => new Promise((done) => server.close(done)));
    return server;
  }

  it('finds nothing wrong in a new deployment, checks every area, and changes nothing', async () => {
    const before = readdirSync(folder, { recursive: true });
    const found = await diagnose(folder);
    assert.deepEqual(
      found.filter(({ verdict }) => verdict === 'wrong'),
      [],
    );
    assert.deepEqual(
      [...new Set(found.map(({ area }) => area))],
      AREAS.filter((area) => found.some((one) => one.area === area)),
    );
    for (const area of AREAS)
      assert.ok(
        found.some((one) => one.area === area),
        area,
      );
    assert.deepEqual(readdirSync(folder, { recursive: true }), before);
  });

  it('says the same with boxes of imported recordings in the store, which have no certificate and never send', async () => {
    const store = await openStore(workspace.storeUrl, {
      retention: { mode: 'ttl', measurementsSeconds: 86_400 },
      thread: 'inline',
    });
    // Sizes and free space change from one moment to the next.
    const lasting = async (): Promise<Diagnosis[]> =>
      (await diagnose(folder)).filter(({ area }) => area !== 'disk' && area !== 'clock');
    try {
      const sizeless = (found: Diagnosis[]): string => JSON.stringify(found).replace(/[\d.]+ MB/g, 'MB');
      const before = sizeless(await lasting());
      await putImportedBoxes(store, 'lab');
      const after = sizeless(await lasting());
      assert.equal(after, before);
      for (const id of IMPORTED_IDS) assert.ok(!after.includes(id));
    } finally {
      await store.close();
    }
  });

  it('configuration: mistakes, and text that is not JSON', async () => {
    change('triggering-service', { ttl_cache_ttl: 0 });
    await onlyWrong('configuration', /ttl_cache_ttl: expected a whole number .* found 0/);
    writeFileSync(workspace.configs['triggering-service'], '{');
    await onlyWrong('configuration', /not valid JSON: line 1, column 2/);
  });

  it('ports: an event endpoint that only the file of the service names, as in v3, is checked where the broker opens it', async () => {
    const { zmq_event_endpoint: endpoint, ...rest } = read('acquisition-broker');
    writeFileSync(workspace.configs['acquisition-broker'], JSON.stringify(rest), { mode: 0o600 });
    change('triggering-service', { zmq_event_endpoint: endpoint });
    await listen(String(endpoint));
    const found = await wrongs();
    assert.deepEqual(
      found.map(({ message, subject }) => [subject, message]),
      [[`acquisition-broker zmq_event_endpoint ${String(endpoint)}`, 'another program uses the port']],
    );
  });

  it('configuration: endpoints that do not match', async () => {
    change('triggering-service', { zmq_acquisition_endpoint: 'tcp://127.0.0.1:1' });
    await onlyWrong(
      'configuration',
      /zmq_acquisition_endpoint: connects to .*:1, but on this machine backend_pull is/,
    );
  });

  it('keys: a missing key pair, brokers with different key pairs', async () => {
    const other = join(folder, 'other_secret');
    change('acquisition-broker', { server_cert: other });
    await onlyWrong('keys', /other_secret/);
    await writeSecretCertificate(other, { boxId: undefined, ...newKeyPair() });
    await onlyWrong('keys', /the two brokers have different keys/);
  });

  it('keys: the ids that the triggering service accepts', async () => {
    const findingsOnIds = async () => {
      const found = await diagnose(folder);
      return found
        .filter(({ subject }) => subject === 'ids of boxes')
        .map(({ message, verdict }) => [verdict, message]);
    };
    const folderOfKeys = workspace.keys.publicDirectory;
    const store = `the store sqlite:${join(folder, 'makai.db')}`;
    // Its file names a store, so both sources count; the broker's has the folder alone.
    assert.deepEqual(await findingsOnIds(), [
      ['ok', `the triggering service accepts the ids in ${folderOfKeys} and ${store}`],
    ]);
    change('triggering-service', { client_certs: undefined });
    assert.deepEqual(await findingsOnIds(), [
      ['note', 'the triggering service accepts measurements under any id, also without a certificate'],
    ]);
    change('triggering-service', { white_list: 'store' });
    const [verdict, message] = (await findingsOnIds())[0] ?? [];
    assert.equal(verdict, 'note');
    assert.match(message ?? '', /the ids in the store sqlite:.*, the triggering broker admits those in /);
    change('triggering-service', { client_certs: join(folder, 'none'), white_list: 'both' });
    await onlyWrong('keys', /none: cannot be read: ENOENT/);
  });

  it('permissions: a secret that others can read, a secret among public certificates', async () => {
    chmodSync(workspace.keys.serverSecret, 0o644);
    await onlyWrong('permissions', /opqserver_secret.*mode 0644/);
    chmodSync(workspace.keys.serverSecret, 0o600);
    copyFileSync(workspace.keys.boxSecret('1001'), join(workspace.keys.publicDirectory, 'mistake'));
    await onlyWrong('permissions', /mistake: a secret key among the public certificates/);
  });

  it('permissions: a configuration with a password that others can read', async () => {
    change('triggering-broker', {
      mongo_uri: 'mongodb://user:PASSWORD@127.0.0.1:1/opq?serverSelectionTimeoutMS=200',
    });
    chmodSync(workspace.configs['triggering-broker'], 0o644);
    const found = await wrongs();
    assert.ok(
      found.some((one) => one.area === 'configuration' && /neither read nor change/.test(one.message)),
    );
    assert.ok(
      found.some((one) => one.area === 'store' && one.subject === 'mongodb://127.0.0.1:1/opq'),
      JSON.stringify(found),
    );
    assert.ok(!JSON.stringify(found).includes('PASSWORD'));
  });

  it('ports: used by another program', async () => {
    await listen(String(read('acquisition-broker').box_pub));
    await onlyWrong('ports', /acquisition-broker box_pub .*: another program uses the port/);
  });

  it('ports: open by the running daemon; not opened by the running daemon', async () => {
    const { interface: boxes, backend, status } = read('triggering-broker') as Record<string, string>;
    const address = parseStatusEndpoint(status ?? '');
    const metrics = new Metrics('triggering-broker', '0.0.1');
    const common = {
      daemon: 'triggering-broker',
      version: '0.0.1',
      details: () => ({}),
      log: silentLogger(),
    };
    const server = await startStatusServer({ ...common, address, isNamed: true, metrics });
    cleanups.push(() => server.stop());
    await listen(boxes ?? '');
    const missing = await listen(backend ?? '');
    const found = await diagnose(folder);
    const findings = found.filter(({ subject }) => subject.startsWith('triggering-broker interface'));
    assert.deepEqual(
      [findings[0]?.verdict, findings[0]?.message],
      ['ok', `open by the running daemon (pid ${process.pid})`],
    );
    assert.ok(found.some(({ area, message }) => area === 'versions' && /version 0\.0\.1 runs/.test(message)));
    assert.ok(
      found.some(
        ({ area, verdict, subject }) =>
          area === 'daemons' && verdict === 'ok' && subject === 'triggering-broker',
      ),
    );
    missing.close();
    await once(missing, 'close');
    await onlyWrong('ports', /triggering-broker backend .*: the daemon runs but has not opened it/);
  });

  it('store: an existing one; a file of another program; a missing folder', async () => {
    const store = await openStore(workspace.storeUrl, {
      retention: { mode: 'ttl', measurementsSeconds: 60 },
    });
    const inUse = (await diagnose(folder)).filter(({ area }) => area === 'store');
    assert.match(inUse[0]?.message ?? '', /^available; .* MB, schema \d+$/);
    await store.close();
    const both = (url: string) => {
      change('triggering-service', { store: url });
      change('acquisition-broker', { store: url });
      change('analysis-service', { store: url });
    };
    const foreign = join(folder, 'foreign.db');
    new DatabaseHandle(foreign).exec('CREATE TABLE t (a)').close();
    both(`sqlite:${foreign}`);
    await onlyWrong('store', /belongs to another program/);
    writeFileSync(foreign, 'x'.repeat(5000));
    await onlyWrong('store', /not an SQLite database/);
    both(`sqlite:${join(folder, 'none', 'x.db')}`);
    await onlyWrong('store', /none does not exist/);
  });

  it('clock: not synchronised, never set', async () => {
    synchronise('no');
    await onlyWrong('clock', /is not synchronised with a time server/);
    const [found] = await clock(Date.UTC(2001, 0, 1));
    assert.deepEqual([found?.verdict, found?.area], ['wrong', 'clock']);
  });

  it('exit code 0 when nothing is wrong, otherwise 1; NDJSON with --json; no secret in either', async () => {
    const sound = await makai(['doctor', '--dir', folder]);
    const isRoomy = !/^WRONG {2}disk/m.test(sound.stdout);
    assert.equal(sound.code, isRoomy ? 0 : 1, sound.stdout);
    assert.match(sound.stdout, isRoomy ? /\nnothing is wrong\n$/ : /\n1 wrong\n$/);
    change('triggering-broker', { interfaces: 1 });
    const bad = await makai(['doctor', '--dir', folder, '--json']);
    assert.equal(bad.code, 1);
    const found = bad.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Diagnosis);
    assert.match(
      found.find(({ verdict }) => verdict === 'wrong')?.message ?? '',
      /interfaces: unknown setting; did you mean interface\?/,
    );
    const secret = /secret-key = "(.+)"/.exec(readFileSync(workspace.keys.serverSecret, 'utf8'))?.[1] ?? '';
    assert.equal(secret.length, 40);
    assert.ok(!sound.stdout.includes(secret) && !bad.stdout.includes(secret));
  });
});
