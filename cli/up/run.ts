/** What `makai up` does: creates the working folder, runs daemons and boxes as child processes, and shows their state. */
import { join, resolve } from 'node:path';
import { DEFAULT_SCENARIO, loadScenario, recordingPath } from '../../box/sources/load-scenario.js';
import { pause, systemClock } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import { type Part, startAll } from '../../common/lifecycle.js';
import { EXIT } from '../../common/report-error.js';
import { jsonLine, write } from '../../common/stdout.js';
import { shownUrl } from '../../common/store-url.js';
import { KIND_NAMES } from '../../config/kind-names.js';
import { lockPath } from '../../daemon/lock.js';
import { isRepeat } from '../../store/incidents.js';
import { openStore } from '../../store/open.js';
import type { IncidentDocument, IncidentGroup, Store } from '../../store/store.js';
import { classesOf, deviationOf, durationOf } from '../incident-text.js';
import { clean } from '../output.js';
import type { PluginShown } from '../plugin/states.js';
import { Child } from './children.js';
import { PluginWatch } from './plugin-watch.js';
import { Sentences } from './printed.js';
import { type ShownEvent, type Shows, Watch } from './watch.js';
import { prepareWorkspace, type Workspace } from './workspace.js';

/** First id of the simulated boxes. Odd ids are Box 2, even ids Box 3. */
const FIRST_BOX = 1001;

export interface UpOptions {
  boxes: number;
  dir: string;
  scenario?: string;
  store?: string;
  for?: number;
  json?: true;
}

/** Runs until Ctrl-C, SIGTERM or `--for`, or until a child exits unexpectedly (exit code 1). */
export async function up(options: UpOptions): Promise<void> {
  const { boxes: count, for: seconds } = options;
  const scenario = resolve(recordingPath(options.scenario ?? DEFAULT_SCENARIO));
  const boxIds = Array.from({ length: count }, (_, i) => String(FIRST_BOX + i));
  const { grid } = loadScenario(scenario);
  const directory = resolve(options.dir);
  const lock = lockPath(join(directory, 'makai'), 'up');
  const workspace = await prepareWorkspace(directory, boxIds, options.store, true);
  const store = await openStore(workspace.storeUrl, {
    retention: { mode: 'ttl', measurementsSeconds: 86_400 },
    upgrade: true,
  });
  const end = new AbortController();
  const stopped = untilStopped(end, seconds);
  try {
    await registerBoxes(store, boxIds, grid.calibration_constant);
    let failure: string | undefined;
    const onDeath = (message: string): void => {
      failure ??= message;
      end.abort();
    };
    const children: Child[] = [];
    const watches: Watch[] = [];
    const json = options.json === true;
    const sentences = new Sentences();
    const shows: Shows = {
      event: (event) => void printEvent(event, grid.voltage_v, json),
      incident: (incident) => void printIncident(incident, json),
      group: (group) => void printGroup(group, sentences, json),
    };
    const { boxes, daemons } = childParts(workspace, count, scenario, children, onDeath);
    const running = await startAll([
      ...daemons,
      {
        name: 'watch',
        start: () => {
          const watch = new Watch(workspace.endpoints, store, shows);
          watches.push(watch);
          return Promise.resolve(watch);
        },
      },
      boxes,
    ]);
    const [watch] = watches;
    const plugins = new PluginWatch(workspace.endpoints.status);
    try {
      await printStarted(workspace, children, count, options.json === true);
      while (!end.signal.aborted && watch !== undefined) {
        await printStatus(watch, end.signal, options.json === true);
        for (const one of await plugins.changed()) await printPlugin(one, options.json === true);
      }
    } finally {
      await running.stop();
    }
    if (watch !== undefined && !options.json)
      await write(
        `\nstopped: ${watch.measurements} measurements, ${watch.events} events, ${watch.incidents} incidents; stored in ${workspace.directory}\n`,
      );
    for (const { plugin, lastError } of plugins.stopped)
      process.stderr.write(`error: plugin ${clean(plugin)}: ${clean(lastError ?? 'did not run')}\n`);
    if (plugins.stopped.length > 0) process.exitCode = EXIT.failed;
    if (failure !== undefined) {
      process.stderr.write(`error: ${failure}\n`);
      process.exitCode = EXIT.failed;
    }
  } finally {
    end.abort();
    await stopped;
    await store.close();
    lock.release();
  }
}

/** The daemons, in the order in which they start, and the boxes. */
function childParts(
  workspace: Workspace,
  count: number,
  scenario: string,
  children: Child[],
  onDeath: (message: string) => void,
): { daemons: Part[]; boxes: Part } {
  const { configs, logs, endpoints, keyDirectory, keys } = workspace;
  const child = (name: string, args: string[]): Part => ({
    name,
    start: async () => {
      const start = (): Promise<Child> => Child.start({ name, args, logs, onDeath });
      // Two `makai up` that start at the same time both find the same port free.
      const started = await start().catch(async (error: unknown) => {
        if (await workspace.moveAway(name)) return start();
        throw error;
      });
      children.push(started);
      return started;
    },
  });
  const boxes = [
    'box',
    '--json',
    '--count',
    String(count),
    '--first-id',
    String(FIRST_BOX),
    '--dialect',
    'mixed',
    '--source',
    scenario,
  ];
  const where = [
    '--measurements',
    endpoints.measurements,
    '--commands',
    endpoints.commands,
    '--replies',
    endpoints.replies,
  ];
  const daemons = KIND_NAMES.map((kind) => child(kind, [kind, configs[kind]]));
  const access = ['--keys', keyDirectory, '--server-key', keys.serverPublic];
  return { daemons, boxes: child('boxes', [...boxes, ...where, ...access]) };
}

