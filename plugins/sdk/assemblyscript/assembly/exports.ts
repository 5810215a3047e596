// What the host calls. A plugin's entry file has `export * from '.../exports';`.
import { ABI_VERSION, HISTORY_TREND, MEASUREMENT_BYTES, Measurement } from './abi';
import { log } from './log';
import { now_ms } from './makai';
import { registered } from './registry';
import { Requests } from './requests';
import { Settings } from './settings';

/** What `makai_configure` returns when the settings are refused; the log says why. */
const SETTINGS_REFUSED: i32 = 1;
const NO_PLUGIN: i32 = 2;

/** Requests after which memory is looked through even before the next tick. */
const COLLECT_AFTER: i32 = 10_000;

const requests = new Requests();
let uncollected: i32 = 0;

export function makai_abi_version(): i32 {
  return ABI_VERSION;
}

/** Memory for the host to write to; it is never freed. */
export function makai_alloc(bytes: u32): usize {
  return heap.alloc(bytes);
}

export function makai_configure(records: usize, bytes: u32): i32 {
  const plugin = registered();
  if (plugin === null) return NO_PLUGIN;
  const settings = new Settings(records, bytes);
  plugin.configure(settings);
  settings.refuseOthers();
  const problems = settings.problems;
  for (let i = 0; i < problems.length; i++) log.error(problems[i]);
  return problems.length === 0 ? 0 : SETTINGS_REFUSED;
}

/** A call without measurements is a tick. */
export function makai_process(measurements: usize, count: u32): u32 {
  requests.clear();
  if (count === 0 || uncollected > COLLECT_AFTER) collect();
  const plugin = registered();
  if (plugin === null) return 0;
  const nowMs = now_ms();
  if (count === 0) plugin.tick(nowMs, requests);
  for (let i: u32 = 0; i < count; i++) {
    plugin.measurement(changetype<Measurement>(measurements + i * MEASUREMENT_BYTES), nowMs, requests);
  }
  uncollected += requests.length;
  return requests.length;
}

/** What `configure` asked for. */
export function makai_history(rows: usize, count: u32, kind: u32): void {
  const plugin = registered();
  if (plugin === null) return;
  for (let i: u32 = 0; i < count; i++) {
    plugin.history(changetype<Measurement>(rows + i * MEASUREMENT_BYTES), kind === HISTORY_TREND);
  }
  collect();
}

/** Called once, last, by hosts that know it. */
export function makai_unload(): u32 {
  requests.clear();
  const plugin = registered();
  if (plugin !== null) plugin.unload(requests);
  return requests.length;
}

export function makai_requests(): usize {
  return requests.lay();
}

/** Frees what nothing refers to. Only here, where no function of the plugin has a reference on its stack. */
function collect(): void {
  uncollected = 0;
  __collect();
}
