/**
 * What the event bridge of the v2 analysis service hears on `backend_pub` of the acquisition broker, as a process with boxes over CURVE: it expects an event id as
 * the second part of each message, so replies to `data_<token>_...` Commands are not there. The clients get what they asked for all the same.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Push, Subscriber } from 'zeromq';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import { command, response } from '../../proto/index.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { makai, Programs } from '../cli/run-process.js';
import { until } from '../support/until.js';

const BOX2 = 1001;
/** Commands of v3 clients are for boxes of their own generation. */
const BOX3 = 1002;
const BOXES = [BOX2, BOX3] as const;

describe('the event bridge of the v2 analysis service beside a v3 client', function () {
  this.timeout(400_000);
  const folder = mkdtempSync(join(tmpdir(), 'makai-bridge-'));
  const programs = new Programs();
  const sockets: { close(): void }[] = [];
  let workspace: Workspace;
  let store: Store;
  let client: Push;
  /** What the bridge heard: the beginnings of the first three frames as text, so that a waveform does not fill a failure's message. */
  const heard: string[][] = [];

  /** Subscribed when this returns, as far as a client can know. */
  async function subscribe(endpoint: string, topic: string): Promise<Subscriber> {
    const socket = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
    sockets.push(socket);
    const connected = new Promise<void>((resolve) => socket.events.on('handshake', () => resolve()));
    socket.subscribe(topic);
    socket.connect(endpoint);
    await connected;
    await sleep(2000);
    return socket;
  }

  const send = (identity: string, boxId: number, window: { startMs: number; endMs: number }): Promise<void> =>
    client.send(
      command.encode({
        ...{ seq: 0, boxId, timestampMs: Date.now(), identity },
        body: { kind: 'data', ...window, wait: false },
      }),
    );
  const lastSecond = (): { startMs: number; endMs: number } => {
    const endMs = Date.now() - 1000;
    return { startMs: endMs - 1000, endMs };
  };

  before(async () => {
    workspace = await prepareWorkspace(folder, BOXES.map(String));
    const file = workspace.configs['acquisition-broker'];
    assert.match((await programs.start('acquisition-broker', file).line()) ?? '', /"ready"/);
    const { commands, measurements, notices, replies } = workspace.endpoints;
    store = await openStore(workspace.storeUrl, {
      retention: { mode: 'ttl', measurementsSeconds: 86_400 },
    });
    const boxes = programs.start(
      ...['box', '--dialect', 'mixed', '--count', String(BOXES.length), '--first-id', String(BOX2)],
      ...['--keys', workspace.keyDirectory, '--source', 'quiet', '--json'],
      ...['--measurements', measurements, '--commands', commands, '--replies', replies],
    );
    assert.ok((await boxes.line()) !== undefined, 'the boxes ended');
    const bridge = await subscribe(notices, '');
    void (async () => {
      for await (const frames of bridge)
        heard.push(frames.slice(0, 3).map((frame) => frame.toString('latin1', 0, 40)));
    })();
    client = new Push({ linger: 0 });
    sockets.push(client);
    const { backend_pull } = JSON.parse(readFileSync(file, 'utf8')) as { backend_pull: string };
    client.connect(backend_pull);
    // The boxes have measured what is asked for below.
    await sleep(3000);
  });
  after(async () => {
    for (const socket of sockets) socket.close();
    await programs.kill();
    await store?.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  /** The waveforms of these boxes are stored with an event. */
  const untilStored = (eventId: number, boxes: readonly number[]): Promise<void> =>
    until(`waveforms of event ${eventId}`, async () => {
      const waveforms = await Promise.all(
        (await store.boxEvents(eventId)).map(({ data_fs_filename }) => store.waveform(data_fs_filename)),
      );
      return waveforms.filter((bytes) => (bytes?.length ?? 0) > 0).length === boxes.length;
    });

  it('hears event ids alone, while clients ask with RequestEventMessages and with data_ Commands', async () => {
    const notices = await subscribe(workspace.endpoints.firstWaveform, '');
    notices.receiveTimeout = 120_000;
    const asked = await makai([
      ...['request', '--boxes', BOXES.join(','), '--last', '1', '--wait', '60', '--dir', folder],
    ]);
    assert.equal(asked.code, 0, asked.stderr);
    const ofRequest = Number((await notices.receive())[1]);
    await untilStored(ofRequest, BOXES);

    const window = lastSecond();
    await send('data_tokenA_v3 client', BOX3, window);
    const [rest, number] = await notices.receive();
    assert.equal(String(rest), 'v3 client');
    const ofClient = Number(number);
    await untilStored(ofClient, [BOX3]);
    const event = await store.event(ofClient);
    assert.equal(event?.target_event_start_timestamp_ms, window.startMs);
    assert.deepEqual(event?.boxes_received, [String(BOX3)]);

    // Every reply has come: what should not be published would be on its way.
    await sleep(2000);
    assert.deepEqual(heard, [
      ['evnew', String(ofRequest)],
      ['evnew', String(ofClient)],
    ]);
  });

  it('a client with an identity of its own, not data_, gets its reply there, and no event is made', async () => {
    const identity = `mauka_tokenB_${BOX3}`;
    const replies = await subscribe(workspace.endpoints.notices, identity);
    replies.receiveTimeout = 120_000;
    await send(identity, BOX3, lastSecond());
    const [to, head = Buffer.alloc(0), ...cycles] = await replies.receive();
    assert.equal(String(to), identity);
    const { boxId, body } = response.decode(head);
    assert.deepEqual([boxId, body.kind], [BOX3, 'data']);
    assert.ok(cycles.length >= 55, `${cycles.length} cycles`);
    // What docs/existing-programs.md warns of; it also shows that the bridge of this test would have heard replies to data_ Commands.
    await until('the same message at the bridge', () =>
      Promise.resolve(heard.some(([topic]) => topic === identity)),
    );
    assert.equal(heard.filter(([topic]) => topic === 'evnew').length, 2);
  });
});
