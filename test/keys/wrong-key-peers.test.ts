import assert from 'node:assert/strict';
import { KeyConnections } from '../../keys/key-connections.js';
import { Refusals } from '../../keys/refusals.js';
import { WrongKeyPeers } from '../../keys/wrong-key-peers.js';
import type { FailureReason } from '../../zmq/connections.js';
import { Connections } from '../../zmq/connections.js';
import { readableLog } from './helpers.js';

class Failing extends Connections {
  fail: (reason: FailureReason) => void = () => undefined;
  override onFailed(failed: (reason: FailureReason) => void): void {
    this.fail = failed;
  }
}

describe('keys/wrong-key-peers', () => {
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('names the addresses that are neither of boxes that are let in nor of refused keys, each once in the log', async () => {
    const { log, text } = readableLog();
    const lines = (): string[] => text().split('\n');
    const gate = { connections: new KeyConnections(), refusals: new Refusals() };
    gate.connections.admitted('7', '10.0.0.7', 1);
    gate.refusals.add(Buffer.alloc(32, 1), '10.0.0.8', 'unknown');
    const socket = new Failing();
    let nowMs = 1e12;
    let closing = new Map([
      ['10.0.0.7', 9],
      ['10.0.0.8', 50],
      ['10.0.0.9', 1],
      ['2001:db8::5', 1],
    ]);
    const open = new Set<string>();
    const asked: number[][] = [];
    const wrong = new WrongKeyPeers({
      ...{ sockets: [socket], endpoints: () => ['tcp://*:9880', 'ipc:///x'], gate, log, now: () => nowMs },
      readPeers: (ports) => {
        asked.push([...ports]);
        return Promise.resolve({ open, closing });
      },
    });
    socket.fail('no_curve');
    await settled();
    assert.deepEqual(asked, []);
    socket.fail('wrong_server_key');
    socket.fail('wrong_server_key');
    await settled();
    assert.deepEqual(asked, [[9880]], 'once a second');
    assert.deepEqual(
      wrong.list().map(({ address }) => address),
      ['2001:db8::5', '10.0.0.9'],
    );
    assert.equal(wrong.recent, 2);
    nowMs += 2000;
    closing = new Map([['10.0.0.9', 1]]);
    socket.fail('wrong_server_key');
    await settled();
    const [newest] = wrong.list();
    assert.deepEqual(newest, {
      ...{
        address: '10.0.0.9',
        first: new Date(1e12).toISOString(),
        last: new Date(1e12 + 2000).toISOString(),
      },
    });
    assert.equal(lines().filter((line) => line.includes('10.0.0.9')).length, 1);
    // A box that was let in before, and tries again and again.
    closing = new Map([['10.0.0.7', 10]]);
    open.add('10.0.0.7');
    for (const expected of [2, 3]) {
      nowMs += 2000;
      socket.fail('wrong_server_key');
      await settled();
      assert.equal(wrong.recent, expected);
      open.clear();
    }
    nowMs += 16 * 60_000;
    assert.equal(wrong.recent, 0);
  });

  it('says so where the address is not known, and forgets the oldest of many', async () => {
    const { log, text } = readableLog();
    const lines = (): string[] => text().split('\n');
    const gate = { connections: new KeyConnections(), refusals: new Refusals() };
    const socket = new Failing();
    let nowMs = 1e12;
    let closing: Map<string, number> | undefined;
    const readPeers = () =>
      Promise.resolve(closing === undefined ? undefined : { open: new Set<string>(), closing });
    const wrong = new WrongKeyPeers({
      ...{ sockets: [socket], endpoints: () => [], gate, log, readPeers, now: () => nowMs },
    });
    for (let i = 0; i < 3; i += 1) {
      nowMs += 2000;
      socket.fail('wrong_server_key');
      await settled();
    }
    assert.equal(lines().filter((line) => line.includes('its address is not known')).length, 1);
    nowMs += 2000;
    closing = new Map(Array.from({ length: 300 }, (_, i) => [`10.0.${i >> 8}.${i & 255}`, 1]));
    socket.fail('wrong_server_key');
    await settled();
    assert.equal(wrong.list().length, 100);
  });
});
