/**
 * Runs a fleet of simulated boxes on the brokers and the triggering service for a long time: npm run soak -- [--boxes 1000] [--minutes 30] [--write]
 * Prints memory and latency. --write puts the figures and plots into docs/. Exits with 1 when a daemon exits, logs an error, loses an event, or
 * when its memory grows by 1 MB per minute or more over the last half.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadScenario } from '../../box/index.js';
import { Child } from '../../cli/up/children.js';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import { messageOf } from '../../common/errors.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { type Kind, parseStatusEndpoint } from '../../config/index.js';
import { readMetrics } from '../../daemon/status/client.js';
import { openStore } from '../../store/open.js';
import { unitEnvironment } from '../unit-environment.js';
import { metricValue, type Sample } from './figures.js';
import { type Judged, judge, type Soak } from './report.js';
import { startRequestClient } from './request-client.js';
import { writeDocs } from './write-docs.js';

const DAEMONS: readonly Kind[] = ['triggering-broker', 'acquisition-broker', 'triggering-service'];
const FIRST_BOX = 1001;
const SAMPLE_MS = 5000;
/**
 * Warm-up: all boxes connect and all buffers fill before figures are taken. libzmq keeps a second block of 16 KiB for each connection and direction from its 256th frame on. At the rate of requests below
 * all boxes get there within the same minute, a quarter of an hour later, which would look like a leak. So requests come fast at first.
 */
const SETTLE_MS = 20_000;
const WARM_UP = { ms: 135_000, askEveryMs: 1000 } as const;
const ASK_EVERY_MS = 15_000;
/** Time until the last measurements of the boxes are in the store. */
const DRAIN_MS = 3000;

// glibc writes each block of memory when it is allocated, so that it counts from then on. Otherwise what libzmq reserves for the queues of each connection
// (128 MB for a thousand boxes in the acquisition broker) counts bit by bit, as messages come, and looks like a leak for half an hour.
process.env.MALLOC_PERTURB_ = '85';

const { values } = parseArgs({
  options: {
    boxes: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '30' },
    write: { type: 'boolean', default: false },
  },
});
const boxes = Number(values.boxes);
const minutes = Number(values.minutes);
const directory = await mkdtemp(join(tmpdir(), 'makai-soak-'));
const deaths: string[] = [];
const end = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.abort());
const judged = await run();
for (const line of judged.lines) print(line);
for (const line of judged.wrong) print(`WRONG: ${line}`);
print(judged.wrong.length === 0 ? 'passed' : `failed; kept for inspection: ${directory}`);
if (judged.wrong.length === 0) await rm(directory, { recursive: true, force: true });
process.exit(judged.wrong.length === 0 ? 0 : 1);

