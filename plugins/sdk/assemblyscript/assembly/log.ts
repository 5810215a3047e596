import { LOG_DEBUG, LOG_ERROR, LOG_INFO, LOG_WARN } from './abi';
import { log as hostLog } from './makai';

function write(level: i32, message: string): void {
  const utf8 = String.UTF8.encode(message);
  hostLog(level, changetype<usize>(utf8), utf8.byteLength);
}

/** Lines in the daemon's log. The host cuts long ones, and leaves lines out when they are too many. */
export class Log {
  debug(message: string): void {
    write(LOG_DEBUG, message);
  }
  info(message: string): void {
    write(LOG_INFO, message);
  }
  warn(message: string): void {
    write(LOG_WARN, message);
  }
  error(message: string): void {
    write(LOG_ERROR, message);
  }
}

export const log = new Log();

/** What a failed assertion or a `throw` does (`asc --use abort=...`): says so in the log, and traps. The host starts the plugin again. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const what = message === null ? 'abort' : message;
  const where = file === null ? '' : ` (${file}:${line}:${column})`;
  write(LOG_ERROR, what + where);
  unreachable();
}
