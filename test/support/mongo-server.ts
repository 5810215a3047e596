/**
 * A real server that speaks MongoDB's protocol, for tests: found in the order of CONTRIBUTING.md, started on a free port with a data folder of its own,
 * and gone afterwards even when the test runner is killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { freePort } from './free-port.js';
import { killTree, signalTree } from './kill-tree.js';
import { mongodBinary } from './mongod-binary.js';

export interface MongoServer {
  /** mongodb://host:port, without a database */
  uri: string;
  /** its data; undefined for a server that is not ours */
  folder?: string;
  /** where it came from, for messages */
  origin: string;
  /** undefined for a server that is not ours to kill (MAKAI_TEST_MONGO_URI) */
  control?: {
    /** kill -9 of all its processes; resolves when the port is closed */
    kill(): Promise<void>;
    /** starts it again on the same port and data */
    start(): Promise<void>;
    /** from now on it hangs: connections stay open, nothing is answered */
    freeze(): void;
    thaw(): void;
  };
  stop(): Promise<void>;
}

const START_MS = 180_000;
let shared: Promise<MongoServer | undefined> | undefined;

/** The server that all tests of this run share, or undefined when there is none to be had. */
export function sharedMongo(): Promise<MongoServer | undefined> {
  shared ??= startMongo();
  return shared;
}

/**
 * For use inside `describe`: the tests below run with a server, or are skipped.
 * @param own a server of their own, because they kill it
 */
export function givenMongo(own = false): () => MongoServer {
  let server: MongoServer | undefined;
  before(async function () {
    this.timeout(300_000);
    server = await (own ? startMongo() : sharedMongo());
    if (server === undefined || (own && server.control === undefined)) this.skip();
  });
  after(async function () {
    this.timeout(60_000);
    if (own) await server?.stop();
  });
  return () => {
    if (server === undefined) throw new Error('the server is there only while a test runs');
    return server;
  };
}

if (typeof after === 'function') {
  after('stop the shared MongoDB server', async function () {
    this.timeout(60_000);
    await (await shared)?.stop();
    shared = undefined;
  });
}

/** Finds a server and starts it; says loudly how to get one when there is none. */
export async function startMongo(): Promise<MongoServer | undefined> {
  const uri = process.env.MAKAI_TEST_MONGO_URI;
  if (uri !== undefined && uri !== '') {
    await waitForServer(uri, START_MS);
    return { uri: uri.replace(/\/+$/, ''), origin: 'MAKAI_TEST_MONGO_URI', stop: () => Promise.resolve() };
  }
  const binary = await mongodBinary();
  if (binary !== undefined) return await startBinary(binary);
  process.stderr.write(
    '\n*** TESTS WITH MONGODB ARE SKIPPED: no server. Install mongod, or set MAKAI_TEST_MONGO_URI or MONGOMS_SYSTEM_BINARY (CONTRIBUTING.md). ***\n\n',
  );
  return undefined;
}

async function startBinary(binary: string): Promise<MongoServer> {
  const folder = mkdtempSync(join(tmpdir(), 'makai-mongod-'));
  const port = await freePort();
  const uri = `mongodb://127.0.0.1:${port}`;
  let running: { child: ChildProcess; watch: ChildProcess } | undefined;

  const start = async (): Promise<void> => {
    const args = ['--dbpath', folder, '--port', String(port), '--bind_ip', '127.0.0.1'];
    const child = spawn(binary, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString('utf8')).slice(-4_000);
      });
    }
    const failed = once(child, 'error').then(([error]) => Promise.reject(error));
    running = { child, watch: watchdog(child.pid ?? 0, folder) };
    const exited = once(child, 'exit').then(() =>
      Promise.reject(new Error(`${binary} ended:\n${output.slice(-2_000)}`)),
    );
    // The one that loses the race may reject later, when the server is stopped.
    failed.catch(() => undefined);
    exited.catch(() => undefined);
    await Promise.race([waitForServer(uri, START_MS), failed, exited]);
  };

  const gone = async (): Promise<void> => {
    const { child } = running ?? {};
    if (child !== undefined && child.exitCode === null && child.signalCode === null)
      await once(child, 'exit');
    running?.watch.kill('SIGKILL');
    running = undefined;
  };

  await start();
  return {
    uri,
    folder,
    origin: binary,
    control: {
      start,
      freeze: () => signalTree(running?.child.pid, 'SIGSTOP'),
      thaw: () => signalTree(running?.child.pid, 'SIGCONT'),
      kill: async () => {
        await killTree(running?.child.pid);
        await gone();
      },
    },
    stop: async () => {
      const child = running?.child;
      child?.kill('SIGTERM');
      const hurry = setTimeout(() => void killTree(child?.pid), 20_000);
      await gone();
      clearTimeout(hurry);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A process that outlives us just long enough to kill the server's process group and remove its data when we die without a word. */
function watchdog(pid: number, folder: string): ChildProcess {
  const script = 'cat >/dev/null; kill -s KILL -- "-$0" 2>/dev/null; sleep 1; rm -rf -- "$1"';
  const watch = spawn('sh', ['-c', script, String(pid), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watch.unref();
  return watch;
}

async function waitForServer(uri: string, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const client = new MongoClient(uri, { serverSelectionTimeoutMS: 1_000 });
    try {
      await client.db('admin').command({ ping: 1 });
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    } finally {
      await client.close();
    }
  }
}