async function run(): Promise<Judged> {
  const workspace = await prepareWorkspace(
    directory,
    Array.from({ length: boxes }, (_, i) => String(FIRST_BOX + i)),
  );
  await registerBoxes(workspace);
  const children: Child[] = [];
  const start = async (
    name: string,
    args: string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Child> => {
    const child = await Child.start({
      name,
      args,
      env,
      logs: workspace.logs,
      onDeath: (message) => {
        deaths.push(message);
        end.abort();
      },
    });
    children.push(child);
    return child;
  };
  // As existing brokers do: every Box 2 replies to each request, and all of it is stored.
  const broker = { ...configOf(workspace, 'acquisition-broker'), keep_unasked: true };
  writeFileSync(workspace.configs['acquisition-broker'], JSON.stringify(broker), { mode: 0o600 });
  try {
    for (const kind of DAEMONS) await start(kind, [kind, workspace.configs[kind]], unitEnvironment(kind));
    const fleet = await start('boxes', boxArguments(workspace));
    print(`${boxes} boxes, ${minutes} minutes, in ${directory}`);
    await pause(SETTLE_MS);
    await warmUp(workspace);
    await pause(SETTLE_MS);
    const soak = await watch(workspace, children);
    soak.whole = await wholeRun(workspace, fleet).catch((error: unknown) => {
      // A daemon exited. The figures so far are printed anyway, and the soak has failed.
      deaths.push(messageOf(error));
      return soak.whole;
    });
    soak.log = DAEMONS.map((kind) => readFileSync(join(workspace.logs, `${kind}.log`), 'utf8')).join('');
    if (values.write) writeDocs(soak);
    else writeFileSync(join(directory, 'memory.json'), JSON.stringify([...soak.memory]));
    return judge(soak);
  } finally {
    for (const child of children.reverse())
      await child.stop().catch((error: unknown) => void deaths.push(String(error)));
  }
}

function boxArguments({ endpoints, keyDirectory, keys }: Workspace): string[] {
  const { commands, measurements, replies } = endpoints;
  const where = ['--measurements', measurements, '--commands', commands, '--replies', replies];
  const which = ['--count', String(boxes), '--first-id', String(FIRST_BOX), '--dialect', 'mixed'];
  const source = ['--source', join(PACKAGE_ROOT, 'box/scenarios/quiet.json')];
  return [
    'box',
    '--json',
    ...which,
    ...source,
    ...where,
    '--keys',
    keyDirectory,
    '--server-key',
    keys.serverPublic,
  ];
}

async function registerBoxes({ storeUrl }: Workspace): Promise<void> {
  const store = await openStore(storeUrl, { retention: { mode: 'ttl', measurementsSeconds: 86_400 } });
  const { calibration_constant } = loadScenario().grid;
  for (let i = 0; i < boxes; i += 1)
    await store.putBox({ box_id: String(FIRST_BOX + i), calibration_constant, unplugged: false });
  await store.close();
}

function requestClient(workspace: Workspace, everyMs: number, signal: AbortSignal) {
  const { backend_pull: requests = '' } = configOf(workspace, 'acquisition-broker');
  const { firstWaveform: firstWaveforms, notices } = workspace.endpoints;
  return startRequestClient({
    ...{ requests, notices, firstWaveforms, firstBox: FIRST_BOX },
    ...{ boxes, everyMs, signal },
  });
}

async function warmUp(workspace: Workspace): Promise<void> {
  print(`warm-up, ${(WARM_UP.ms + SETTLE_MS) / 1000} s`);
  const over = new AbortController();
  const client = requestClient(workspace, WARM_UP.askEveryMs, over.signal);
  await pause(WARM_UP.ms);
  over.abort();
  await client.done;
}

/** Takes samples until the time is up or a process exits. */
async function watch(workspace: Workspace, children: readonly Child[]): Promise<Soak> {
  const config = (kind: Kind): Record<string, string> => configOf(workspace, kind);
  const client = requestClient(workspace, Math.min(ASK_EVERY_MS, (minutes * 60_000) / 8), end.signal);
  const memory = new Map<string, Sample[]>();
  const delay = new Map<string, Sample[]>();
  const rate: Sample[] = [];
  const add = (map: Map<string, Sample[]>, name: string, value: number): void => {
    const list = map.get(name) ?? [];
    map.set(name, list);
    list.push({ minutes: (Date.now() - startedAt) / 60_000, value });
  };
  const startedAt = Date.now();
  const first = await totals(config);
  let last = first;
  for (;;) {
    for (const child of children) add(memory, child.name, residentMb(child.pid));
    for (const kind of DAEMONS) {
      const text = await metrics(config(kind)).catch(() => '');
      add(delay, kind, metricValue(text, 'makai_event_loop_delay_seconds', 'quantile="0.99"') * 1000);
    }
    const over = end.signal.aborted || Date.now() - startedAt >= minutes * 60_000;
    if (over) break;
    const now = await totals(config).catch(() => undefined);
    if (now !== undefined) {
      const seconds = (now.atMs - last.atMs) / 1000;
      const value = (now.stored - last.stored) / seconds;
      if (seconds > 1) rate.push({ minutes: (now.atMs - startedAt) / 60_000, value });
      last = now;
    }
    await pause(SAMPLE_MS);
  }
  const seconds = (Date.now() - startedAt) / 1000;
  end.abort();
  await client.done;
  const asked = client.asked.filter(({ atMs }) => Date.now() - atMs > 5000);
  return {
    boxes,
    seconds,
    memory,
    delay,
    rate,
    asked,
    deaths,
    log: '',
    stored: last.stored - first.stored,
    storedSeconds: (last.atMs - first.atMs) / 1000,
    whole: { sent: Number.NaN, unheard: Number.NaN, received: Number.NaN, stored: Number.NaN, dropped: [] },
    cpu: cpus()[0]?.model ?? 'unknown',
    startedAt,
  };
}

interface Totals {
  atMs: number;
  received: number;
  stored: number;
  dropped: string[];
}

async function totals(config: (kind: Kind) => Record<string, string>): Promise<Totals> {
  const text = await metrics(config('triggering-service'));
  const dropped = text
    .split('\n')
    .filter((line) => line.startsWith('makai_dropped_total{') && !line.endsWith(' 0'));
  return {
    atMs: Date.now(),
    received: metricValue(text, 'makai_messages_total', 'kind="measurement"'),
    stored: metricValue(text, 'makai_measurements_stored_total'),
    dropped,
  };
}

/** Switches the boxes off, waits for messages in transit, and counts measurements from end to end. */
async function wholeRun(workspace: Workspace, fleet: Child): Promise<Soak['whole']> {
  await fleet.stop();
  await sleep(DRAIN_MS);
  const { measurements: sent = Number.NaN, unheard = Number.NaN } = JSON.parse(fleet.lastLine) as {
    measurements?: number;
    unheard?: number;
  };
  return { sent, unheard, ...(await totals((kind) => configOf(workspace, kind))) };
}

function configOf(workspace: Workspace, kind: Kind): Record<string, string> {
  return JSON.parse(readFileSync(workspace.configs[kind], 'utf8')) as Record<string, string>;
}

function metrics({ status }: Record<string, string>): Promise<string> {
  const address = parseStatusEndpoint(status ?? '');
  if (address === undefined) throw new Error('no status server');
  return readMetrics(address, 10_000);
}

function residentMb(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}

async function pause(ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: end.signal }).catch(() => undefined);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
