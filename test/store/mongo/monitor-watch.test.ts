/**
 * The watch over the driver's monitor. A monitor that is lost depends on which of two sockets the system reports first, so the driver's client is
 * replaced here by one that says what the driver says then; monitor-watch.slow.test.ts breaks real connections.
 */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WatchedClient, watchMonitor } from '../../../store/mongo/connection/monitor-watch.js';

const ADDRESS = { connectionId: '127.0.0.1:27017' };

class Client extends EventEmitter {
  options = { connectTimeoutMS: 1, heartbeatFrequencyMS: 10_000 };
  readonly calls: string[] = [];
  failures = 0;

  connect(): Promise<void> {
    this.calls.push('connect');
    this.failures -= 1;
    return this.failures >= 0 ? Promise.reject(new Error('down')) : Promise.resolve();
  }

  close(): Promise<void> {
    this.calls.push('close');
    return Promise.resolve();
  }

  get watched(): WatchedClient {
    return this as unknown as WatchedClient;
  }
}

describe("store/mongo: the watch over the driver's monitor", () => {
  it('connects again where a check does not end, until that works', async () => {
    const client = new Client();
    client.failures = 1;
    const end = watchMonitor(client.watched);
    client.emit('serverHeartbeatStarted', { ...ADDRESS, awaited: false });
    while (client.calls.length < 3) await sleep(50);
    assert.deepEqual(client.calls, ['close', 'connect', 'connect']);
    end();
  }).timeout(60_000);

  it('lets alone what ends, what is awaited, and what was closed', async () => {
    const client = new Client();
    const end = watchMonitor(client.watched);
    for (const ended of ['serverHeartbeatSucceeded', 'serverHeartbeatFailed']) {
      client.emit('serverHeartbeatStarted', { ...ADDRESS, awaited: false });
      client.emit(ended, ADDRESS);
    }
    client.emit('serverHeartbeatStarted', { ...ADDRESS, awaited: true });
    const closed = new Client();
    const endOther = watchMonitor(closed.watched);
    closed.emit('serverHeartbeatStarted', { ...ADDRESS, awaited: false });
    endOther();
    await sleep(1300);
    assert.deepEqual([client.calls, closed.calls], [[], []]);
    end();
  }).timeout(60_000);
});
