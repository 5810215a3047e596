/**
 * What each file of tests takes. Loaded by mocha (.mocharc.json): with MAKAI_TEST_TIMES=<file>, its workers append a line for each file that they ran:
 * seconds, seconds of CPU with that of processes that have ended, how much of the CPU was loading modules, name.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';

/** Ticks a second in /proc (sysconf(_SC_CLK_TCK), 100 on every Linux). */
const TICKS = 100;
const target = process.env.MAKAI_TEST_TIMES;

/** Seconds of CPU of this process, on Linux also of its children that have ended (proc(5): utime, stime, cutime, cstime). */
function cpuSeconds(): number {
  if (process.platform !== 'linux') {
    const { system, user } = process.cpuUsage();
    return (system + user) / 1e6;
  }
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) / TICKS, 0);
}

let cpuBefore = 0;
let cpuLoaded = 0;
let startedAt = 0;

const hooks = {
  beforeAll(): void {
    cpuLoaded = cpuSeconds();
    startedAt = performance.now();
  },
  afterAll(this: Mocha.Context): void {
    const cpu = cpuSeconds();
    const seconds = [(performance.now() - startedAt) / 1000, cpu - cpuBefore, cpuLoaded - cpuBefore];
    const file = relative(PACKAGE_ROOT, this.test?.parent?.suites[0]?.file ?? '?');
    const columns = seconds.map((one) => one.toFixed(2).padStart(8)).join('');
    appendFileSync(target ?? '', `${columns}  ${file}\n`);
    cpuBefore = cpu;
  },
};

export const mochaHooks = target === undefined ? {} : hooks;
