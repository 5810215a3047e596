/**
 * What the daemons have in common when they run as processes. Configuration is loaded, the daemon started, a ready line printed.
 * SIGTERM and SIGINT drain and exit 0; a second one exits without draining. SIGHUP reloads the configuration; SIGUSR2 switches debug logs on and off.
 */
import { constants } from 'node:os';
import type { Running } from '../common/lifecycle.js';
import { createLogger, type Logger } from '../common/log.js';
import { describeError, EXIT, reportError } from '../common/report-error.js';
import { jsonLine, write } from '../common/stdout.js';
import { type Kind, loadConfig, type SettingsOf } from '../config/index.js';
import { createNotifier } from './notify.js';
import { stopWithParent } from './parent.js';

export interface Daemon<K extends Kind> extends Running {
  /** endpoints that were opened, by the field that names them; printed in the ready line */
  readonly endpoints?: Readonly<Record<string, string>>;
  /** applies what may change while running */
  reload?(settings: SettingsOf[K]): Promise<void>;
}

export type StartDaemon<K extends Kind> = (
  settings: SettingsOf[K],
  deps: { log: Logger },
) => Promise<Daemon<K>>;

/**
 * Runs a daemon until a signal ends it; the promise is fulfilled once it has stopped.
 * @param path configuration file named on the command line
 * A failed start is reported and ends the process with code 1.
 * @throws what loading threw
 */
export async function runDaemon<K extends Kind>(
  kind: K,
  path: string | undefined,
  start: StartDaemon<K>,
): Promise<void> {
  const { settings, source, warnings } = loadConfig(kind, path);
  const log = createLogger(kind, settings.logLevel);
  for (const { path: field, message } of warnings) log.warn({ field, source }, message);
  failLoudly(log);
  const ending = firstSignal(log);
  stopWithParent();
  const notifier = createNotifier(log);
  const daemon = await start(settings, { log }).catch((error: unknown) => {
    // What the failed start may have left open must not keep the process alive: its supervisor waits for the end.
    reportError(error);
    process.exit(EXIT.failed);
  });
  const stopWatching = watchSignals(kind, path, daemon, log, settings.logLevel);
  await write(jsonLine({ ready: kind, pid: process.pid, endpoints: daemon.endpoints ?? {} }));
  notifier.ready();
  log.info({ source, endpoints: daemon.endpoints }, 'ready');
  const signal = await ending;
  notifier.stopping();
  log.info({ signal }, 'stopping');
  await daemon.stop();
  stopWatching();
  notifier.close();
  log.info('stopped');
  // What a peer's socket or a timer still holds open must not keep a stopped daemon alive.
  process.exit(EXIT.done);
}

/** The first signal stops the daemon; a second ends the process with the exit code that shells use for the signal. */
function firstSignal(log: Logger): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (asked) {
        log.warn({ signal }, 'second signal: exit without draining');
        process.exit(128 + (constants.signals[signal] ?? 0));
      }
      asked = true;
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

function watchSignals<K extends Kind>(
  kind: K,
  path: string | undefined,
  daemon: Daemon<K>,
  log: Logger,
  usualLevel: string,
): () => void {
  let reloading = Promise.resolve();
  const onHangup = (): void => {
    reloading = reloading.then(() => reload(kind, path, daemon, log));
  };
  const onUser = (): void => {
    log.level = log.level === 'debug' ? usualLevel : 'debug';
    log.info({ log_level: log.level }, 'log level');
  };
  process.on('SIGHUP', onHangup);
  process.on('SIGUSR2', onUser);
  return () => {
    process.off('SIGHUP', onHangup);
    process.off('SIGUSR2', onUser);
  };
}

/** A configuration with mistakes changes nothing: the previous one stays in force. */
async function reload<K extends Kind>(
  kind: K,
  path: string | undefined,
  daemon: Daemon<K>,
  log: Logger,
): Promise<void> {
  try {
    const { settings, warnings } = loadConfig(kind, path);
    for (const { path: field, message } of warnings) log.warn({ field }, message);
    await daemon.reload?.(settings);
    log.info('configuration reloaded');
  } catch (error) {
    log.error({ err: error }, 'reload failed, keeping the previous configuration');
  }
}

/** A programming error that nobody caught: logged, and the process ends so that its supervisor restarts it. */
function failLoudly(log: Logger): void {
  const fail = (error: unknown): void => {
    log.fatal({ err: error }, describeError(error));
    process.exit(EXIT.failed);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
}
