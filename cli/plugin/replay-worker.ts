/** The thread of `makai plugin check` and `run`: loads the plugin as the daemon does and plays it a recording. Started by replay.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { codeOf, MakaiError, messageOf } from '../../common/errors.js';
import { TokenBucket } from '../../common/token-bucket.js';
import { PluginControl } from '../../plugin-host/control.js';
import { MAX_LOG_LINE } from '../../plugin-host/limits.js';
import { loadPlugin } from '../../plugin-host/load-plugin.js';
import type { LoadedPlugin } from '../../plugin-host/loaded-plugin.js';
import { MemoryWatch } from '../../plugin-host/memory-watch.js';
import type { LogLevel } from '../../plugin-host/messages.js';
import { PluginSession } from '../../plugin-host/plugin-session.js';
import { RequestCollector } from '../../plugin-host/request-collector.js';
import { cleanText } from '../../plugin-host/request-shape.js';
import type { PluginContext } from '../../plugins/sdk/plugin.js';
import type { FromReplay, ReplayStart, ReplayTotals } from './messages.js';
import { openPluginRecording, type PluginRecording } from './recording.js';
import { measurementsPerSecond } from './speed.js';
import { stepsOf } from './steps.js';

/** Steps between two looks at the memory. */
const MEMORY_CHECK_STEPS = 64;

const task: ReplayStart = workerData;
const control = new PluginControl(task.control);
let nowMs: number | undefined;

const send = (message: FromReplay): void => parentPort?.postMessage(message);

const line = (level: LogLevel) => (text: string) =>
  send({ type: 'log', level, text: cleanText(String(text), MAX_LOG_LINE) });

const context: PluginContext = {
  log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
  now: () => nowMs ?? Date.now(),
  thresholds: () => undefined,
  location: () => 'unknown',
};

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
  const recording = openedRecording();
  if (recording === undefined) return;
  for (const warning of recording.warnings) line('warn')(warning);
  const memory = task.file.language === 'javascript' ? new MemoryWatch(task.memoryMb) : undefined;
  control.enter('load');
  const plugin = await loadPlugin(task.file, task.memoryMb);
  control.leave();
  send({ type: 'loaded', name: plugin.name, version: plugin.version });
  control.enter('load');
  await plugin.configure(task.settings, context);
  control.leave();
  const totals = await play(plugin, recording, () => {
    const held = memory?.outgrown();
    if (held !== undefined) throw new Error(`outgrew its memory: it holds ${held} MiB of ${task.memoryMb}`);
  });
  if (task.speed) {
    nowMs = undefined;
    totals.perSecond = await measurementsPerSecond(task, context, control);
  }
  send({ type: 'done', totals });
}

/** Feeds all of the recording, and unloads. */
async function play(
  plugin: LoadedPlugin,
  recording: PluginRecording,
  checkMemory: () => void,
): Promise<ReplayTotals> {
  let refused = 0;
  let surplus = 0;
  let problem: string | undefined;
  const session = new PluginSession(
    plugin,
    {
      requests: (requests) => send({ type: 'requests', requests }),
      unsound: (r, s, why) => {
        refused += r;
        surplus += s;
        problem ??= why;
      },
    },
    control,
    // a replay is faster than its recording: the limits of a second do not hold, those of a call do
    new RequestCollector(new TokenBucket(Number.MAX_SAFE_INTEGER, 1)),
  );
  const boxes = new Set<number>();
  let firstMs: number | undefined;
  let ticks = 0;
  let steps = 0;
  for (const step of stepsOf(recording.frames)) {
    nowMs = step.nowMs;
    firstMs ??= nowMs;
    if (step.kind === 'tick') {
      ticks += 1;
      session.tick(nowMs);
    } else {
      for (const id of step.columns.boxId.subarray(0, step.columns.count)) boxes.add(id);
      session.process(step.columns);
    }
    steps += 1;
    if (steps % MEMORY_CHECK_STEPS === 0) checkMemory();
  }
  const { memoryMb } = plugin;
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
    batchP50Us: control.get('batchP50Us'),
    batchP99Us: control.get('batchP99Us'),
    memoryMb,
    perSecond: undefined,
  };
}

replay().catch((error: unknown) => send({ type: 'failed', problem: messageOf(error), at: nowMs }));
