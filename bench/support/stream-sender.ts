/**
 * A program: publishes measurements of many boxes as a triggering broker would. Arguments: dialect (2 or 3), boxes, messages, rate (messages a
 * second; 0 = flat out). Prints its endpoint; at each line on stdin it sends them all once and prints `sent`.
 */
import { createInterface } from 'node:readline';
import { Publisher } from 'zeromq';
import { measurement, triggerMessage } from '../../proto/index.js';

const [dialect = 2, boxes = 1, messages = 1, rate = 0] = process.argv.slice(2).map(Number);
/** Between two messages of one box, ms. */
const STEP_MS = dialect === 2 ? 166 : 1000;
const TICK_MS = 2;

const socket = new Publisher({ sendHighWaterMark: 0, linger: -1 });
await socket.bind('tcp://127.0.0.1:*');
process.stdout.write(`${socket.lastEndpoint}\n`);

for await (const _ of createInterface({ input: process.stdin })) {
  const frames = encodeAll();
  if (rate === 0) for (const frame of frames) await socket.send(frame);
  else await paced(frames);
  process.stdout.write('sent\n');
}

/** Undisturbed mains, box after box; encoded beforehand, so that encoding costs nothing while sending. */
function encodeAll(): [Buffer, Uint8Array][] {
  const rounds = Math.ceil(messages / boxes);
  const start = Date.now() - rounds * STEP_MS;
  return Array.from({ length: messages }, (_, i) => {
    const boxId = 1 + (i % boxes);
    const time = start + Math.floor(i / boxes) * STEP_MS;
    const rms = 120 + Math.sin(i / 7) / 4;
    const f = 60 + Math.sin(i / 11) / 500;
    if (dialect === 2) {
      const message = {
        id: boxId,
        time,
        frequency: f,
        rms,
        thd: 0.02,
        lastGps: 0,
        currentCount: 4833,
        flags: 0,
      };
      return [Buffer.from(String(boxId)), triggerMessage.encode(message)];
    }
    const around = (average: number, width: number) => ({
      min: average - width,
      max: average + width,
      average,
    });
    const metrics = {
      f: around(f, 0.002),
      rms: around(rms, 0.1),
      thd: around(0.02, 0.001),
      trans: around(0.1, 0.01),
    };
    const topic = Buffer.from(String(boxId).padStart(4, '0'));
    return [topic, measurement.encode({ boxId, timestampMs: time, metrics })];
  });
}

async function paced(frames: readonly [Buffer, Uint8Array][]): Promise<void> {
  const start = performance.now();
  for (let i = 0; i < frames.length; ) {
    const due = Math.min(frames.length, Math.ceil(((performance.now() - start) * rate) / 1000));
    for (; i < due; i++) {
      const frame = frames[i];
      if (frame) await socket.send(frame);
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
}
