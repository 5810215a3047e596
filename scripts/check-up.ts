/**
 * Runs `makai up` and checks it: no error in any log, memory of each daemon flat over the last half (less than
 * 1 MB per minute), an event for each one in the scenario and no others, a clean stop. Prints what it observed; exits with 1 if a check fails.
 *
 * usage: node dist/scripts/check-up.js [--for SECONDS] [--boxes N]     (npm run check:up)
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { loadScenario, type Scenario, scheduleOf } from '../box/index.js';
import { PACKAGE_ROOT } from '../common/package-root.js';

const MAX_GROWTH_MB_PER_MINUTE = 1;
/** Events that the threshold settings of the demo detect. A transient of a few milliseconds is not detected. */
const SEEN_BY_THRESHOLD = new Set(['sag', 'swell', 'interruption', 'frequency_ramp', 'harmonics']);
/** The clock of a box and ours differ by the time that its process takes to start, s. */
const SLACK_S = 3;

interface Started {
  kind: 'started';
  pids: Record<string, number>;
  logs: string;
}
interface SeenEvent {
  kind: 'event';
  event_id: number;
  type: string;
  description: string;
  boxes_triggered: string[];
  boxes_received: string[];
  target_event_start_timestamp_ms: number;
  target_event_end_timestamp_ms: number;
}
type Line = Started | SeenEvent | { kind: 'status'; measurements: number; boxes: number };

const { values } = parseArgs({
  options: { for: { type: 'string', default: '300' }, boxes: { type: 'string', default: '2' } },
});
const seconds = Number(values.for);
const boxes = Number(values.boxes);
const directory = mkdtempSync(join(tmpdir(), 'makai-up-'));
const memory = new Map<string, { minutes: number; mb: number }[]>();
const events: SeenEvent[] = [];
const wrong: string[] = [];
let started: Started | undefined;
let startedAt = 0;
let measurements = 0;

const entry = join(PACKAGE_ROOT, 'dist/cli/main.js');
const args = ['up', '--json', '--for', String(seconds), '--boxes', String(boxes), '--dir', directory];
const child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
const exited = new Promise<number | null>((resolve) => child.on('exit', resolve));
for await (const text of createInterface({ input: child.stdout })) {
  const line = JSON.parse(text) as Line;
  if (line.kind === 'started') {
    started = line;
    startedAt = Date.now();
  } else if (line.kind === 'event') {
    events.push(line);
    print(
      `event ${line.event_id} at ${atSecond(line)} s: ${line.type} ${line.description}, replies ${line.boxes_received}`,
    );
  } else if (started !== undefined) {
    measurements = line.measurements;
    sampleMemory(started.pids);
  }
}
const code = await exited;
if (code !== 0) wrong.push(`makai up exited with ${code}`);
if (started === undefined) wrong.push('makai up never started');
else checkLogs(started.logs);
if (measurements < seconds * boxes) wrong.push(`only ${measurements} measurements`);
checkMemory();
checkEvents(loadScenario());
for (const line of wrong) print(`WRONG: ${line}`);
print(
  wrong.length === 0
    ? `sound: ${seconds} s, ${boxes} boxes, ${measurements} measurements, ${events.length} events`
    : 'not sound',
);
if (wrong.length === 0) rmSync(directory, { recursive: true, force: true });
else print(`kept for inspection: ${directory}`);
process.exitCode = wrong.length === 0 ? 0 : 1;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function atSecond(event: SeenEvent): string {
  return ((event.target_event_start_timestamp_ms - startedAt) / 1000).toFixed(1);
}

function sampleMemory(pids: Record<string, number>): void {
  for (const [name, pid] of Object.entries(pids)) {
    const file = `/proc/${pid}/status`;
    // A process that has just exited shows in its exit code and its log.
    if (!existsSync(file)) continue;
    const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(file, 'utf8'))?.[1];
    const samples = memory.get(name) ?? [];
    samples.push({ minutes: (Date.now() - startedAt) / 60_000, mb: Number(kb) / 1024 });
    memory.set(name, samples);
  }
}

