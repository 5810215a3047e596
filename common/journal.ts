/** The journal's priorities: systemd reads `<3>` at the start of a line of stderr as its priority and removes it from the message (sd-daemon(3)). */
import { fstatSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** Priorities of syslog. */
export const PRIORITY = { critical: 2, error: 3, warning: 4, info: 6, debug: 7 } as const;

/**
 * Whether a descriptor is connected to the journal: JOURNAL_STREAM has its device and inode (systemd.exec(5)). A child whose stderr was
 * redirected inherits the variable, but not the descriptor.
 */
export function isJournal(env: NodeJS.ProcessEnv = process.env, descriptor = 2): boolean {
  const match = /^(\d+):(\d+)$/.exec(env.JOURNAL_STREAM ?? '');
  if (match === null) return false;
  try {
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    return `${dev}:${ino}` === match[0];
  } catch {
    return false;
  }
}

/** Puts the priority of a log line (pino, JSON with `level` first) in front of each line. */
export function journalStream(destination: DestinationStream): DestinationStream {
  return { write: (line) => destination.write(`<${priorityOf(line)}>${line}`) };
}

/** Text of several lines, with a priority in front of each. */
export function withPriority(text: string, priority: number): string {
  return text.replace(/^(?=.)/gm, `<${priority}>`);
}

function priorityOf(line: string): number {
  const level = Number(/^\{"level":(\d+)/.exec(line)?.[1] ?? 30);
  if (level >= 60) return PRIORITY.critical;
  if (level >= 50) return PRIORITY.error;
  if (level >= 40) return PRIORITY.warning;
  return level >= 30 ? PRIORITY.info : PRIORITY.debug;
}
