/** Binding a socket to an endpoint that may not be free yet: libzmq closes in the background, so a port is held a moment longer. */
import { setTimeout } from 'node:timers/promises';
import { codeOf } from './errors.js';

const RETRY_MS = 20;

interface Bindable {
  bind(endpoint: string): Promise<void>;
}

/**
 * Binds, and tries again while the address is in use.
 * @param patienceMs how long; then the error (code EADDRINUSE) is thrown
 * @throws any other error of `bind` at once
 */
export async function bindWhenFree(socket: Bindable, endpoint: string, patienceMs = 5000): Promise<void> {
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      await socket.bind(endpoint);
      return;
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE' || performance.now() > until) throw error;
      await setTimeout(RETRY_MS);
    }
  }
}
