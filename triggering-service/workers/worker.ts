/**
 * A thread that receives a share of the stream on its own socket. Started by IntakeWorker. Its socket must be closed before the thread
 * ends: otherwise zeromq.js aborts the whole process.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../common/errors.js';
import { createLogger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import { STORE_BATCH } from '../../store/outbox/measurement-batches.js';
import { References } from '../../store/reference.js';
import { openStream } from '../../stream/stream-socket.js';
import { Intake } from '../ingest/intake.js';
import { RefusedIds } from '../ingest/refused-ids.js';
import { refusedView } from '../stream-view.js';
import { WorkerControl } from './control.js';
import { Gatherer } from './gatherer.js';
import type { FromWorker, ToWorker, WorkerStart } from './messages.js';
import { Owner } from './ownership.js';
import { ShareSubscription } from './subscription.js';
import { Topics } from './topics.js';
import { TrendPost } from './trend-post.js';

/** How often counts are published, and the list of boxes sent. */
const COUNT_MS = 50;
const BOXES_MS = 1000;
const PER_BOX = 4;

const { control: shared, curve, listenMs, owner, ring, settings, ...start }: WorkerStart = workerData;
const { limits } = settings;
const port = parentPort;
const send = (message: FromWorker, transfer: ArrayBuffer[] = []): void =>
  port?.postMessage(message, transfer);

const control = new WorkerControl(shared);
const log = createLogger('worker', 'debug', { write: (line) => send({ type: 'log', line }) });
const rejections = new Rejections(log);
const refusedIds = new RefusedIds(log);
let idsWithCertificate = start.idsWithCertificate && new Set(start.idsWithCertificate);
const maySend = (boxId: number): boolean => idsWithCertificate?.has(boxId) ?? true;
// Those of all workers; some ids in both forms, padded and not.
const topics = new Topics(new Owner(owner), 2 * limits.boxes, maySend);
const gatherer = new Gatherer({
  ...STORE_BATCH,
  limit: 2 * limits.queueMeasurements,
  send: (gathered) => send({ type: 'measurements', ...gathered }, [gathered.write.buffer]),
});
const trends = new TrendPost((closed, fromStore) => send({ type: 'trends', closed, fromStore }));
const references = new References(start.reference, start.references);
const intake = new Intake({
  settings,
  references,
  ring,
  rejections,
  refusedIds,
  idsWithCertificate: idsWithCertificate && { has: maySend },
  trends,
  location: () => '', // the main thread knows it
  boxHealth: {
    isUnplugged: (boxId) => unplugged.has(boxId),
    changed: (changes) => send({ type: 'findings', changes }),
  },
  readers: {
    wake: () => {
      if (control.announce()) send({ type: 'published' });
    },
  },
  writer: gatherer,
  trendsChecked: () => trends.flush(),
});
let unplugged: ReadonlySet<number> = new Set();
let failed = false;
let foreign = 0;
let subscription: ShareSubscription | undefined;

function receive(frames: Buffer[]): void {
  if (topics.hear(frames[0])) intake.receive(frames);
  else foreign += 1;
}

function count(): void {
  const { messages, bytes, accepted } = intake.totals;
  control.set('messages', messages);
  control.set('bytes', bytes);
  control.set('accepted', accepted);
  control.set('foreign', foreign);
  control.set('boxes', intake.boxes.size);
  control.set('subscriptions', subscription?.prefixes ?? 0);
  control.set('lost', gatherer.lost);
  control.set('withheld', intake.health.withheldMeasurements);
}

function sendBoxes(): void {
  const boxes = new Float64Array(PER_BOX * intake.boxes.size);
  let at = 0;
  for (const { boxId, messages, bytes, heardMs } of intake.boxes.totals()) {
    boxes.set([boxId, messages, bytes, heardMs], at);
    at += PER_BOX;
  }
  send({ type: 'boxes', boxes, dropped: rejections.totals(), refused: refusedView(refusedIds) }, [
    boxes.buffer,
  ]);
}

const stream = openStream({
  endpoint: settings.triggerEndpoint,
  curve,
  log,
  receiver: { receive },
  ownContext: true,
  subscribe: (socket) => {
    subscription = new ShareSubscription({
      socket,
      topics,
      block: owner.block,
      parts: owner.of * owner.workers,
      listenMs,
    });
  },
});
const timers = [setInterval(count, COUNT_MS), setInterval(sendBoxes, BOXES_MS)];

async function close(): Promise<void> {
  subscription?.stop();
  for (const timer of timers) clearInterval(timer);
  await stream.stop();
  control.closed();
}

async function stop(): Promise<void> {
  await close();
  send({ type: 'closed' });
}

/** Hands over the remaining data, and ends. In a separate turn: closing the socket may run inside a callback of libzmq. */
function end(): never {
  intake.finish();
  gatherer.flush();
  trends.flush();
  count();
  sendBoxes();
  process.exit(0);
}

/** Its data is handed over if possible. */
function fail(error: unknown): void {
  send({ type: 'failed', problem: messageOf(error) });
  if (failed) process.exit(1);
  failed = true;
  void stop();
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
port?.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'stop':
      void stop();
      break;
    case 'close':
      void close();
      break;
    case 'end':
      end();
      break;
    case 'found':
      for (const topic of message.topics) topics.hear(Buffer.from(topic));
      break;
    case 'idsWithCertificate':
      idsWithCertificate = new Set(message.ids);
      refusedIds.forgetKnown(maySend);
      break;
    case 'references':
      references.update(message.references);
      break;
    case 'unplugged':
      unplugged = new Set(message.ids);
      break;
    case 'health': {
      const records = [...intake.health.records(message.boxId)];
      send({ type: 'health', request: message.request, records });
      break;
    }
    case 'settled':
      gatherer.settled(message.count);
  }
});
send({ type: 'listening' });
