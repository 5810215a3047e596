/** An upgrade and the way back, as docs/operations.md has it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SCHEMA_VERSION } from '../../store/sqlite/schema.js';
import { startProgram } from '../store/sqlite/files.js';
import { olderFile, versionIn } from '../store/sqlite/older-files.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';
import { makai, RunningProgram } from './run-process.js';

/** The first version that has all tables. */
const OLDER = 9;

describe('cli: a store of an older schema', function () {
  this.timeout(400_000);
  let directory: string;
  let file: string;

  /** A daemon of the older version: it holds the file, and says what it stored. */
  class OlderDaemon {
    readonly events: number[] = [];
    readonly child = startProgram('older-writer.js', file, String(OLDER));
    #errors = '';

    constructor() {
      createInterface(this.child.stdout).on('line', (line) =>
        this.events.push((JSON.parse(line) as { event: number }).event),
      );
      this.child.stderr.on('data', (text) => {
        this.#errors += text;
      });
    }

    async stores(count: number): Promise<void> {
      const enough = this.events.length + count;
      await until(`${count} more events`, async () => this.events.length >= enough || this.#errors !== '');
      assert.equal(this.#errors, '');
    }

    async kill(): Promise<void> {
      this.child.kill('SIGKILL');
      await once(this.child, 'close');
    }
  }

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'makai-upgrade-'));
    file = join(directory, 'makai.db');
    await olderFile(file, OLDER);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const here = (...args: string[]) => makai([...args, '--dir', directory]);
  const ids = async (): Promise<number[]> => {
    const { code, stderr, stdout } = await here('events', 'list', '--limit', '100000', '--json');
    assert.equal(code, 0, stderr);
    return stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event_id: number }).event_id);
  };

  it('commands read it while a daemon of the older version writes; an upgrade keeps the copy, which is the way back', async () => {
    const daemon = new OlderDaemon();
    await daemon.stores(5);
    const stored = [...daemon.events];
    const listed = await ids();
    for (const id of stored) assert.ok(listed.includes(id), `event ${id}`);
    for (const args of [
      ['boxes', 'list'],
      ['measurements', '1001'],
      ['trends', '1003'],
      ['incidents', 'list'],
    ]) {
      const { code, stderr } = await here(...args);
      assert.equal(code, 0, stderr);
    }
    assert.equal((await here('store', 'check')).code, 0);
    const refused = await here('boxes', 'set', '1001', '--description', 'by a newer version');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /STORE_SCHEMA_TOO_OLD/);
    // It was disturbed by none of them.
    await daemon.stores(20);
    assert.equal(versionIn(file), OLDER);
    assert.ok(!existsSync(`${file}.schema-${OLDER}`));
    await daemon.kill();

    const init = await here('store', 'init');
    assert.equal(init.code, 0, init.stderr);
    assert.equal(versionIn(file), SCHEMA_VERSION);
    assert.equal(versionIn(`${file}.schema-${OLDER}`), OLDER);
    assert.deepEqual((await ids()).filter((id) => daemon.events.includes(id)).length, daemon.events.length);
    assert.equal((await here('boxes', 'set', '1001', '--description', 'by a newer version')).code, 0);

    const back = await here('store', 'restore', `${file}.schema-${OLDER}`, '--json');
    assert.equal(back.code, 0, back.stderr);
    assert.equal(versionIn(file), OLDER);
    const { nextEventId } = JSON.parse(back.stdout) as { nextEventId: number };
    // Killed in the middle of one it has given an id that it did not print.
    const past = nextEventId - Math.max(...daemon.events) - 100_000;
    assert.ok(past === 1 || past === 2, String(past));
    const again = new OlderDaemon();
    await again.stores(5);
    await again.kill();
    assert.equal(again.events[0], nextEventId);
    assert.ok((await ids()).includes(daemon.events[0] ?? 0));
  });

  it('a daemon upgrades it at its start, and says so', async () => {
    const conf = join(directory, 'analysis_service.json');
    const [incidents = 0, status = 0] = await Promise.all([freePort(), freePort()]);
    writeFileSync(
      conf,
      JSON.stringify({
        ...{ zmq_trigger_endpoint: 'tcp://127.0.0.1:1', zmq_data_endpoint: 'tcp://127.0.0.1:1' },
        ...{ incident_pub: `tcp://127.0.0.1:${incidents}`, status: `127.0.0.1:${status}` },
        store: `sqlite:${file}`,
      }),
    );
    const service = new RunningProgram('cli/main.js', ['analysis-service', conf]);
    try {
      await service.stderrMatches(/the schema of the store is upgraded/);
      assert.match((await service.line()) ?? '', /ready/);
      assert.deepEqual([versionIn(file), versionIn(`${file}.schema-${OLDER}`)], [SCHEMA_VERSION, OLDER]);
    } finally {
      service.child.kill('SIGTERM');
      await service.end();
    }
  });
});
