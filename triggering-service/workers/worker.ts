/**
 * A thread that takes in a share of the stream, by a socket of its own. Started by IntakeWorker. Its socket must be closed before the
 * thread ends: zeromq.js aborts the whole process otherwise.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../common/errors.js';
import { createLogger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import { openStream } from '../../stream/stream-socket.js';
import { RefusedIds } from '../ingest/refused-ids.js';
import { Intake } from '../intake.js';
import { refusedView } from '../stream-view.js';
import { WorkerControl } from './control.js';
import { Gatherer } from './gatherer.js';
import type { FromWorker, ToWorker, WorkerStart } from './messages.js';
import { Owner } from './ownership.js';
import { ShareSubscription } from './subscription.js';
import { Topics } from './topics.js';
import { TrendPost } from './trend-post.js';

/** How often counts are made known, and the list of boxes. */
const COUNT_MS = 50;
const BOXES_MS = 1000;
const PER_BOX = 4;

const { config, curve, owner, ring, control: shared, listenMs, certified }: WorkerStart = workerData;
const { limits, batch } = config;
const port = parentPort;
const send = (message: FromWorker, transfer: ArrayBuffer[] = []): void =>
  port?.postMessage(message, transfer);

const control = new WorkerControl(shared);
const log = createLogger('worker', 'debug', { write: (line) => send({ type: 'log', line }) });
const rejections = new Rejections(log);
const refusedIds = new RefusedIds(log);
let certifiedIds = certified && new Set(certified);
const isCertified = (boxId: number): boolean => certifiedIds?.has(boxId) ?? true;
// Ours and those of others; some ids in both of their forms.
const topics = new Topics(new Owner(owner), 2 * limits.boxes, isCertified);
const gatherer = new Gatherer({
  batchSize: batch.max_measurements,
  delayMs: batch.max_delay_ms,
  limit: 2 * limits.queue_measurements,
  send: (gathered) => send({ type: 'measurements', ...gathered }, [gathered.write.buffer]),
});
const trends = new TrendPost((closed, fromStore) => send({ type: 'trends', closed, fromStore }));
const intake = new Intake({
  config,
  ring,
  rejections,
  refusedIds,
  certified: certified && { has: isCertified },
  trends,
  location: () => '', // the main thread knows it
  onBatch: (rows) => {
    if (control.announce()) send({ type: 'published' });
    gatherer.add(rows);
  },
  looked: () => trends.flush(),
});
let failed = false;
let foreign = 0;
let subscription: ShareSubscription | undefined;

function take(parts: Buffer[]): void {
  if (topics.hear(parts[0])) intake.ingest.take(parts);
  else foreign += 1;
}

function count(): void {
  const { messages, bytes, taken } = intake.ingest.totals;
  control.set('messages', messages);
  control.set('bytes', bytes);
  control.set('taken', taken);
  control.set('foreign', foreign);
  control.set('boxes', intake.boxes.size);
  control.set('subscriptions', subscription?.prefixes ?? 0);
  control.set('lost', gatherer.lost);
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
  endpoint: config.zmq_trigger_endpoint,
  curve,
  log,
  onMessage: take,
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

/** Hands over what there is, and ends. In a turn of its own: closing the socket may have called us out of libzmq's callback. */
function end(): never {
  intake.handOver();
  gatherer.flush();
  trends.flush();
  count();
  sendBoxes();
  process.exit(0);
}

/** What it has is handed over if that can be. */
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
    case 'heard':
      for (const topic of message.topics) topics.hear(Buffer.from(topic));
      break;
    case 'certified':
      certifiedIds = new Set(message.ids);
      refusedIds.forgetCertified(isCertified);
      break;
    case 'settled':
      gatherer.settled(message.count);
  }
});
send({ type: 'listening' });
