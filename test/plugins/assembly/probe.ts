// Parts of AssemblyScript plugins by themselves, for tests.
import { RunningStats } from '../../../plugins/napali/assembly/running-stats';
import { Range, Settings } from '../../../plugins/sdk/assemblyscript/assembly';

let stats: RunningStats = new RunningStats();
let shown: ArrayBuffer = new ArrayBuffer(0);

export function allocate(bytes: u32): usize {
  return heap.alloc(bytes);
}

/** Reads `x`, `flag`, `name`, `boxes` and each `list.<n>.low`. Returns the length of a text of all values, then of all problems. */
export function configure(at: usize, bytes: u32): u32 {
  const settings = new Settings(at, bytes);
  const x = settings.number('x', -1, Range.between(-1e300, 1e300));
  const flag = settings.flag('flag', false);
  const name = settings.text('name', 'default');
  const boxes = settings.boxIds('boxes');
  let low: f64 = 0;
  const count = settings.count('list');
  for (let i = 0; i < count; i++) low += settings.number(`list.${i}.low`, 0);
  settings.refuseOthers();
  const values = [x.toString(), flag ? 'true' : 'false', name, boxes.join(','), low.toString()];
  shown = String.UTF8.encode(values.concat(settings.problems).join('|'));
  return shown.byteLength;
}

export function text(): usize {
  return changetype<usize>(shown);
}

export function reset(): void {
  stats = new RunningStats();
}

export function add(value: f64, alpha: f64): void {
  stats.add(value, alpha);
}

export function mean(): f64 {
  return stats.mean;
}

export function variance(): f64 {
  return stats.variance;
}
