/**
 * The thread of the stream relay: it receives what the broker sends to services, and brings it to JetStream. Started by StreamRelay. Its socket must be
 * closed before the thread ends: otherwise zeromq.js aborts the whole process.
 */
import { randomBytes } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { pause, systemClock } from '../../common/clock.js';
import { MakaiError, messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import { createLogger } from '../../common/log.js';
import { NatsLink } from '../../nats/link.js';
import { Publisher } from '../../nats/publisher.js';
import { ensureStream } from '../../nats/stream.js';
import { BatchSpool } from '../../store/batch-spool.js';
import { openStream } from '../../stream/stream-socket.js';
import { Batcher } from './batcher.js';
import { Delivery } from './delivery.js';
import type { FromRelay, RelayStart, RelayStatus, ToRelay } from './messages.js';

const STATUS_MS = 250;
/** How long a message waits in the socket for others, ms: much shorter than it waits for others of its partition. */
const READ_MS = 10;
/** A stop hands over what still waits in the socket: until nothing came for so long, and not longer than that. */
const QUIET_MS = 30;
const LAST_MS = 2000;
/** Sockets that are open at the same time: what was sent to one before the backend was closed is read from it meanwhile. */
const SOCKETS = 2;

const { closed, file, settings }: RelayStart = workerData;
const port = parentPort;
const send = (message: FromRelay): void => port?.postMessage(message);
const log = createLogger('relay', 'debug', { write: (line) => send({ type: 'log', line }) });

interface Parts {
  /** a socket for each opening of the backend; those before the last one are empty soon */
  streams: Running[];
  spool: BatchSpool;
  batcher: Batcher;
  delivery: Delivery;
  link: NatsLink;
  timer: NodeJS.Timeout;
}

function begin(): Parts {
  const spool = new BatchSpool(file, settings.spool.maxBytes);
  let publisher: Publisher | undefined;
  const delivery = new Delivery({
    spool,
    clock: systemClock,
    log,
    publish: async ({ body, id, partition }) => {
      if (publisher === undefined) throw new Error('there is no connection to NATS');
      return publisher.publish(partition, id, body);
    },
    prepare: async () => {
      const { connection } = link;
      if (connection === undefined) throw new Error('there is no connection to NATS');
      const done = await ensureStream(connection, settings.stream);
      if (done !== 'unchanged') log.info({ done, ...settings.stream }, 'the stream in JetStream');
    },
  });
  const link: NatsLink = new NatsLink({
    servers: settings,
    name: 'makai triggering-broker',
    log,
    connected: (connection) => {
      publisher = new Publisher(connection);
      delivery.connected();
    },
    disconnected: () => delivery.disconnected(),
  });
  const batcher = new Batcher({
    run: randomBytes(9).toString('base64url'),
    clock: systemClock,
    send: (batches) => delivery.send(batches),
  });
  try {
    link.start();
  } catch (error) {
    spool.close();
    throw error;
  }
  const parts = { streams: [], spool, batcher, delivery, link };
  const timer = setInterval(() => send({ type: 'status', status: statusOf(parts) }), STATUS_MS);
  return { ...parts, timer };
}

/** A socket of its own: libzmq does not wake one that waits already when it is connected inside the process. */
function connect({ batcher, streams }: Parts, endpoint: string): void {
  const receiver = { receive: (frames: Buffer[]) => batcher.add(frames) };
  streams.push(openStream({ endpoints: [endpoint], log, receiver, gatherMs: READ_MS }));
  send({ type: 'connected', endpoint });
  if (streams.length <= SOCKETS) return;
  const oldest = streams.shift();
  void oldest?.stop();
}

function statusOf({ batcher, delivery, link, spool }: Omit<Parts, 'streams' | 'timer'>): RelayStatus {
  const { counts } = delivery;
  return {
    connected: link.isConnected,
    server: link.server,
    connections_lost: link.losses,
    direct: delivery.isDirect,
    messages: batcher.messages,
    acknowledged: counts.messages,
    batches: counts.batches,
    duplicates: counts.duplicates,
    failures: counts.failures,
    dropped: { ...counts.dropped, too_long: batcher.tooLong },
    under_way: delivery.underWay,
    spool: {
      batches: spool.batches,
      messages: spool.messages,
      bytes: spool.bytes,
      spooled: counts.spooled,
    },
  };
}

/** The process ends: nothing but the sockets counts. */
async function closeSockets({ streams }: Parts): Promise<void> {
  await Promise.all(streams.map((stream) => stream.stop()));
  const flag = new Int32Array(closed);
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
}

async function stop(parts: Parts): Promise<void> {
  const { batcher, delivery, link, spool, timer } = parts;
  const until = performance.now() + LAST_MS;
  for (let before = -1; before !== batcher.messages && performance.now() < until; ) {
    before = batcher.messages;
    await pause(systemClock, QUIET_MS);
  }
  await closeSockets(parts);
  batcher.flush();
  await delivery.stop();
  await link.stop();
  clearInterval(timer);
  send({ type: 'status', status: statusOf(parts) });
  spool.close();
  send({ type: 'stopped' });
}

let parts: Parts | undefined;
let hasFailed = false;

/** What was received is kept if possible. */
function fail(error: unknown): void {
  send({ type: 'failed', problem: messageOf(error) });
  if (hasFailed || parts === undefined) process.exit(1);
  hasFailed = true;
  stop(parts).catch(() => process.exit(1));
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

port?.on('message', (message: ToRelay) => {
  if (message.type === 'end') process.exit(0);
  if (parts === undefined) return;
  if (message.type === 'connect') connect(parts, message.endpoint);
  else if (message.type === 'close') closeSockets(parts).catch(fail);
  else stop(parts).catch(fail);
});

try {
  parts = begin();
  send({ type: 'ready' });
} catch (error) {
  if (!(error instanceof MakaiError)) throw error;
  send({ type: 'refused', code: error.code, message: error.message, hint: error.hint });
  send({ type: 'stopped' });
}
