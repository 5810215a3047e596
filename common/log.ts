/** Structured logs (pino): fields, not formatted text; never a key or a secret. */
import { type DestinationStream, type Logger, pino } from 'pino';
import { isJournal, journalStream } from './journal.js';

export type { Logger } from 'pino';

/** Names of fields whose values never reach a log. */
const SECRET_FIELDS = ['secretKey', 'secret_key', 'sec_key', 'box_secret_key', 'mongo_uri', 'password'];

/**
 * A logger for one daemon or tool.
 * @param name  goes into every line as `name`
 * @param level pino level; `silent` for tests
 * @param destination where lines go; stderr by default, so that stdout is free for output that scripts read. If stderr is systemd's journal,
 *   each line begins with its priority
 */
export function createLogger(name: string, level = 'info', destination?: DestinationStream): Logger {
  const options = {
    name,
    level,
    base: { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '[hidden]' },
  };
  return pino(options, destination ?? stderr());
}

function stderr(): DestinationStream {
  const plain = pino.destination({ fd: 2, sync: true });
  return isJournal() ? journalStream(plain) : plain;
}

/** A logger without output: for tests and for library use without a log. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}
