/** The thread of `makai plugin check` and `run`: loads the plugin as the daemon does and plays it a recording. Started by replay.ts. */
import { setImmediate, setTimeout } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { codeOf, MakaiError, messageOf } from '../../common/errors.js';
import { TokenBucket } from '../../common/token-bucket.js';
import { captureConsole } from '../../plugin-host/console-lines.js';
import { siteMembers } from '../../plugin-host/context.js';
import { PluginControl } from '../../plugin-host/control.js';
import { EventBudget } from '../../plugin-host/event-budget.js';
import { MAX_LOG_LINE } from '../../plugin-host/limits.js';
import { loadPlugin } from '../../plugin-host/load-plugin.js';
import type { LoadedPlugin } from '../../plugin-host/loaded-plugin.js';
import { MemoryWatch } from '../../plugin-host/memory-watch.js';
import type { LogLevel } from '../../plugin-host/messages.js';
import { PluginMemory } from '../../plugin-host/plugin-memory.js';
import { problemOf } from '../../plugin-host/plugin-problem.js';
import { PluginSession } from '../../plugin-host/plugin-session.js';
import { NO_STORE } from '../../plugin-host/plugin-store.js';
import { cleanText } from '../../plugin-host/request-shape.js';
import { ResultCollector } from '../../plugin-host/result-collector.js';
import { Site, toSiteData } from '../../plugin-host/site.js';
import { USUAL_MAX_WINDOW_MS, WINDOW_PROBLEMS, windowProblem } from '../../plugin-host/window-problem.js';
import type { EventRequest, PluginContext } from '../../plugins/sdk/plugin.js';
import { References, referenceData, referenceIn } from '../../store/reference.js';
import type { FromReplay, ReplayStart, ReplayTotals } from './messages.js';
import { openPluginRecording, type PluginRecording } from './recording.js';
import { measurementsPerSecond } from './speed.js';
import { stepsOf } from './steps.js';

/** Steps between two looks at the memory. */
const MEMORY_CHECK_STEPS = 64;
/** Ticks between two reports of progress: a minute of the recording. */
const PROGRESS_TICKS = 60;
/** A plugin that goes so far beyond its limit is not played to the end. */
const MAX_SURPLUS = 100_000;
/** How long the plugin's own timers may still run at the end: an exception in one of them is found then. */
const TIMERS_MS = 1500;

const task: ReplayStart = workerData;
const control = new PluginControl(task.control);
const kept = new PluginMemory();
/** What the recording, or a file of boxes, says of boxes: known when the recording is open. */
const site = new Site();
let nowMs: number | undefined;

const send = (message: FromReplay): void => parentPort?.postMessage(message);

const line = (level: LogLevel) => (text: string) =>
  send({ type: 'log', level, text: cleanText(String(text), MAX_LOG_LINE) });

const context: PluginContext = {
  log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
  now: () => nowMs ?? Date.now(),
  ...siteMembers(site, { memory: kept, history: NO_STORE.history }),
  report: (boxId, code, info) => line('warn')(`finding about box ${boxId}: ${code}: ${info}`),
};

const NOTHING: PluginRecording = { description: 'nothing', frames: [], warnings: [], boxes: [] };

function openedRecording(): PluginRecording | undefined {
  try {
    return openPluginRecording(task.recording, task.options);
  } catch (error) {
    const hint = error instanceof MakaiError ? error.hint : undefined;
    send({ type: 'unreadable', message: messageOf(error), code: codeOf(error), hint });
    return undefined;
  }
}

async function replay(): Promise<void> {
  captureConsole(line('info'));
  const recording = task.loadOnly ? NOTHING : openedRecording();
  if (recording === undefined) return;
  for (const warning of recording.warnings) line('warn')(warning);
  site.update(
    toSiteData(undefined, recording.boxes, { ...referenceIn(task.settings), ...recording.reference }),
  );
  const memory = task.file.language === 'javascript' ? new MemoryWatch(task.memoryMb) : undefined;
  control.enter('load');
  const plugin = await loadPlugin(task.file, task.memoryMb);
  control.leave();
  const { name, version, warnings, reads = [] } = plugin;
  send({ type: 'loaded', name, version, warnings, reads });
  control.enter('load');
  await plugin.configure(task.settings, context);
  control.leave();
  const totals = await play(plugin, recording, () => {
    const held = memory?.outgrown();
    if (held !== undefined) throw new Error(`outgrew its memory: it holds ${held} MiB of ${task.memoryMb}`);
  });
  if (task.speed) {
    nowMs = undefined;
    captureConsole(() => undefined); // what it prints has been seen
    totals.perSecond = await measurementsPerSecond(task, context, control);
  }
  send({ type: 'done', totals });
}

