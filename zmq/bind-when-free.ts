/** Binding a socket to an endpoint that may not be free yet: libzmq closes in the background, so a port is held a moment longer. */
import { setTimeout } from 'node:timers/promises';
import { codeOf } from '../common/errors.js';

const RETRY_MS = 20;
/** Tries whose error says nothing: see below. */
const VAIN_TRIES = 100;

interface Bindable {
  bind(endpoint: string): Promise<void>;
}

/**
 * Binds, and tries again while the address is in use. On a socket whose events are heard libzmq now and then reports EAGAIN in place of the
 * reason (seen with 4.3.5), so such a try is followed by another, whatever the patience.
 * @param patienceMs how long; then the error (code EADDRINUSE) is thrown
 * @throws any other error of `bind` at once
 */
export async function bindWhenFree(socket: Bindable, endpoint: string, patienceMs = 5000): Promise<void> {
  const until = performance.now() + patienceMs;
  let vain = 0;
  for (;;) {
    try {
      await socket.bind(endpoint);
      return;
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EAGAIN') vain += 1;
      const again =
        code === 'EAGAIN' ? vain < VAIN_TRIES : code === 'EADDRINUSE' && performance.now() <= until;
      if (!again) throw error;
      await setTimeout(RETRY_MS);
    }
  }
}
