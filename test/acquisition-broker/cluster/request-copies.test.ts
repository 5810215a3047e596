/** Copies of open requests, over a stream in memory that fails as NATS may. */
import assert from 'node:assert/strict';
import { GONE_MS } from '../../../acquisition-broker/cluster/boxes-elsewhere.js';
import { type Copies, RequestCopies } from '../../../acquisition-broker/cluster/request-copies.js';
import { silentLogger } from '../../../common/log.js';
import type { NatsConnection } from '../../../nats/link.js';
import { ManualClock } from '../manual-clock.js';

const SWEEP_MS = 5_000;

/** What a test makes fail. */
interface Faults {
  open: boolean;
  keys: boolean;
  read: (key: string) => boolean;
  /** deletes, and does not say so */
  takeReply: boolean;
  /** does not delete */
  takeIsLost: boolean;
  takeUp: boolean;
  /** key of a request that the store will never take */
  refused: string;
}

class Stream implements Copies {
  readonly copies = new Map<string, { seq: number; body: string }>();
  readonly #faults: Faults;
  #seq = 0;

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  get names(): string[] {
    return [...this.copies.keys()].sort();
  }

  async put(member: string, key: string, body: string): Promise<number> {
    this.#seq += 1;
    this.copies.set(`${member} ${key}`, { seq: this.#seq, body });
    return this.#seq;
  }

  async keys(): Promise<Map<string, string[]>> {
    if (this.#faults.keys) throw new Error('timeout');
    const found = new Map<string, string[]>();
    for (const name of this.copies.keys()) {
      const [member = '', key = ''] = name.split(' ');
      found.set(member, [...(found.get(member) ?? []), key]);
    }
    return found;
  }

  async read(member: string, key: string): ReturnType<Copies['read']> {
    if (this.#faults.read(key)) throw new Error('timeout');
    const copy = this.copies.get(`${member} ${key}`);
    return copy && { member, key, ...copy };
  }

  async take(seq: number): Promise<boolean> {
    if (this.#faults.takeIsLost) throw new Error('timeout');
    const [name] = [...this.copies].find(([, copy]) => copy.seq === seq) ?? [];
    if (name === undefined) return false;
    this.copies.delete(name);
    if (this.#faults.takeReply) throw new Error('timeout');
    return true;
  }
}

describe('acquisition broker: copies of open requests', () => {
  let faults: Faults;
  let clock: ManualClock;
  let stream: Stream;
  let copies: RequestCopies;
  const connection = {} as NatsConnection;
  const open = new Set<string>();
  const opened: string[] = [];
  let capacity: number;
  let tries: number;
  let refusals: number;

  beforeEach(async () => {
    faults = {
      open: false,
      keys: false,
      read: () => false,
      takeReply: false,
      takeIsLost: false,
      takeUp: false,
      refused: '',
    };
    clock = new ManualClock();
    stream = new Stream(faults);
    open.clear();
    opened.length = 0;
    capacity = 100;
    tries = 0;
    refusals = 0;
    copies = new RequestCopies({
      ...{ clock, log: silentLogger(), member: 'me' },
      open: async () => {
        tries += 1;
        if (faults.open) throw new Error('no responders');
        return stream;
      },
      members: () => ['there'],
      has: (key) => open.has(key),
      hasCapacity: (boxes) => open.size + boxes <= capacity,
      takeUp: async (requests, over) => {
        for (const { key } of requests) {
          if (key !== faults.refused) continue;
          refusals += 1;
          over(key);
        }
        if (faults.takeUp) throw new Error('unavailable');
        for (const { key } of requests) {
          opened.push(key);
          open.add(key);
        }
        return requests.length;
      },
    });
    copies.start();
    await copies.connected(connection);
  });
  afterEach(() => copies.stop());

  /** Sweeps, until the members that are not heard count as gone. */
  const sweep = async (ms = GONE_MS + 2 * SWEEP_MS): Promise<void> => {
    for (let passed = 0; passed < ms; passed += SWEEP_MS) {
      clock.advance(SWEEP_MS);
      // The work between two timers is promises alone.
      for (let i = 0; i < 5; i += 1) await new Promise(setImmediate);
    }
  };

  it('those of a member that is gone are taken up, those of one that is there are not', async () => {
    await stream.put('gone', 'event:1', 'a');
    await stream.put('there', 'event:2', 'b');
    await sweep();
    assert.deepEqual(opened, ['event:1']);
    assert.deepEqual(stream.names, ['me event:1', 'there event:2']);
    copies.forget('event:1');
    await sweep();
    assert.deepEqual(stream.names, ['there event:2']);
  });

  it('one whose removal was not acknowledged is taken up: nobody else can', async () => {
    await stream.put('gone', 'event:1', 'a');
    faults.takeReply = true;
    await sweep();
    assert.deepEqual(opened, ['event:1']);
    assert.deepEqual(stream.names, ['me event:1']);
  });

  it('what was taken is opened as soon as the store takes it, whatever NATS does', async () => {
    await stream.put('gone', 'event:1', 'a');
    faults.takeUp = true;
    await sweep();
    assert.deepEqual([opened, copies.counts.takenUp], [[], 0]);
    faults.takeUp = false;
    faults.keys = true;
    await sweep(SWEEP_MS);
    assert.deepEqual([opened, copies.counts.takenUp], [['event:1'], 1]);
  });

  it('one that the store refuses is not tried again with those that wait for it', async () => {
    for (const key of ['event:1', 'event:2']) await stream.put('gone', key, 'a');
    [faults.takeUp, faults.refused] = [true, 'event:1'];
    await sweep();
    await sweep(2 * SWEEP_MS);
    assert.equal(refusals, 1);
    faults.takeUp = false;
    await sweep(SWEEP_MS);
    assert.deepEqual([opened, copies.counts.takenUp], [['event:2'], 1]);
  });

  it('no more are taken than may be open; the others stay for whoever has room', async () => {
    capacity = 2;
    for (let i = 1; i <= 5; i += 1) await stream.put('gone', `event:${i}`, 'a');
    await sweep();
    assert.deepEqual(opened, ['event:1', 'event:2']);
    assert.deepEqual(stream.names.filter((name) => name.startsWith('gone')).length, 3);
    capacity = 4;
    await sweep(SWEEP_MS);
    assert.equal(opened.length, 4);
  });

  it('a connection that comes and goes is tried once each time, and a stop leaves no timer', async () => {
    faults.open = true;
    const tried: Promise<void>[] = [];
    for (let i = 0; i < 10; i += 1) {
      copies.disconnected();
      tried.push(copies.connected(connection));
    }
    await sweep(SWEEP_MS);
    tries = 0;
    await sweep(10 * SWEEP_MS);
    assert.equal(tries, 10);
    faults.open = false;
    await copies.keep('event:1', 'a');
    await sweep(SWEEP_MS);
    assert.deepEqual(stream.names, ['me event:1']);
    faults.open = true;
    copies.disconnected();
    tried.push(copies.connected(connection));
    await sweep(SWEEP_MS);
    await copies.stop();
    await Promise.all(tried);
    assert.equal(clock.timers, 0);
  });

  it('one that stayed when its request was over is removed, and no other one', async () => {
    await copies.keep('event:1', 'a');
    await copies.keep('event:2', 'b');
    copies.disconnected();
    copies.forget('event:1');
    assert.deepEqual(stream.names, ['me event:1', 'me event:2']);
    await copies.connected(connection);
    await sweep(SWEEP_MS);
    assert.deepEqual(stream.names, ['me event:2']);
    // The reply to the removal is lost before anything was removed.
    faults.takeIsLost = true;
    copies.forget('event:2');
    await sweep(SWEEP_MS);
    assert.deepEqual(stream.names, ['me event:2']);
    faults.takeIsLost = false;
    await sweep(SWEEP_MS);
    assert.deepEqual([stream.names, opened], [[], []]);
  });

  it('one that cannot be read keeps no other one back', async () => {
    for (const key of ['event:1', 'event:2']) await stream.put('gone', key, 'a');
    faults.read = (key) => key === 'event:1';
    await sweep();
    assert.deepEqual(opened, ['event:2']);
  });
});
