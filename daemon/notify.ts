/**
 * Reports to systemd that the daemon is ready, alive and stopping (Type=notify, WatchdogSec). The notify socket is a datagram socket, which Node
 * cannot write to, so systemd's own `systemd-notify` does it; units need NotifyAccess=all. Outside systemd nothing happens.
 */
import { execFile } from 'node:child_process';
import type { Logger } from '../common/log.js';

export interface Notifier {
  ready(): void;
  stopping(): void;
  /** Ends the watchdog's heartbeat. */
  close(): void;
}

/** A start may take longer than systemd waits: a large store is copied before its schema is upgraded. */
const EXTEND = { everyMs: 20_000, byUs: 60_000_000, forMs: 30 * 60_000 } as const;

const SILENT: Notifier = { ready: () => undefined, stopping: () => undefined, close: () => undefined };

/**
 * @param env where systemd puts NOTIFY_SOCKET and WATCHDOG_USEC
 * Until it is ready, the time for its start is extended, so that an upgrade of a large store is not killed in the middle.
 * The heartbeat comes from the event loop: a daemon whose loop hangs is killed and restarted by systemd.
 */
export function createNotifier(log: Logger, env: NodeJS.ProcessEnv = process.env): Notifier {
  if (env.NOTIFY_SOCKET === undefined || env.NOTIFY_SOCKET === '') return SILENT;
  const watchdogMs = Number(env.WATCHDOG_USEC ?? 0) / 1000;
  let heartbeat: NodeJS.Timeout | undefined;
  let failed = false;
  const report = (...states: string[]): void => {
    execFile('systemd-notify', [`--pid=${process.pid}`, ...states], { env, timeout: 10_000 }, (error) => {
      if (error === null || failed) return;
      failed = true;
      log.warn({ err: error }, 'state not reported to systemd; is systemd-notify installed?');
    });
  };
  const extending = setInterval(() => report(`EXTEND_TIMEOUT_USEC=${EXTEND.byUs}`), EXTEND.everyMs);
  extending.unref();
  const enough = setTimeout(() => clearInterval(extending), EXTEND.forMs);
  enough.unref();
  const started = (): void => {
    clearInterval(extending);
    clearTimeout(enough);
  };
  return {
    ready: () => {
      started();
      report('--ready');
      if (!(watchdogMs > 0)) return;
      // Three chances within the time that systemd waits.
      heartbeat = setInterval(() => report('WATCHDOG=1'), watchdogMs / 3);
      heartbeat.unref();
    },
    stopping: () => report('STOPPING=1'),
    close: () => {
      started();
      clearInterval(heartbeat);
    },
  };
}
