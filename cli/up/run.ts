/** What `makai up` does: creates the working folder, runs daemons and boxes as child processes, and shows their state. */
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_SCENARIO, loadScenario, recordingPath } from '../../box/sources/load-scenario.js';
import { messageOf } from '../../common/errors.js';
import { type Part, startAll } from '../../common/lifecycle.js';
import { EXIT } from '../../common/report-error.js';
import { jsonLine, write } from '../../common/stdout.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { UsageError } from '../errors.js';
import { clean } from '../output.js';
import { Child } from './children.js';
import { type ShownEvent, Watch } from './watch.js';
import { prepareWorkspace, type Workspace } from './workspace.js';

/** First id of the simulated boxes. Odd ids are Box 2, even ids Box 3. */
const FIRST_BOX = 1001;

export interface UpOptions {
  boxes: string;
  dir: string;
  scenario?: string;
  for?: string;
  json?: true;
}

/** Runs until Ctrl-C, SIGTERM or `--for`, or until a child exits unexpectedly (exit code 1). */
export async function up(options: UpOptions): Promise<void> {
  const count = wholeNumber('--boxes', options.boxes, 1, 10_000);
  const seconds = options.for === undefined ? undefined : wholeNumber('--for', options.for, 1, 31_536_000);
  const scenario = resolve(recordingPath(options.scenario ?? DEFAULT_SCENARIO));
  const boxIds = Array.from({ length: count }, (_, i) => String(FIRST_BOX + i));
  const { grid } = loadScenario(scenario);
  const workspace = await prepareWorkspace(resolve(options.dir), boxIds);
  const store = await openStore(workspace.storeUrl, {
    retention: { mode: 'ttl', measurementsSeconds: 86_400 },
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
    const show = (event: ShownEvent): void => void printEvent(event, grid.voltage_v, options.json === true);
    const running = await startAll([
      ...childParts(workspace, count, scenario, children, onDeath).slice(0, 3),
      {
        name: 'watch',
        start: () => {
          const watch = new Watch(workspace.endpoints, store, show);
          watches.push(watch);
          return Promise.resolve(watch);
        },
      },
      ...childParts(workspace, count, scenario, children, onDeath).slice(3),
    ]);
    const [watch] = watches;
    try {
      await printStarted(workspace, children, count, options.json === true);
      while (!end.signal.aborted && watch !== undefined)
        await printStatus(watch, end.signal, options.json === true);
    } finally {
      await running.stop();
    }
    if (watch !== undefined && !options.json)
      await write(
        `\nstopped: ${watch.measurements} measurements, ${watch.events} events; stored in ${workspace.directory}\n`,
      );
    if (failure !== undefined) {
      process.stderr.write(`error: ${failure}\n`);
      process.exitCode = EXIT.failed;
    }
  } finally {
    end.abort();
    await stopped;
    await store.close();
  }
}

/** The daemons, then the boxes, in the order in which they start. */
function childParts(
  { configs, logs, endpoints, keyDirectory, keys }: Workspace,
  count: number,
  scenario: string,
  children: Child[],
  onDeath: (message: string) => void,
): Part[] {
  const child = (name: string, args: string[]): Part => ({
    name,
    start: async () => {
      const started = await Child.start({ name, args, logs, onDeath });
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
  return [
    child('triggering-broker', ['triggering-broker', configs['triggering-broker']]),
    child('acquisition-broker', ['acquisition-broker', configs['acquisition-broker']]),
    child('triggering-service', ['triggering-service', configs['triggering-service']]),
    child('boxes', [...boxes, ...where, '--keys', keyDirectory, '--server-key', keys.serverPublic]),
  ];
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
  const timer = seconds === undefined ? undefined : setTimeout(stop, seconds * 1000);
  await new Promise<void>((done) => {
    if (end.signal.aborted) done();
    else end.signal.addEventListener('abort', () => done(), { once: true });
  });
  clearTimeout(timer);
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
  const { directory, logs, storeUrl } = workspace;
  if (json) await write(jsonLine({ kind: 'started', boxes, directory, logs, store: storeUrl, pids }));
  else
    await write(
      `Makai is up: 3 daemons, ${boxes} simulated boxes. Working folder ${directory} (logs in log/). Ctrl-C stops it.\n`,
    );
}

/** Prints one status, then waits one second (five seconds without a terminal). */
async function printStatus(watch: Watch, signal: AbortSignal, json: boolean): Promise<void> {
  const before = watch.measurements;
  const since = performance.now();
  const pause = json || process.stdout.isTTY ? 1000 : 5000;
  await sleep(pause, undefined, { signal }).catch(() => undefined);
  const rate = (1000 * (watch.measurements - before)) / (performance.now() - since);
  const { boxes, measurements, events } = watch;
  if (json) {
    await write(
      jsonLine({ kind: 'status', boxes, measurements, measurements_per_s: Number(rate.toFixed(1)), events }),
    );
    return;
  }
  const line = `${boxes} boxes  ${rate.toFixed(1)} measurements/s  ${measurements} so far  ${events} events`;
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

function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max)
    throw new UsageError(`${option}: expected a whole number from ${min} to ${max}, found ${text}`);
  return value;
}