const unlimited = (): TokenBucket => new TokenBucket(Number.MAX_SAFE_INTEGER, 1);

/** Feeds all of the recording, and unloads. */
async function play(
  plugin: LoadedPlugin,
  recording: PluginRecording,
  checkMemory: () => void,
): Promise<ReplayTotals> {
  let refused = 0;
  let surplus = 0;
  let problem: string | undefined;
  const found = { incidents: 0, values: 0 };
  // Time of the recording: what an hour may bring is what a recorded hour may bring.
  const budget = new EventBudget(task.eventsPerHour, { monotonic: () => nowMs ?? 0 });
  const accepted = (request: EventRequest): EventRequest[] => {
    const reason = windowProblem(request, nowMs ?? Date.now(), USUAL_MAX_WINDOW_MS);
    if (reason === undefined) return [budget.admit(request) ?? []].flat();
    refused += 1;
    problem ??= WINDOW_PROBLEMS[reason];
    return [];
  };
  const session = new PluginSession(
    plugin,
    {
      requests: (requests) => {
        const taken = requests.flatMap(accepted);
        if (taken.length > 0) send({ type: 'requests', requests: taken });
      },
      results: ({ incidents, values }) => {
        const admitted = incidents.filter(({ boxId }) => budget.admitBox(boxId));
        found.incidents += incidents.length;
        found.values += values.length;
        send({ type: 'results', incidents: admitted, values });
      },
      refusals: (r, s, why) => {
        refused += r;
        surplus += s;
        problem ??= why;
        if (surplus > MAX_SURPLUS)
          throw new Error(`asks for too much: ${surplus} requests more than its calls may make (4,096 each)`);
      },
    },
    control,
    // a replay is faster than its recording: the limits of a second do not hold, those of a call do
    new ResultCollector(unlimited(), unlimited(), unlimited()),
  );
  const boxes = new Set<number>();
  let firstMs: number | undefined;
  let ticks = 0;
  let steps = 0;
  for (const step of stepsOf(
    recording.frames,
    new References(
      { ...referenceIn(task.settings), ...recording.reference },
      referenceData(undefined, recording.boxes),
    ),
  )) {
    nowMs = step.nowMs;
    firstMs ??= nowMs;
    if (step.kind === 'tick') {
      ticks += 1;
      session.tick(nowMs);
      await setImmediate(); // for the plugin's own timers and promises
      if (ticks % PROGRESS_TICKS === 0) {
        const seconds = (nowMs - firstMs) / 1000;
        send({ type: 'progress', seconds, measurements: control.get('measurements') });
      }
    } else {
      for (const id of step.columns.boxId.subarray(0, step.columns.count)) boxes.add(id);
      session.process(step.columns);
    }
    steps += 1;
    if (steps % MEMORY_CHECK_STEPS === 0) checkMemory();
  }
  const { memoryMb } = plugin;
  if (!task.loadOnly) await ownTimers();
  await session.unload();
  checkMemory();
  return {
    recording: recording.description,
    measurements: control.get('measurements'),
    boxes: boxes.size,
    seconds: ((nowMs ?? 0) - (firstMs ?? 0)) / 1000,
    ticks,
    batches: control.get('batches'),
    requests: control.get('requests'),
    refused,
    surplus,
    problem,
    ...found,
    limited: budget.limited,
    batchP50Us: control.get('batchP50Us'),
    batchP99Us: control.get('batchP99Us'),
    memoryMb,
    perSecond: undefined,
  };
}

/** Waits for timers that the plugin has started, as long as there are some. */
async function ownTimers(): Promise<void> {
  const until = performance.now() + TIMERS_MS;
  while (performance.now() < until && process.getActiveResourcesInfo().includes('Timeout')) {
    await setTimeout(10);
  }
}

replay().catch((error: unknown) => send({ type: 'failed', ...problemOf(error), at: nowMs }));
