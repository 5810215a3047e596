/** The thread of one plugin: reads batches from the ring, runs the plugin, hands over its requests. Started by PluginSupervisor. */
import { workerData } from 'node:worker_threads';
import { messageOf } from '../common/errors.js';
import { createColumns } from '../proto/columns.js';
import { MergedReader } from '../stream/merged-reader.js';
import { MAX_BATCH } from '../stream/ring.js';
import { createContext } from './context.js';
import { PluginControl } from './control.js';
import { loadPlugin } from './load-plugin.js';
import { PluginRefused } from './loaded-plugin.js';
import { MemoryWatch } from './memory-watch.js';
import type { FromWorker, ToWorker, WorkerStart } from './messages.js';
import { PluginSession } from './plugin-session.js';
import { Site } from './site.js';

const TICK_MS = 1000;

const start: WorkerStart = workerData;
const { port } = start;
const control = new PluginControl(start.control);
const site = new Site(start.site);
const reader = new MergedReader(start.rings, start.from, start.queueBatches);
const batch = createColumns(MAX_BATCH);
const memory = start.file.language === 'javascript' ? new MemoryWatch(start.memoryMb) : undefined;

let session: PluginSession | undefined;
let state: 'running' | 'stopping' | 'done' = 'running';
let scheduled = false;

const send = (message: FromWorker): void => port.postMessage(message);

async function run(): Promise<void> {
  control.enter('load');
  const plugin = await loadPlugin(start.file, start.memoryMb);
  const loaded = new PluginSession(
    plugin,
    {
      requests: (requests) => send({ type: 'requests', requests }),
      unsound: (refused, surplus, problem) => send({ type: 'unsound', refused, surplus, problem }),
    },
    control,
  );
  await loaded.configure(
    start.settings,
    createContext(site, control, (level, text) => send({ type: 'log', level, text })),
  );
  control.leave();
  session = loaded;
  const { name, version, language } = plugin;
  send({ type: 'running', name, version, language });
  setInterval(() => guarded(tick), TICK_MS).unref();
  schedule();
}

/** One batch per turn of the event loop, so that messages and the plugin's own timers and sockets get their turn. */
function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  setImmediate(() => {
    scheduled = false;
    guarded(pump);
  });
}

function pump(): void {
  if (!session) return;
  const count = reader.read(batch);
  noteLosses();
  if (count === 0) {
    if (state === 'stopping') {
      finish();
      return;
    }
    control.sleep();
    if (!reader.ready || !control.rouse()) return;
  } else {
    session.process(batch);
    checkMemory();
  }
  schedule();
}

function tick(): void {
  if (state !== 'running') return;
  session?.tick(Date.now());
  checkMemory();
}

function finish(): void {
  state = 'done';
  session?.unload().then(
    () => send({ type: 'unloaded' }),
    (error: unknown) => fail(`onUnload: ${messageOf(error)}`),
  );
}

function noteLosses(): void {
  const { lost, position } = reader;
  control.set('lostBatches', lost.batches);
  control.set('lostMeasurements', lost.measurements);
  control.set('nextBatch', position.batch);
  control.set('nextRow', position.row);
}

function checkMemory(): void {
  const held = memory?.outgrown();
  if (held !== undefined) fail(`outgrew its memory: it holds ${held} MiB of ${start.memoryMb}`);
}

/** After this the thread does nothing more; the main thread ends it. */
function fail(problem: string): void {
  state = 'done';
  send({ type: 'failed', problem });
}

function guarded(run: () => void): void {
  try {
    if (state !== 'done') run();
  } catch (error) {
    fail(messageOf(error));
  }
}

// From the start: it keeps the thread alive while the plugin loads.
port.on('message', (message: ToWorker) => {
  if (message.type === 'site') site.update(message.site);
  if (message.type === 'stop' && state === 'running') state = 'stopping';
  schedule();
});
noteLosses();
run().catch((error: unknown) => {
  state = 'done';
  if (error instanceof PluginRefused) send({ type: 'refused', problem: error.message });
  else send({ type: 'failed', problem: messageOf(error) });
});
