/**
 * What the three daemons have in common when they run as processes. Configuration is loaded, the daemon started, a ready line printed.
 * SIGTERM and SIGINT drain and exit 0; a second one exits at once. SIGHUP loads the configuration anew; SIGUSR2 turns debug logs on and off.
 */
import { constants } from 'node:os';
import { codeOf, messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import { createLogger, type Logger } from '../common/log.js';
import { describeError, EXIT, reportError } from '../common/report-error.js';
import { jsonLine, write } from '../common/stdout.js';
import { type ConfigOf, type Kind, loadConfig } from '../config/index.js';
import { createNotifier } from './notify.js';
import { stopWithParent } from './parent.js';

export interface Daemon<K extends Kind> extends Running {
  /** endpoints that were opened, by the field that names them; printed in the ready line */
  readonly endpoints?: Readonly<Record<string, string>>;
  /** takes over what may change while running */
  reload?(config: ConfigOf[K]): Promise<void>;
}

export type StartDaemon<K extends Kind> = (config: ConfigOf[K], deps: { log: Logger }) => Promise<Daemon<K>>;

/**
 * Runs a daemon until a signal ends it; the promise is fulfilled once it has stopped.
 * @param path configuration file named on the command line
 * A failed start is told and ends the process with code 1.
 * @throws what loading threw
 */
export async function runDaemon<K extends Kind>(
  kind: K,
  path: string | undefined,
  start: StartDaemon<K>,
): Promise<void> {
  const { config, source, warnings } = loadConfig(kind, path);
  const log = createLogger(kind, config.log_level);
  for (const { path: field, message } of warnings) log.warn({ field, source }, message);
  failLoudly(log);
  const ending = firstSignal(log);
  stopWithParent();
  const notifier = createNotifier(log);
  const daemon = await start(config, { log }).catch((error: unknown) => {
    // What the failed start may have left open must not keep the process alive: its supervisor waits for the end.
    reportError(error);
    process.exit(EXIT.failed);
  });
  const stopWatching = watchSignals(kind, path, daemon, log, config.log_level);
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

/** The first signal asks the daemon to stop; a second ends the process with the code shells give for it. */
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

/** A configuration with mistakes changes nothing: the last good one stays in force. */
async function reload<K extends Kind>(
  kind: K,
  path: string | undefined,
  daemon: Daemon<K>,
  log: Logger,
): Promise<void> {
  try {
    const { config, warnings } = loadConfig(kind, path);
    for (const { path: field, message } of warnings) log.warn({ field }, message);
    await daemon.reload?.(config);
    log.info('configuration loaded anew');
  } catch (error) {
    log.error(
      { code: codeOf(error), detail: messageOf(error) },
      'configuration not taken over; the last one holds',
    );
  }
}

/** A mistake of ours that nobody caught: told, and the process ends so that its supervisor starts it anew. */
function failLoudly(log: Logger): void {
  const fail = (error: unknown): void => {
    log.fatal({ err: error }, describeError(error));
    process.exit(EXIT.failed);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
}
