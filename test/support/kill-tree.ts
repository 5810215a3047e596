/** Signals for a process and everything below it, whatever process groups and sessions its children moved to. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Stops a process and everything below it (SIGSTOP), or lets them go on (SIGCONT). */
export function signalTree(root: number | undefined, name: 'SIGSTOP' | 'SIGCONT'): void {
  if (root !== undefined) for (const pid of [root, ...descendants(root)]) signal(pid, name);
}

/** kill -9. */
export async function killTree(root: number | undefined): Promise<void> {
  if (root === undefined) return;
  const tree = [root, ...descendants(root)];
  for (const pid of tree) signal(pid);
  signal(-root);
  while (tree.some(alive)) await sleep(5);
}

/** Below `root`, from /proc; where there is no /proc (not Linux) the process group must do. */
function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of entries()) {
    const stat = statOf(entry);
    if (stat !== undefined) children.set(stat.parent, [...(children.get(stat.parent) ?? []), entry]);
  }
  const found: number[] = [];
  const queue = [root];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    const below = children.get(pid) ?? [];
    found.push(...below);
    queue.push(...below);
  }
  return found;
}

function entries(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function statOf(pid: number): { state: string; parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: state ?? '', parent: Number(parent) };
  } catch {
    return undefined;
  }
}

function signal(pid: number, name: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already.
  }
}

/** A zombie is dead; it only waits for its parent to notice. */
function alive(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== undefined && stat.state !== 'Z' && stat.state !== 'X';
}
