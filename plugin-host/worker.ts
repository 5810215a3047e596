/** The thread of one plugin: reads batches from the ring, runs the plugin, hands over its requests. Started by PluginSupervisor. */
import { workerData } from 'node:worker_threads';
import { createColumns } from '../proto/columns.js';
import { setRow } from '../proto/measurement-row.js';
import { MAX_BATCH, RingReader } from '../stream/ring.js';
import { captureConsole } from './console-lines.js';
import { createContext } from './context.js';
import { PluginControl } from './control.js';
import { loadPlugin } from './load-plugin.js';
import { PluginRefused } from './loaded-plugin.js';
import { MemoryWatch } from './memory-watch.js';
import type { FromWorker, PluginSecond, ToWorker, WorkerStart } from './messages.js';
import { PluginMemory } from './plugin-memory.js';
import { MemberError, type Problem, problemOf } from './plugin-problem.js';
import { PluginSession } from './plugin-session.js';
import { Questions } from './questions.js';
import { Site } from './site.js';
import { TICK_MS, Ticks } from './ticks.js';

const start: WorkerStart = workerData;
const { port } = start;
const control = new PluginControl(start.control);
const site = new Site(start.site);
const reader = start.ring && new RingReader(start.ring, start.from, start.queueBatches);
const batch = createColumns(MAX_BATCH);
const memory = start.file.language === 'javascript' ? new MemoryWatch(start.memoryMb) : undefined;

let session: PluginSession | undefined;
let state: 'running' | 'stopping' | 'done' = 'running';
let scheduled = false;

const send = (message: FromWorker): void => port.postMessage(message);
const questions = new Questions((id, question) => send({ type: 'question', id, question }));
let kept = new PluginMemory();
/** end of the second that was sent last, where it is driven by seconds */
let secondMs = Date.now();
const context = createContext(site, control, {
  write: (level, text) => send({ type: 'log', level, text }),
  found: (finding) => send({ type: 'finding', ...finding }),
  ...(reader === undefined ? { now: () => secondMs } : {}),
  memory: {
    get: () => kept.get(),
    set: (value) => {
      kept.set(value);
      // A thread that is stopped while its plugin loads is not asked what is left.
      if (session === undefined) handOnState();
    },
  },
  history: questions.history,
});

async function run(): Promise<void> {
  captureConsole(context.log.info);
  kept = new PluginMemory(await questions.state());
  if (reader !== undefined) {
    const ticks = new Ticks(Date.now(), start.batchMs);
    setInterval(() => {
      const nowMs = Date.now();
      if (ticks.isDue(nowMs)) guarded(() => tick(nowMs));
    }, TICK_MS).unref();
  }
  control.enter('load');
  const plugin = await loadPlugin(start.file, start.memoryMb);
  const loaded = new PluginSession(
    plugin,
    {
      requests: (requests) => send({ type: 'requests', requests }),
      results: (results) => send({ type: 'results', ...results }),
      refusals: (refused, surplus, problem) => send({ type: 'refusals', refused, surplus, problem }),
    },
    control,
  );
  await loaded.configure(start.settings, context);
  control.leave();
  session = loaded;
  handOnState(true);
  const { name, version, language, warnings } = plugin;
  send({ type: 'running', name, version, language, warnings });
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
  const count = reader?.read(batch) ?? 0;
  noteLosses();
  if (count === 0) {
    if (state === 'stopping') {
      finish();
      return;
    }
    control.sleep();
    if (!reader?.ready || !control.rouse()) return;
  } else {
    session.process(batch);
    checkMemory();
  }
  schedule();
}

/** The same calls in the same order, whenever the second is sent. */
function second({ endMs, rows, summary }: PluginSecond): void {
  if (session === undefined || state !== 'running') return;
  secondMs = endMs;
  if (session.plugin.summary) session.summary(summary);
  else
    for (let from = 0; from < rows.length; from += MAX_BATCH) {
      const part = rows.slice(from, from + MAX_BATCH);
      for (const [i, row] of part.entries()) setRow(batch, i, row);
      batch.count = part.length;
      session.process(batch);
    }
  tick(endMs);
}

function tick(nowMs: number): void {
  if (state !== 'running') return;
  session?.tick(nowMs);
  handOnState();
  checkMemory();
}

function finish(): void {
  state = 'done';
  session?.unload().then(
    () => {
      handOnState(true);
      send({ type: 'unloaded' });
    },
    (error: unknown) => fail(problemOf(error)),
  );
}

function handOnState(isLast = false): void {
  const changed = kept.changed(Date.now(), isLast);
  if (changed) send({ type: 'state', state: changed });
}

function noteLosses(): void {
  if (reader === undefined) return;
  const { lost, position } = reader;
  control.set('lostBatches', lost.batches);
  control.set('lostMeasurements', lost.measurements);
  control.set('nextBatch', position.batch);
  control.set('nextRow', position.row);
}

function checkMemory(): void {
  const held = memory?.outgrown();
  if (held !== undefined) fail({ problem: `outgrew its memory: it holds ${held} MiB of ${start.memoryMb}` });
}

/** After this the thread does nothing more; the main thread ends it. */
function fail(problem: Problem): void {
  state = 'done';
  handOnState(true);
  send({ type: 'failed', ...problem });
}

function guarded(run: () => void): void {
  try {
    if (state !== 'done') run();
  } catch (error) {
    fail(problemOf(error));
  }
}

// From the start: it keeps the thread alive while the plugin loads.
port.on('message', (message: ToWorker) => {
  if (message.type === 'reply') questions.answer(message);
  if (message.type === 'site') site.update(message.site);
  if (message.type === 'second') {
    guarded(() => second(message));
    send({ type: 'second', endMs: message.endMs });
  }
  if (message.type === 'stop' && state === 'running') state = 'stopping';
  schedule();
});
noteLosses();
run().catch((error: unknown) => {
  state = 'done';
  const isRefusal = error instanceof PluginRefused || error instanceof MemberError;
  send({ type: isRefusal ? 'refused' : 'failed', ...problemOf(error) });
});
