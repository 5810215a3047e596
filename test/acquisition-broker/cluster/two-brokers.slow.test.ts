/** Two acquisition brokers with boxes at each, at one nats-server and one store. */
import assert from 'node:assert/strict';
import { connect } from '@nats-io/transport-node';
import { givenNats, NatsServer } from '../../support/nats-server.js';
import { type FakeClient, until } from '../rig.js';
import { Pair } from './pair.js';

/** Box 2 above 1000, Box 3 below. */
const AT_A = [1001, 7];
const AT_B = [1002, 8];
/** Commands and replies at different brokers. */
const SPLIT = [1003, 9];
const LATE = 55;

describe('acquisition broker: two of them', function () {
  this.timeout(300_000);
  const binary = givenNats();
  let nats: NatsServer;
  let pair: Pair;
  let client: FakeClient;
  let clientOfB: FakeClient;
  const killed: string[] = [];

  before(async () => {
    nats = await NatsServer.start(binary());
    pair = await Pair.start(nats.url, [...AT_A, ...AT_B, ...SPLIT, LATE]);
    client = await pair.client(pair.a);
    clientOfB = await pair.client(pair.b);
  });
  after(async () => {
    await pair?.stop();
    await nats?.stop();
  });
  afterEach(() => {
    assert.deepEqual(killed, []);
    for (const one of [client, clientOfB]) one.heard.clear();
  });

  const window = (): { startMs: number; endMs: number } => {
    const endMs = Date.now() - 2000;
    return { startMs: endMs - 2000, endMs };
  };
  const cluster = (which: 'a' | 'b') => {
    const { nats: status } = pair[which].status();
    if (status === undefined) throw new Error('no status of the cluster');
    return status;
  };
  const start = async (...[id, commands, replies]: Parameters<Pair['box']>): Promise<void> => {
    const box = await pair.box(id, commands, replies);
    box.on('killed', (reason) => killed.push(`${id}: ${reason}`));
  };

  it('each knows the boxes of the other', async () => {
    for (const id of AT_A) await start(id, pair.a);
    for (const id of AT_B) await start(id, pair.b);
    const isKnown = (which: 'a' | 'b'): boolean =>
      ['box2', 'box3'].every((dialect) => cluster(which).brokers[0]?.boxes[dialect]?.known === 1);
    await until(() => isKnown('a') && isKnown('b'));
    assert.deepEqual(
      cluster('a').brokers.map(({ name }) => name),
      ['broker-b'],
    );
    assert.equal(cluster('a').boxes_elsewhere, 2);
    assert.deepEqual(
      pair.a.status().boxes.box3?.ids,
      ['7'],
      'boxes of others are not counted as connected here',
    );
  });

  it('a request at one is for boxes of both, and gives one event with all waveforms', async () => {
    const asked = window();
    await client.request({ ...asked, boxIds: [...AT_A, ...AT_B] });
    const event = await client.evnew();
    await pair.stored(event, [...AT_A, ...AT_B]);
    const [received] = (await pair.store.boxEvents(event)).filter(({ box_id }) => box_id === '8');
    assert.ok(received !== undefined && received.window_timestamps_ms.length > 100);
    assert.ok(((await pair.store.waveform(received.data_fs_filename))?.length ?? 0) > 0);
    // B counts when it hears that A has them; on a busy machine it may ask once more, and A says that it is done.
    await until(() => cluster('a').replies.received >= 2 && cluster('b').replies.forwarded >= 2);
    assert.equal(pair.a.status().dropped.reply_to_nothing ?? 0, 0);
    assert.equal(pair.b.status().dropped.reply_to_nothing ?? 0, 0);
    assert.equal(await clientOfB.evnew(), event, 'clients of the other broker hear of it too');
    await until(() => clientOfB.notices.length > 0);
  });

  it('what is only for boxes of the other is not sent to Box 2s here', async () => {
    const { read = 0 } = pair.a.status().sent;
    await client.request({ ...window(), boxIds: [1002] });
    await pair.stored(await client.evnew(), [1002]);
    assert.equal(pair.a.status().sent.read ?? 0, read);
  });

  it('a request that names nobody asks everybody, wherever they are', async () => {
    await clientOfB.request(window());
    const event = await clientOfB.evnew();
    await pair.stored(event, [...AT_A, ...AT_B]);
    assert.deepEqual((await pair.store.event(event))?.boxes_triggered, ['7', '8', '1001', '1002']);
  });

  it('a box whose two command sockets end at two brokers', async () => {
    await start(9, pair.b, pair.a);
    await start(1003, pair.a, pair.b);
    await until(() => cluster('a').boxes_elsewhere === 3);
    // A Box 2 does not say which it is when it subscribes: its replies come to the other one.
    await until(() => pair.b.status().boxes.box2?.ids.includes('1003') === true);
    for (const asker of [client, clientOfB]) {
      await asker.request({ ...window(), boxIds: SPLIT });
      const event = await asker.evnew();
      await pair.stored(event, SPLIT);
      for (const one of [client, clientOfB]) {
        await until(() => one.heard.length > 0 || one === asker);
        one.heard.clear();
      }
    }
  });

  it('the reply to a Command goes to the client that sent it, and only one for an event is copied', async () => {
    const watcher = await connect({ servers: nats.url });
    const copied: string[] = [];
    watcher.subscribe('makai.open_requests.>', {
      callback: (_, { subject }) => void copied.push(subject.split('.').slice(3).join(' ')),
    });
    await watcher.flush();
    await client.command({ boxId: 8, identity: 'maukainfo_x_0', body: { kind: 'info' } });
    assert.equal((await client.heard.next())[0]?.toString(), 'maukainfo_x_0');
    const { startMs, endMs } = window();
    const body = { kind: 'data', startMs, endMs, wait: false } as const;
    await client.command({ boxId: 8, identity: 'viewer_1', body });
    const frames = await client.heard.next();
    assert.equal(frames[0]?.toString(), 'viewer_1');
    assert.ok(frames.length > 100, 'with all its cycles');
    await watcher.flush();
    assert.deepEqual(copied, []);
    await client.command({ boxId: 8, identity: 'data_token_rest', body });
    await pair.stored(await client.evnew(), [8]);
    // Its copy is waited for half a second, and comes later on a busy machine.
    await until(() => copied.length > 0);
    await watcher.flush();
    assert.match(copied.join(), /^command \d+$/);
    await watcher.close();
  });

  it('ids are drawn by both, and each is given once', async () => {
    const draw = async (one: FakeClient): Promise<number[]> => {
      const ids: number[] = [];
      while (ids.length < 50) ids.push(await one.number(''));
      return ids;
    };
    const [ofA, ofB] = await Promise.all([draw(client), draw(clientOfB)]);
    const drawn = [...ofA, ...ofB];
    for (const ids of [ofA, ofB])
      assert.deepEqual(
        ids,
        [...ids].sort((a, b) => a - b),
        'rising within one',
      );
    assert.equal(new Set(drawn).size, drawn.length);
  });

  it('a box that is nowhere is known as such, and asked when it comes to the other broker', async () => {
    const { nowhere } = cluster('a');
    await client.request({ ...window(), boxIds: [LATE, 7] });
    const event = await client.evnew();
    await pair.stored(event, [7]);
    assert.equal(cluster('a').nowhere, nowhere + 1);
    assert.equal(pair.a.status().open.requests, 1);
    await start(LATE, pair.b);
    await pair.stored(event, [7, LATE]);
    assert.equal(cluster('b').nowhere, 0);
  });

  it('NATS away: boxes here are asked as always, the others when it is back', async () => {
    await nats.kill();
    await until(() => !cluster('a').connected && !cluster('b').connected);
    assert.equal(cluster('a').boxes_elsewhere, 0);
    const { nowhere } = cluster('a');
    await client.request({ ...window(), boxIds: [7, 1001, 8] });
    const event = await client.evnew();
    await pair.stored(event, [7, 1001]);
    assert.equal(cluster('a').nowhere, nowhere + 1, 'box 8 is not to be reached');
    await nats.start();
    await until(() => pair.hearEachOther);
    await pair.stored(event, [7, 1001, 8]);
  });
});
