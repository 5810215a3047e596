/** Binding a socket to an endpoint that may not be free yet: libzmq closes in the background, so a port is held a moment longer. */
import { pause, systemClock } from '../common/clock.js';
import { codeOf } from '../common/errors.js';

const RETRY_MS = 20;
/** Tries with an error that does not give the reason: see below. */
const MAX_UNEXPLAINED = 100;

interface Bindable {
  bind(endpoint: string): Promise<void>;
}

/**
 * Binds, and tries again while the address is in use. On a socket whose events are listened to libzmq sometimes reports EAGAIN in place
 * of the reason (seen with 4.3.5), so such a try is followed by another, whatever the timeout.
 * @param timeoutMs how long; then the error (code EADDRINUSE) is thrown
 * @throws any other error of `bind` immediately
 */
export async function bindWhenFree(socket: Bindable, endpoint: string, timeoutMs = 5000): Promise<void> {
  const until = performance.now() + timeoutMs;
  let unexplained = 0;
  for (;;) {
    try {
      await socket.bind(endpoint);
      return;
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EAGAIN') unexplained += 1;
      const again =
        code === 'EAGAIN'
          ? unexplained < MAX_UNEXPLAINED
          : code === 'EADDRINUSE' && performance.now() <= until;
      if (!again) throw error;
      await pause(systemClock, RETRY_MS);
    }
  }
}
