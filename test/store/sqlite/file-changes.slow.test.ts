/** What happens to the file of a running daemon: moved, replaced, given to another user, a mount over it. */
import assert from 'node:assert/strict';
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { backupSqlite } from '../../../store/sqlite/backup.js';
import { DatabaseHandle } from '../../../store/sqlite/handle.js';
import { until } from '../../support/until.js';
import { all } from '../contract/given.js';
import { openWritable } from '../writable.js';

const RETENTION = { retention: { mode: 'ttl', measurementsSeconds: 86_400 } } as const;
/** `nobody`: a user who owns nothing here. */
const USER = 65_534;
const isRoot = process.getuid?.() === 0;

class Steady {
  readonly events: number[] = [];
  readonly refused: number[] = [];
  accepted: number | undefined;
  errors = '';
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #closed: Promise<unknown>;
  #isReady = false;

  constructor(file: string) {
    const program = fileURLToPath(new URL('steady-writer.js', import.meta.url));
    const asUser = isRoot ? ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'] : [];
    const [command = '', ...args] = [...asUser, process.execPath, program, file];
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#closed = once(this.child, 'close');
    this.child.stderr.on('data', (text) => {
      this.errors += text;
    });
    createInterface(this.child.stdout).on('line', (line) => {
      const said = JSON.parse(line) as { ready?: true; event?: number; refused?: number; accepted?: number };
      if (said.ready) this.#isReady = true;
      if (said.event !== undefined) this.events.push(said.event);
      if (said.refused !== undefined) this.refused.push(said.refused);
      this.accepted ??= said.accepted;
    });
  }