/** Least-squares slope of the last half. The boxes are not daemons, so their memory is printed but not checked. */
function checkMemory(): void {
  for (const [name, samples] of memory) {
    const half = samples.slice(samples.length >> 1);
    const mean = (pick: (s: { minutes: number; mb: number }) => number): number =>
      half.reduce((sum, s) => sum + pick(s), 0) / half.length;
    const [t, m] = [mean((s) => s.minutes), mean((s) => s.mb)];
    const over = half.reduce((sum, s) => sum + (s.minutes - t) * (s.mb - m), 0);
    const slope = over / half.reduce((sum, s) => sum + (s.minutes - t) ** 2, 0);
    print(
      `memory of ${name}: ${m.toFixed(1)} MB, ${slope >= 0 ? '+' : ''}${slope.toFixed(2)} MB per minute over the last half`,
    );
    if (name !== 'boxes' && !(slope < MAX_GROWTH_MB_PER_MINUTE))
      wrong.push(`memory of ${name} grows by ${slope.toFixed(2)} MB per minute`);
  }
}

function checkLogs(logs: string): void {
  for (const file of readdirSync(logs)) {
    const lines = readFileSync(join(logs, file), 'utf8').split('\n').filter(Boolean);
    const bad = lines.filter((line) => !line.startsWith('{') || /"level":(50|60)/.test(line));
    const warnings = lines.filter((line) => /"level":40/.test(line));
    print(`log ${file}: ${lines.length} lines, ${bad.length} errors, ${warnings.length} warnings`);
    for (const line of [...bad, ...warnings].slice(0, 5)) print(`  ${line}`);
    if (bad.length > 0) wrong.push(`${file}: ${bad.length} errors`);
  }
}

/** Every occurrence that exceeds a limit has an event of its box, and every event is at an occurrence. */
function checkEvents(scenario: Scenario): void {
  const covered = new Set<SeenEvent>();
  for (let position = 1; position <= boxes; position++) {
    const box = String(1000 + position);
    for (const { event, fromS, toS } of occurrences(scenario, position)) {
      if (toS + 10 > seconds) continue;
      const hits = events.filter((seen) => {
        const from = (seen.target_event_start_timestamp_ms - startedAt) / 1000;
        const to = (seen.target_event_end_timestamp_ms - startedAt) / 1000;
        return from <= toS + SLACK_S && to >= fromS - SLACK_S && seen.boxes_triggered.includes(box);
      });
      for (const hit of hits) covered.add(hit);
      if (SEEN_BY_THRESHOLD.has(event) && hits.length === 0)
        wrong.push(`no event of box ${box} for the ${event} at ${fromS} s`);
      if (SEEN_BY_THRESHOLD.has(event) && !hits.some((hit) => hit.boxes_received.includes(box)))
        wrong.push(`no waveform of box ${box} for the ${event} at ${fromS} s`);
    }
  }
  for (const event of events) {
    const late = (event.target_event_end_timestamp_ms - startedAt) / 1000 + 10 > seconds;
    if (!covered.has(event) && !late)
      wrong.push(`event ${event.event_id} at ${atSecond(event)} s: the scenario has nothing at that time`);
  }
}

function occurrences(scenario: Scenario, position: number): { event: string; fromS: number; toS: number }[] {
  const once = scheduleOf(scenario, position).map(({ event, startS, endS }) => ({
    event: event.type,
    fromS: startS,
    toS: endS,
  }));
  const loops = Math.ceil(seconds / scenario.duration_s);
  return Array.from({ length: loops }, (_, loop) =>
    once.map((o) => ({
      ...o,
      fromS: o.fromS + loop * scenario.duration_s,
      toS: o.toS + loop * scenario.duration_s,
    })),
  ).flat();
}
