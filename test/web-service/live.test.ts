/** Live events: what a viewer gets, what it gets again, and what becomes of one that does not read. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Hub } from '../../web-service/live/hub.js';
import { Live } from '../../web-service/live/live.js';
import type { LiveMeasurements } from '../../web-service/live/measurements.js';
import { ManualClock } from './manual-clock.js';

/** A response that keeps what is written; with `isStuck` nothing leaves it. */
class Response extends EventEmitter {
  text = '';
  writableLength = 0;
  destroyed = false;
  constructor(readonly isStuck = false) {
    super();
  }
  write(text: string): boolean {
    if (this.isStuck) this.writableLength += text.length;
    this.text += text;
    return true;
  }
  end(): void {
    this.emit('close');
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
  names(): string[] {
    return [...this.text.matchAll(/^event: (\S+)$/gm)].map(([, name]) => name ?? '');
  }
  lastId(): string | undefined {
    return [...this.text.matchAll(/^id: (\S+)$/gm)].at(-1)?.[1];
  }
}

describe('web-service: live', () => {
  const given = () => {
    const clock = new ManualClock();
    let tick = 0;
    const last = new Map<string, { tick: number; value: number }>();
    const stream = {
      connected: true,
      tick: () => {
        tick += 1;
        return tick - 1;
      },
      since: (from: number) =>
        [...last]
          .filter(([, one]) => one.tick >= from)
          .map(([box_id, { value }]) => ({ box_id, timestamp_ms: 1, received_ms: 1, voltage: value })),
    } as unknown as LiveMeasurements;
    const live = new Live(stream, clock);
    const view = (
      options: {
        topics?: string;
        boxes?: string;
        perSecond?: number;
        lastId?: string;
        isStuck?: boolean;
        isAllowed?: () => Promise<boolean>;
      } = {},
    ) => {
      const { boxes, isAllowed = async () => true, isStuck = false, lastId, perSecond = 4, topics } = options;
      const response = new Response(isStuck);
      live.view(response as unknown as ServerResponse, live.topicsOf(topics), {
        topics,
        boxes,
        perSecond,
        lastId,
        isAllowed,
      });
      return response;
    };
    const measure = (box: string, value: number): void => void last.set(box, { tick, value });
    return { clock, live, measure, view };
  };

  it('topics and boxes are chosen; what is no topic is refused', () => {
    const { live, view } = given();
    const all = view();
    const some = view({ topics: 'incidents' });
    live.hub.publish('events', 'event', { event_id: 1 });
    live.hub.publish('incidents', 'incident', { incident_id: 1 });
    assert.deepEqual(all.names(), ['hello', 'measurements', 'event', 'incident']);
    assert.deepEqual(some.names(), ['hello', 'incident']);
    assert.throws(() => live.topicsOf('events,nothing'), { code: 'REQUEST_INVALID' });
  });

  it('measurements come at most as often as asked for, and only what is new', async () => {
    const { clock, measure, view } = given();
    const four = view({ topics: 'measurements' });
    const one = view({ topics: 'measurements', perSecond: 1, boxes: '2' });
    for (let i = 0; i < 40; i += 1) {
      measure('1', i);
      measure('2', i);
      await clock.pass(50);
    }
    const count = (response: Response): number =>
      response.names().filter((name) => name === 'measurements').length;
    assert.ok(count(four) >= 8 && count(four) <= 9, `${count(four)} in two seconds`);
    assert.ok(count(one) >= 2 && count(one) <= 3, `${count(one)} in two seconds`);
    assert.ok(!one.text.includes('"box_id":"1"'));
    await clock.pass(250);
    const before = count(four);
    await clock.pass(2000);
    assert.equal(count(four), before, 'silence costs nothing');
  });

  it('who connects again gets what was missed, once; or is said to read again', () => {
    const { live, view } = given();
    const first = view({ topics: 'events' });
    live.hub.publish('events', 'event', { event_id: 1 });
    const lastId = first.lastId() ?? '';
    first.end();
    live.hub.publish('events', 'event', { event_id: 2 });
    live.hub.publish('incidents', 'incident', { incident_id: 3 });
    const again = view({ topics: 'events', lastId });
    assert.deepEqual(again.names(), ['hello', 'event']);
    assert.ok(again.text.includes('"event_id":2'));
    for (const wrong of ['', 'x', lastId.replace(/^./, 'z'), lastId.replace(/\d+$/, '999'), `${lastId}0000`])
      assert.deepEqual(view({ topics: 'events', lastId: wrong }).names(), ['hello', 'reset'], wrong);
  });

  it('a hub keeps the newest events only', () => {
    const hub = new Hub();
    hub.publish('events', 'event', {});
    const listened: string[] = [];
    const stop = hub.add({ send: (text) => void listened.push(text), wants: () => true });
    for (let i = 0; i < 3000; i += 1) hub.publish('events', 'event', { i });
    stop();
    hub.publish('events', 'event', {});
    assert.equal(listened.length, 3000);
    const ids = listened.map((text) => /^id: (\S+)$/m.exec(text)?.[1] ?? '');
    assert.equal(hub.missed(ids[100] ?? ''), undefined);
    assert.equal(hub.missed(ids[2900] ?? '')?.length, 100);
  });

  it('a viewer that does not read is disconnected, and the others are not held up', () => {
    const { live, view } = given();
    const stuck = view({ isStuck: true });
    const reader = view();
    const long = 'x'.repeat(100_000);
    for (let i = 0; i < 50; i += 1) live.hub.publish('events', 'event', { long });
    assert.ok(stuck.destroyed);
    assert.ok(stuck.text.length < 3_000_000);
    assert.equal(reader.names().filter((name) => name === 'event').length, 50);
    assert.equal(live.slow, 1);
    assert.equal(live.viewers, 1);
  });

  it('who missed much is said to read again, and is not disconnected for it', () => {
    const { live, view } = given();
    const first = view({ topics: 'events' });
    live.hub.publish('events', 'event', { event_id: 1 });
    const lastId = first.lastId() ?? '';
    first.end();
    const long = 'x'.repeat(100_000);
    for (let i = 0; i < 30; i += 1) live.hub.publish('events', 'event', { long });
    const again = view({ topics: 'events,incidents', lastId, isStuck: true });
    assert.deepEqual(again.names(), ['hello', 'reset']);
    assert.ok(!again.destroyed);
    assert.deepEqual(
      view({ topics: 'incidents', lastId }).names(),
      ['hello'],
      'of its own topics it missed none',
    );
  });

  it('the measurements of 40,000 boxes arrive at a viewer that reads, whole and then what is new', async () => {
    const { clock, live, measure } = given();
    const ids = Array.from({ length: 40_000 }, (_, i) => String(1_000_000 + i));
    for (const id of ids) measure(id, 0);
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      live.view(response, live.topicsOf('measurements'), {
        ...{ topics: 'measurements', boxes: undefined, perSecond: 4, lastId: undefined },
        isAllowed: async () => true,
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/`);
    const seen = new Map<string, number>();
    const reading = (async () => {
      let text = '';
      const decoder = new TextDecoder();
      for await (const piece of response.body ?? []) {
        text += decoder.decode(piece as Uint8Array, { stream: true });
        const whole = text.split('\n\n');
        text = whole.pop() ?? '';
        for (const one of whole) {
          const [, data] = /^event: measurements\ndata: (.*)$/m.exec(one) ?? [];
          if (data === undefined) continue;
          const { items } = JSON.parse(data) as { items: { box_id: string; voltage: number }[] };
          for (const { box_id, voltage } of items) seen.set(box_id, voltage);
        }
      }
    })();
    const until = async (value: number): Promise<void> => {
      while (seen.size < ids.length || [...seen.values()].some((one) => one !== value))
        await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await until(0);
    for (const id of ids) measure(id, 1);
    await clock.pass(500);
    await until(1);
    assert.equal(live.slow, 0);
    assert.equal(live.viewers, 1);
    await live.stop();
    await reading;
    await new Promise((resolve) => server.close(resolve));
  }).timeout(60_000);

  it('measurements that are not read wait in small numbers; after ten seconds the viewer is disconnected', async () => {
    const { clock, live, measure, view } = given();
    for (let i = 0; i < 40_000; i += 1) measure(String(1_000_000 + i), 0);
    const stuck = view({ topics: 'measurements', isStuck: true });
    await clock.pass(9000);
    assert.ok(!stuck.destroyed);
    // It reads: the rest follows, and what came meanwhile.
    measure('7', 5);
    await clock.pass(250);
    for (let i = 0; i < 10; i += 1) {
      stuck.writableLength = 0;
      await clock.pass(250);
    }
    assert.ok(stuck.text.includes('"box_id":"1039999"') && stuck.text.includes('"box_id":"7"'));
    for (let i = 0; i < 40_000; i += 1) measure(String(1_000_000 + i), 1);
    const before = stuck.text.length;
    await clock.pass(11_000);
    assert.ok(stuck.destroyed);
    assert.ok(stuck.text.length - before < 2_000_000);
    assert.equal(live.slow, 1);
  });

  it('a viewer whose session ended is disconnected; connections are kept alive', async () => {
    const { clock, live, view } = given();
    let isAllowed = true;
    const viewer = view({ isAllowed: async () => isAllowed });
    await clock.pass(31_000);
    assert.equal(live.viewers, 1);
    assert.equal(viewer.text.split('\n').filter((line) => line === ':').length, 3);
    isAllowed = false;
    await clock.pass(31_000);
    assert.equal(live.viewers, 0);
  });
});
