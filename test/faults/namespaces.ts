/** Network namespaces as hosts. Only for root. */
import { spawnSync } from 'node:child_process';

/** Runs `ip`. @throws Error with what it said */
export function ip(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}

/** Why there can be no second host here; undefined when there can. */
export function hostsMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can make network namespaces';
  const name = `mkf${process.pid}t`;
  const made = spawnSync('ip', ['netns', 'add', name]).status === 0;
  if (made) spawnSync('ip', ['netns', 'delete', name]);
  return made ? undefined : 'no network namespaces here';
}