  async ready(): Promise<void> {
    await until('the writer', async () => this.#isReady || this.child.exitCode !== null);
    assert.ok(this.#isReady, this.errors);
  }

  async stores(count: number): Promise<void> {
    const enough = this.events.length + count;
    await until(`${count} more events\n${this.errors}`, async () => this.events.length >= enough);
  }

  async logs(pattern: RegExp): Promise<void> {
    await until(`${pattern} in the log`, async () => pattern.test(this.errors));
  }

  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    await this.#closed;
    return this.child.exitCode;
  }
}

describe('store/sqlite: the file of a running daemon', function () {
  this.timeout(400_000);
  let directory: string;
  let file: string;
  let steady: Steady | undefined;

  const start = async (): Promise<Steady> => {
    steady = new Steady(file);
    await steady.ready();
    return steady;
  };
  const own = (path: string): void => {
    if (isRoot) chownSync(path, USER, USER);
  };
  const stored = async (path: string): Promise<Set<number>> => {
    const store = await openWritable(path, { ...RETENTION, thread: 'inline' });
    const ids = (await all(store.events())).map((event) => event.event_id);
    await store.close();
    const raw = new DatabaseHandle(path);
    assert.equal(raw.pragma('integrity_check', { simple: true }), 'ok');
    raw.close();
    return new Set(ids);
  };
  const assertStored = (ids: ReadonlySet<number>, events: readonly number[]): void => {
    assert.deepEqual(
      events.filter((id) => !ids.has(id)),
      [],
    );
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'makai-file-'));
    chmodSync(directory, 0o755);
    mkdirSync(join(directory, 'opq'));
    own(join(directory, 'opq'));
    file = join(directory, 'opq', 'makai.db');
  });
  afterEach(async () => {
    if (steady?.child.exitCode === null) await steady.stop();
    steady = undefined;
    rmSync(directory, { recursive: true });
  });

  it('moved away and back: what came meanwhile waits, nothing is lost', async () => {
    const daemon = await start();
    await daemon.stores(20);
    renameSync(file, `${file}.away`);
    await daemon.logs(/moved or deleted/);
    const before = daemon.events.length;
    // Complete where it is now, without its log.
    assertStored(await stored(`${file}.away`), daemon.events);
    for (const name of readdirSync(join(directory, 'opq')).filter((one) => /away-/.test(one)))
      rmSync(join(directory, 'opq', name));
    own(`${file}.away`);
    renameSync(`${file}.away`, file);
    await daemon.stores(50);
    assert.ok(daemon.events.length > before);
    assert.equal(await daemon.stop(), 0);
    assert.deepEqual([daemon.refused, daemon.events.length], [[], daemon.accepted]);
    assertStored(await stored(file), daemon.events);
  });

  it('replaced by another store: it is opened, and neither of the two is damaged', async () => {
    const daemon = await start();
    await daemon.stores(20);
    const other = `${file}.other`;
    await backupSqlite(file, other);
    own(other);
    linkSync(file, `${file}.old`);
    const before = [...daemon.events];
    renameSync(other, file);
    await daemon.stores(50);
    assert.equal(await daemon.stop(), 0);
    assert.deepEqual(daemon.refused, []);
    const both = new Set([...(await stored(`${file}.old`)), ...(await stored(file))]);
    assertStored(both, daemon.events);
    assertStored(await stored(`${file}.old`), before);
    assert.ok((await stored(file)).has(daemon.events.at(-1) ?? 0));
  });

  it('gone for good: the stop says how much was lost', async () => {
    const daemon = await start();
    await daemon.stores(20);
    renameSync(file, `${file}.away`);
    await daemon.logs(/moved or deleted/);
    assert.equal(await daemon.stop(), 0);
    const lost = (daemon.accepted ?? 0) - daemon.events.length;
    assert.ok(lost > 0 && daemon.refused.length === lost);
    assert.match(daemon.errors, new RegExp(`"lost":${lost}\\b.*did not take`));
    assertStored(await stored(`${file}.away`), daemon.events);
  });

  describe('as another user than its owner', () => {
    before(function () {
      if (!isRoot) this.skip();
    });

    it('a start that cannot write ends with a code and says whose the file is', async () => {
      await (await openWritable(file, RETENTION)).close();
      chmodSync(file, 0o644);
      const daemon = new Steady(file);
      steady = daemon;
      await once(daemon.child, 'close');
      assert.equal(daemon.child.exitCode, 1);
      assert.match(daemon.errors, /STORE_NOT_WRITABLE.*belongs to user 0 \(mode 0644\).*runs as user 65534/s);
    });

    it('replaced by a file of root, which is then given to the user: what waits is written', async () => {
      const daemon = await start();
      await daemon.stores(20);
      await backupSqlite(file, `${file}.other`);
      chmodSync(`${file}.other`, 0o644);
      renameSync(`${file}.other`, file);
      await daemon.logs(/cannot be written.*belongs to user 0/);
      const before = daemon.events.length;
      own(file);
      await daemon.stores(50);
      assert.ok(daemon.events.length > before);
      assert.equal(await daemon.stop(), 0);
      assert.deepEqual([daemon.refused, daemon.events.length], [[], daemon.accepted]);
    });

    it('a folder that may not be entered for a while: nothing is refused, all is stored', async () => {
      const daemon = await start();
      await daemon.stores(20);
      chmodSync(directory, 0o700);
      // Longer than an idle store is looked at.
      await daemon.logs(/cannot be looked for: EACCES/);
      await sleep(1500);
      assert.equal(daemon.child.exitCode, null, daemon.errors);
      chmodSync(directory, 0o755);
      await daemon.stores(50);
      assert.equal(await daemon.stop(), 0);
      assert.deepEqual([daemon.refused, daemon.events.length], [[], daemon.accepted]);
      assertStored(await stored(file), daemon.events);
    });

    it('a mount over its folder: what came meanwhile is written once it is gone', async function () {
      const daemon = await start();
      await daemon.stores(20);
      const folder = join(directory, 'opq');
      try {
        execFileSync('mount', ['-t', 'tmpfs', 'none', folder], { stdio: 'ignore' });
      } catch {
        this.skip();
      }
      try {
        await daemon.logs(/moved or deleted/);
        writeFileSync(join(folder, 'other'), '');
      } finally {
        execFileSync('umount', [folder]);
      }
      await daemon.stores(50);
      assert.equal(await daemon.stop(), 0);
      assert.deepEqual([daemon.refused, daemon.events.length], [[], daemon.accepted]);
      assertStored(await stored(file), daemon.events);
      assert.ok(existsSync(file));
    });
  });
});
