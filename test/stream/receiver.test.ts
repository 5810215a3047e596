import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Subscriber, XPublisher } from 'zeromq';
import { BurstReader } from '../../stream/stream-socket.js';

const MANY = 20_000;

describe('stream: messages in bursts', () => {
  let publisher: XPublisher;
  let socket: Subscriber;
  let taken: number[];
  let reader: BurstReader;

  beforeEach(async () => {
    publisher = new XPublisher({ sendHighWaterMark: 0, linger: 0 });
    await publisher.bind('tcp://127.0.0.1:*');
    socket = new Subscriber({ receiveHighWaterMark: 0, linger: 0 });
    socket.connect(publisher.lastEndpoint ?? '');
    socket.subscribe();
    await publisher.receive();
    taken = [];
    reader = new BurstReader(socket, { receive: ([, body]) => taken.push(Number(body)) });
  });
  afterEach(() => {
    socket.close();
    publisher.close();
  });

  async function send(count: number, from = 0): Promise<void> {
    for (let i = from; i < from + count; i++) await publisher.send(['1', String(i)]);
  }

  async function take(count: number): Promise<void> {
    while (taken.length < count) await reader.next();
  }

  function numbers(count: number): number[] {
    return Array.from({ length: count }, (_, i) => i);
  }

  it('takes a flood whole and in order, and others get their turn in between', async () => {
    let turns = 0;
    let over = false;
    const count = (): void => {
      turns += 1;
      if (!over) setImmediate(count);
    };
    await send(MANY);
    setImmediate(count);
    await take(MANY);
    over = true;
    assert.deepEqual(taken, numbers(MANY));
    assert.ok(turns >= 10, `${turns} turns`);
  });

  it('waits for single messages, after a flood too', async () => {
    await send(1);
    await take(1);
    await send(MANY, 1);
    await take(MANY + 1);
    const next = take(MANY + 2);
    setImmediate(() => void send(1, MANY + 1));
    await next;
    assert.equal(taken.at(-1), MANY + 1);
    assert.equal(socket.receiveTimeout, -1);
  });

  it('where messages may wait, receives those that came meanwhile together, all and in order', async () => {
    const gathering = new BurstReader(socket, { receive: ([, body]) => taken.push(Number(body)) }, 10);
    let calls = 0;
    const all = (async () => {
      for (; taken.length < MANY + 1; calls += 1) await gathering.next();
    })();
    for (let i = 0; i < MANY; i += 100) {
      await send(100, i);
      await sleep(1);
    }
    while (taken.length < MANY) await sleep(5);
    assert.ok(calls < MANY / 100, `${calls} times it waited for a single message`);
    await sleep(50);
    await send(1, MANY);
    await all;
    assert.deepEqual(taken, numbers(MANY + 1));
    assert.equal(socket.receiveTimeout, -1);
  });

  it('ends when the socket is closed between two of its looks', async () => {
    const gathering = new BurstReader(socket, { receive: ([, body]) => taken.push(Number(body)) }, 10);
    await send(1);
    const ended = (async () => {
      for (;;) await gathering.next();
    })();
    while (taken.length === 0) await sleep(1);
    socket.close();
    await assert.rejects(ended);
  });

  it('ends when the socket is closed while it waits', async () => {
    const waiting = reader.next();
    setImmediate(() => socket.close());
    await assert.rejects(waiting);
    await assert.rejects(reader.next());
  });

  it('ends when what a message leads to closes the socket', async () => {
    const closing = new BurstReader(socket, {
      receive: ([, body]) => {
        taken.push(Number(body));
        if (taken.length === 500) socket.close();
      },
    });
    await send(1000);
    const ended = (async () => {
      for (;;) await closing.next();
    })();
    await assert.rejects(ended);
    assert.deepEqual(taken, numbers(500));
  });
});
