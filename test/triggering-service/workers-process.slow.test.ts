/** A service with workers as a process: threads with sockets must not abort it, whichever way it ends. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { XPublisher } from 'zeromq';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { triggerMessage } from '../../proto/index.js';
import { openStore } from '../../store/open.js';

describe('triggering-service: workers, as a process', function () {
  this.timeout(400_000);
  let folder = '';
  let publisher: XPublisher;
  let child: ChildProcess | undefined;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'makai-workers-'));
    publisher = new XPublisher({ linger: 0, sendHighWaterMark: 0 });
    await publisher.bind('tcp://127.0.0.1:*');
  });
  afterEach(() => {
    child?.kill('SIGKILL');
    publisher.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Started, subscribed, and in the middle of a stream. @returns how it ends: code and signal */
  async function running(): Promise<{ end: Promise<unknown[]> }> {
    const file = join(folder, 'makai.conf');
    const config = {
      zmq_trigger_endpoint: publisher.lastEndpoint,
      store: `sqlite:${join(folder, 'makai.db')}`,
      spool: { path: join(folder, 'spool') },
      status: 'off',
      workers: 2,
      log_level: 'fatal',
    };
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    const program = join(PACKAGE_ROOT, 'dist/cli/main.js');
    child = spawn(process.execPath, [program, 'triggering-service', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const end = once(child, 'exit');
    assert.ok(child.stdout);
    await once(createInterface({ input: child.stdout }), 'line');
    await publisher.receive();
    for (let i = 0; i < 5000; i++) {
      const message = {
        id: 1000 + (i % 100),
        time: Date.now() - 5000 + i,
        frequency: 60,
        rms: 120,
        thd: 0.02,
        lastGps: 0,
        currentCount: 0,
        flags: 0,
      };
      await publisher.send([String(message.id), Buffer.from(triggerMessage.encode(message))]);
    }
    return { end };
  }

  it('SIGTERM: stores what it took and ends with 0', async () => {
    const { end } = await running();
    child?.kill('SIGTERM');
    assert.deepEqual(await end, [0, null]);
    const retention = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
    const store = await openStore(`sqlite:${join(folder, 'makai.db')}`, { retention });
    let documents = 0;
    for (let id = 1000; id < 1100; id++) for await (const _ of store.measurements(String(id))) documents += 1;
    await store.close();
    assert.ok(documents > 0);
  });

  it('a second signal: exits immediately with its code, not by an abort', async () => {
    const { end } = await running();
    child?.kill('SIGTERM');
    child?.kill('SIGINT');
    const [code, signal] = await end;
    // The first signal may be through before the second one comes.
    assert.ok(code === 0 || code === 130 || code === 143, `${code} ${signal}`);
  });
});
