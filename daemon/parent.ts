/** Children of `makai up` end with it, even when it is killed and can no longer stop them. */

/** Set for a child whose stdin is a pipe from its parent. */
export const STOP_WITH_PARENT = 'MAKAI_STOP_WITH_PARENT';

/** In a child of `makai up`: the end of stdin (the parent is gone) is taken as SIGTERM. Does nothing elsewhere. */
export function stopWithParent(): void {
  if (process.env[STOP_WITH_PARENT] !== '1') return;
  process.stdin.on('error', () => undefined);
  process.stdin.once('close', () => process.kill(process.pid, 'SIGTERM'));
  process.stdin.resume();
  // A pipe that is only watched must not keep a stopped child alive.
  if ('unref' in process.stdin) process.stdin.unref();
}
