import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import type { Socket } from 'zeromq';
import { Connections } from '../../zmq/connections.js';

/** The events of a socket, made by hand. */
function fakeSocket(): { socket: Pick<Socket, 'events'>; emit: (type: string, code?: string) => void } {
  const emitter = new EventEmitter();
  return {
    socket: { events: emitter as unknown as Socket['events'] },
    emit: (type, code) => emitter.emit(type, { type, error: { code } }),
  };
}

/** What happens to one connection, as libzmq was seen to report it. */
const LIVES = {
  stays: ['accept', 'handshake'],
  leaves: ['accept', 'handshake', 'disconnect'],
  refused: ['accept', 'handshake:error:auth', 'disconnect'],
  plain: ['accept', 'handshake:error:protocol', 'disconnect'],
  late: ['accept', 'handshake:error:other', 'disconnect'],
  garbage: ['accept', 'disconnect'],
} as const;

describe('zmq/connections', () => {
  it('knows how many are connected, however the events of many connections are mixed', () => {
    const life = fc.constantFrom(...(Object.keys(LIVES) as (keyof typeof LIVES)[]));
    fc.assert(
      fc.property(fc.array(life, { maxLength: 30 }), fc.infiniteStream(fc.nat()), (lives, choices) => {
        const connections = new Connections();
        const { socket, emit } = fakeSocket();
        connections.attach(socket);
        const open = lives.map((name) => [...LIVES[name]]);
        const failedBefore = new Map<string, number>();
        for (let left = open.filter((events) => events.length > 0); left.length > 0; ) {
          const event = left[(choices.next().value ?? 0) % left.length]?.shift();
          emit(event ?? '', 'ERR_ZMTP_MECHANISM_MISMATCH');
          for (const [reason, count] of Object.entries(connections.status().failed)) {
            assert.ok(count >= (failedBefore.get(reason) ?? 0), 'a total never falls');
            failedBefore.set(reason, count);
          }
          left = left.filter((events) => events.length > 0);
        }
        const count = (...names: (keyof typeof LIVES)[]) =>
          lives.filter((name) => names.includes(name)).length;
        const status = connections.status();
        assert.equal(status.opened, lives.length);
        assert.equal(status.connected, count('stays'));
        assert.equal(status.in_handshake, 0);
        assert.equal(status.accepted, count('stays', 'leaves'));
        assert.equal(status.failed.no_curve ?? 0, count('plain'));
      }),
    );
  });

  it('names reasons', () => {
    const connections = new Connections();
    const { socket, emit } = fakeSocket();
    connections.attach(socket);
    const reasons = [
      ['handshake:error:protocol', 'ERR_ZMTP_CRYPTOGRAPHIC', 'wrong_server_key'],
      ['handshake:error:protocol', 'ERR_ZMTP_INVALID_METADATA', 'protocol'],
      ['handshake:error:other', 'EAGAIN', 'timeout'],
      ['handshake:error:other', 'EPIPE', 'closed_early'],
      ['handshake:error:other', 'EIO', 'other'],
      ['accept:error', 'EMFILE', 'accept_failed'],
    ] as const;
    for (const [event, code, reason] of reasons) {
      emit('accept');
      emit(event, code);
      assert.equal(connections.status().failed[reason], 1, reason);
      const last = Date.parse(connections.status().failed_last[reason] ?? '');
      assert.ok(Math.abs(Date.now() - last) < 60_000, reason);
    }
  });

  it('forgets the connections of a socket that was closed, and keeps the totals', () => {
    const connections = new Connections();
    const [first, second] = [fakeSocket(), fakeSocket()];
    connections.attach(first.socket);
    first.emit('accept');
    first.emit('handshake');
    connections.attach(second.socket);
    first.emit('disconnect');
    second.emit('accept');
    assert.deepEqual(connections.status(), {
      connected: 0,
      in_handshake: 1,
      opened: 2,
      accepted: 1,
      failed: {},
      failed_last: {},
    });
  });
});
