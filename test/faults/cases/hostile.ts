/** Peers that send too much, too slowly, or nothing. The rest of the fleet must not be affected. */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { curveKeyPair, Publisher, Push, Subscriber } from 'zeromq';
import * as proto from '../../../proto/index.js';
import type { FaultCase } from '../case.js';
import type { FaultLine } from '../line.js';
import { SPARE_IDS } from '../line.js';
import { course } from '../scenario.js';
import { slowProxy } from '../slow-proxy.js';

const FLOOD_MS = 8000;
/** MB that a daemon may grow by during a flood: its bounded queues, and garbage. */
const GROWTH_MB = 150;
const HALF_OPEN = 500;
const CONNECTIONS = 10_000;
const STRANGERS = 200;

const portOf = (endpoint: string): number => Number(endpoint.slice(endpoint.lastIndexOf(':') + 1));

/** Runs the fault. It fails when a daemon grows beyond the limit. */
async function bounded(line: FaultLine, fault: () => Promise<string[]>): Promise<string[]> {
  const daemons = Object.values(line.daemons);
  const before = daemons.map((daemon) => daemon.memoryMb());
  let most = before;
  const watch = setInterval(() => {
    most = daemons.map((daemon, i) => Math.max(most[i] ?? 0, daemon.memoryMb()));
  }, 200);
  try {
    const notes = await fault();
    const grown = daemons.map((daemon, i) => ({ name: daemon.name, mb: (most[i] ?? 0) - (before[i] ?? 0) }));
    const above = grown.find(({ mb }) => !(mb < GROWTH_MB));
    if (above !== undefined) throw new Error(`${above.name} grew by ${above.mb.toFixed(0)} MB`);
    return [...notes, `most grown: ${grown.map(({ mb, name }) => `${name} ${mb.toFixed(0)} MB`).join(', ')}`];
  } finally {
    clearInterval(watch);
  }
}

const flood: FaultCase = {
  name: 'a box that floods',
  stores: ['sqlite'],
  run: (store) =>
    course({
      store,
      all: true,
      fault: (line, ledger) =>
        bounded(line, async () => {
          const curve = await line.curve(SPARE_IDS[0]);
          const stream = new Publisher({ linger: 0, sendHighWaterMark: 10_000, ...curve });
          const replies = new Push({ linger: 0, sendHighWaterMark: 1000, ...curve });
          stream.connect(line.field('triggering-broker', 'interface'));
          replies.connect(line.field('acquisition-broker', 'box_pull'));
          const until = Date.now() + FLOOD_MS;
          let sent = 0;
          const head = proto.requestData.encode({
            type: 'RESP',
            sequenceNumber: 1,
            boxId: SPARE_IDS[0],
            time: Date.now(),
            back: 1,
            forward: 2,
          });
          const big = new Uint8Array(100_000);
          while (Date.now() < until) {
            for (let i = 0; i < 200; i += 1) {
              sent += 1;
              const trigger = { id: SPARE_IDS[0], time: Date.now() + (sent % 1000), frequency: 60, rms: 120 };
              await stream.send([String(SPARE_IDS[0]), proto.triggerMessage.encode(trigger)]);
            }
            await Promise.race([replies.send([head, big]), sleep(20)]);
          }
          for (const socket of [stream, replies]) socket.close();
          await ledger.moreMeasurements(10);
          const { dropped } = (await line.details('triggering-service')) as {
            dropped: Record<string, number>;
          };
          if (Object.keys(dropped).length === 0) throw new Error('nothing of the flood was dropped');
          return [`${sent} measurements in ${FLOOD_MS / 1000} s; dropped: ${JSON.stringify(dropped)}`];
        }),
    }),
};

const dribble: FaultCase = {
  name: 'a box that sends its reply byte by byte',
  stores: ['sqlite'],
  run: (store) =>
    course({
      store,
      all: true,
      fault: (line, ledger) =>
        bounded(line, async () => {
          const proxy = await slowProxy(portOf(line.field('acquisition-broker', 'box_pull')));
          const slow = new Push({ linger: 0, ...(await line.curve(SPARE_IDS[1])) });
          slow.connect(`tcp://127.0.0.1:${proxy.port}`);
          const { replies: before } = (await line.details('acquisition-broker')) as {
            replies: { pong: number };
          };
          const pong = { type: 'PONG', sequenceNumber: 1, boxId: SPARE_IDS[1], time: Date.now() } as const;
          await slow.send(proto.requestData.encode(pong));
          await ledger.moreEvents(10);
          for (;;) {
            const { replies } = (await line.details('acquisition-broker')) as { replies: { pong: number } };
            if (replies.pong > before.pong) break;
            await sleep(200);
          }
          slow.close();
          proxy.close();
          return [`its reply arrived, ${proxy.bytes()} bytes one by one; events continued`];
        }),
    }),
};

