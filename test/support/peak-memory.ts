import { readFileSync } from 'node:fs';

/**
 * The most memory that this process has had at a time, bytes. `process.resourceUsage().maxRSS` would count what the process that started this one had too,
 * since Linux carries that over.
 */
export function peakMemory(): number {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error('/proc/self/status has no VmHWM');
  return Number(kilobytes) * 1024;
}
