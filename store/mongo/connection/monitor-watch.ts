/**
 * A watch over the driver's monitor of a server.
 *
 * The monitor asks the server every ten seconds how it is, and every request waits for the monitor to know a usable server. Driver 7.9 can lose
 * it: when all connections of a server break in the same moment, it may write to a socket that is destroyed but not reported as closed yet, and
 * then waits for that socket to drain for ever. No time limit of the driver ends this, so nothing would reach the database again before a restart.
 */
import type { MongoClient } from 'mongodb';
import { pause, systemClock } from '../../../common/clock.js';
import type { Logger } from '../../../common/log.js';

/** Beyond the driver's own limits for connecting and for the reply. */
const MARGIN_MS = 1000;
const RETRY_MS = 1000;

/** What is used of the driver's client. */
export type WatchedClient = Pick<MongoClient, 'on' | 'connect' | 'close'> & {
  options: Pick<MongoClient['options'], 'connectTimeoutMS' | 'heartbeatFrequencyMS'>;
};

/**
 * Connects again when a check of a server has neither succeeded nor failed in the time that the driver allows for it. What is under way then fails as unavailable.
 * @returns what ends the watch, to be called before the client is closed
 */
export function watchMonitor(client: WatchedClient, log?: Logger): () => void {
  const stopping = new AbortController();
  const { signal } = stopping;
  /** by address */
  const checks = new Map<string, NodeJS.Timeout>();
  let isConnecting = false;

  const forget = (): void => {
    for (const timer of checks.values()) clearTimeout(timer);
    checks.clear();
  };
  const ended = ({ connectionId }: { connectionId: string }): void => {
    clearTimeout(checks.get(connectionId));
    checks.delete(connectionId);
  };
  const connectAgain = async (address: string): Promise<void> => {
    if (isConnecting || signal.aborted) return;
    isConnecting = true;
    forget();
    log?.error({ address }, 'the check of the MongoDB server does not end: connecting again');
    // It may first wait for a server to close cursors there. Connecting before it has ended would be undone by it.
    await client.close().catch(() => undefined);
    while (!signal.aborted) {
      try {
        await client.connect();
        break;
      } catch {
        // requests say why until it works
        await pause(systemClock, RETRY_MS, signal);
      }
    }
    isConnecting = false;
    // It was closed meanwhile.
    if (signal.aborted) await client.close().catch(() => undefined);
  };

  client.on('serverHeartbeatStarted', ({ awaited, connectionId }) => {
    ended({ connectionId });
    const { connectTimeoutMS, heartbeatFrequencyMS } = client.options;
    // 0: connecting may take as long as it likes
    if (signal.aborted || connectTimeoutMS === 0) return;
    // One that is awaited waits for news of the server, for a heartbeat and the time of a reply.
    const limitMs = (awaited ? heartbeatFrequencyMS : connectTimeoutMS) + connectTimeoutMS + MARGIN_MS;
    const timer = setTimeout(() => void connectAgain(connectionId), limitMs);
    checks.set(connectionId, timer.unref());
  });
  client.on('serverHeartbeatSucceeded', ended);
  client.on('serverHeartbeatFailed', ended);
  client.on('serverClosed', ({ address }) => ended({ connectionId: address }));
  return () => {
    stopping.abort();
    forget();
  };
}