/** The records of the boxes: readers of the store need the calibration constant. */
async function registerBoxes(store: Store, boxIds: readonly string[], constant: number): Promise<void> {
  const known = new Set((await store.boxes()).map(({ box_id }) => box_id));
  for (const box_id of boxIds) {
    if (known.has(box_id)) continue;
    const name = `simulated box ${box_id}`;
    await store.putBox({ box_id, name, calibration_constant: constant, unplugged: false, location: 'demo' });
  }
}

/** Resolves at SIGINT, SIGTERM, after `seconds`, or when something else aborts `end`. It always aborts `end`. */
async function untilStopped(end: AbortController, seconds: number | undefined): Promise<void> {
  const stop = (): void => end.abort();
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const cancel = seconds === undefined ? undefined : systemClock.after(seconds * 1000, stop);
  await new Promise<void>((done) => {
    if (end.signal.aborted) done();
    else end.signal.addEventListener('abort', () => done(), { once: true });
  });
  cancel?.();
  process.off('SIGINT', stop);
  process.off('SIGTERM', stop);
}

async function printStarted(
  workspace: Workspace,
  children: readonly Child[],
  boxes: number,
  json: boolean,
): Promise<void> {
  const pids = Object.fromEntries(children.map(({ name, pid }) => [name, pid]));
  const { directory, logs, mqtt, page, storeUrl } = workspace;
  if (json)
    await write(
      jsonLine({ kind: 'started', boxes, directory, logs, store: shownUrl(storeUrl), page, mqtt, pids }),
    );
  else
    await write(
      `Makai is up: ${KIND_NAMES.length} daemons, ${boxes} simulated boxes. Page: ${page} MQTT: ${mqtt} Working folder ${directory} (logs in log/). Ctrl-C stops it.\n`,
    );
}

/** Prints one status, then waits one second (five seconds without a terminal). */
async function printStatus(watch: Watch, signal: AbortSignal, json: boolean): Promise<void> {
  const before = watch.measurements;
  const since = performance.now();
  const pauseMs = json || process.stdout.isTTY ? 1000 : 5000;
  await pause(systemClock, pauseMs, signal);
  const rate = (1000 * (watch.measurements - before)) / (performance.now() - since);
  const { boxes, measurements, events, incidents } = watch;
  if (json) {
    await write(
      jsonLine({
        kind: 'status',
        boxes,
        measurements,
        measurements_per_s: Number(rate.toFixed(1)),
        events,
        incidents,
      }),
    );
    return;
  }
  const line = `${boxes} boxes  ${rate.toFixed(1)} measurements/s  ${measurements} so far  ${events} events  ${incidents} incidents`;
  await write(process.stdout.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
}

async function printEvent(event: ShownEvent, nominal: number, json: boolean): Promise<void> {
  if (json) {
    await write(jsonLine({ kind: 'event', ...event }));
    return;
  }
  const boxes = event.waveforms.map(
    ({ box_id, seconds, rms_min, rms_max }) =>
      `    box ${box_id}: ${seconds.toFixed(2)} s stored, ${rms_min.toFixed(1)} to ${rms_max.toFixed(1)} V ` +
      `(${(rms_min / nominal).toFixed(3)} to ${(rms_max / nominal).toFixed(3)} pu)\n`,
  );
  const head = `${process.stdout.isTTY ? '\r\x1b[K' : ''}event ${event.event_id}  ${event.type ?? ''}  ${clean(event.description)}\n`;
  try {
    await write(head + boxes.join(''));
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
  }
}

/** A repeat of the same disturbance in another event is not shown to people. */
async function printIncident(incident: IncidentDocument, json: boolean): Promise<void> {
  if (json) {
    await write(jsonLine({ kind: 'incident', ...incident }));
    return;
  }
  if (isRepeat(incident)) return;
  const { box_id, incident_id } = incident;
  const what = `box ${box_id}: ${classesOf(incident)}, ${durationOf(incident)} s, ${deviationOf(incident)}`;
  await printLine(`incident ${incident_id}  ${what}`);
}

async function printGroup(group: IncidentGroup, sentences: Sentences, json: boolean): Promise<void> {
  if (json) return write(jsonLine({ kind: 'group', ...group }));
  if (sentences.isNew(group)) await printLine(group.sentence);
}

async function printLine(text: string): Promise<void> {
  try {
    await write(`${process.stdout.isTTY ? '\r\x1b[K' : ''}${clean(text)}\n`);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
  }
}

async function printPlugin({ plugin, state, lastError, file }: PluginShown, json: boolean): Promise<void> {
  if (json) {
    await write(jsonLine({ kind: 'plugin', plugin, state, last_error: lastError, file }));
    return;
  }
  const head = process.stdout.isTTY ? '\r\x1b[K' : '';
  const reason = lastError === undefined || state === 'running' ? '' : `: ${lastError}`;
  await write(`${head}plugin ${clean(`${plugin} ${state}${reason}`)}\n`);
}