const halfOpen: FaultCase = {
  name: 'half-open connections',
  stores: ['sqlite'],
  run: (store) =>
    course({
      store,
      all: true,
      fault: (line, ledger) =>
        bounded(line, async () => {
          const held: Socket[] = [];
          for (const port of boxPorts(line)) {
            for (let i = 0; i < HALF_OPEN; i += 1) {
              const socket = connect({ port, host: '127.0.0.1' }).on('error', () => undefined);
              // A third sends nothing, a third a part of its greeting, a third stops after it.
              const greeting = Buffer.alloc(64);
              greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]);
              greeting.write('CURVE', 12, 'latin1');
              if (i % 3 > 0) socket.write(i % 3 === 1 ? greeting.subarray(0, 9) : greeting);
              held.push(socket);
            }
          }
          await ledger.moreEvents(20);
          await ledger.moreMeasurements(100);
          for (const socket of held) socket.destroy();
          return [`${held.length} connections held open in the middle of their greeting`];
        }),
    }),
};

const deaf: FaultCase = {
  name: 'a subscriber that never reads',
  stores: ['sqlite'],
  run: (store) =>
    course({
      store,
      all: true,
      // ZeroMQ counts messages, so a limit in bytes needs frames of a known size.
      config: { 'triggering-broker': { limits: { queue_messages: 20_000 } } },
      fault: (line, ledger) =>
        bounded(line, async () => {
          const endpoints = [
            line.field('triggering-broker', 'backend'),
            line.field('acquisition-broker', 'backend_pub'),
            line.field('acquisition-broker', 'zmq_event_endpoint'),
          ];
          const sockets = endpoints.map((endpoint) => {
            const socket = new Subscriber({ linger: 0, receiveHighWaterMark: 1, receiveBufferSize: 4096 });
            socket.subscribe('');
            socket.connect(endpoint);
            return socket;
          });
          const box = new Publisher({ linger: 0, ...(await line.curve(SPARE_IDS[2])) });
          box.connect(line.field('triggering-broker', 'interface'));
          const until = Date.now() + FLOOD_MS;
          let sent = 0;
          // Topics and frames of 1 kB, far more than the queues hold.
          const padding = new Uint8Array(1000);
          while (Date.now() < until) {
            for (let i = 0; i < 100; i += 1) await box.send([String(SPARE_IDS[2]), padding]);
            sent += 100;
            await sleep(5);
          }
          await ledger.moreEvents(10);
          for (const socket of [...sockets, box]) socket.close();
          return [`${(sent / 1000).toFixed(0)} MB were published past it`];
        }),
    }),
};

const many: FaultCase = {
  name: '10,000 connections',
  stores: ['sqlite'],
  run: (store) =>
    course({
      store,
      fault: (line, ledger) =>
        bounded(line, async () => {
          const [port = 0] = boxPorts(line);
          const held: Socket[] = [];
          let refused = 0;
          for (let i = 0; i < CONNECTIONS; i += 1) {
            const localAddress = `127.1.${(i >> 8) & 63}.${1 + (i & 127)}`;
            held.push(connect({ port, host: '127.0.0.1', localAddress }).on('error', () => (refused += 1)));
            if (i % 500 === 499) await sleep(50);
          }
          const strangers = Array.from({ length: STRANGERS }, () => {
            const { publicKey, secretKey } = curveKeyPair();
            const socket = new Publisher({
              linger: 0,
              curveServerKey: line.serverKey,
              curvePublicKey: publicKey,
              curveSecretKey: secretKey,
            });
            socket.connect(line.field('triggering-broker', 'interface'));
            return socket;
          });
          await ledger.moreEvents(10);
          await ledger.moreMeasurements(50);
          const { access } = (await line.details('triggering-broker')) as {
            access: { gate: { refused: { unknown: number } } };
          };
          for (const socket of held) socket.destroy();
          for (const socket of strangers) socket.close();
          return [
            `${CONNECTIONS - refused} of ${CONNECTIONS} TCP connections were open at the same time, ${access.gate.refused.unknown} handshakes with unknown keys refused; the boxes' stream and events went on`,
          ];
        }),
    }),
};

function boxPorts(line: FaultLine): number[] {
  return [
    portOf(line.field('triggering-broker', 'interface')),
    portOf(line.field('acquisition-broker', 'box_pub')),
    portOf(line.field('acquisition-broker', 'box_pull')),
  ];
}

export const HOSTILE: readonly FaultCase[] = [flood, dribble, halfOpen, deaf, many];
