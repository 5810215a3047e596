/** Box 3s for `bench -- acquisition`, in their own process. Each replies to a Command immediately, with frames prepared in advance. */
import { readFileSync } from 'node:fs';
import { Push, Subscriber } from 'zeromq';
import { readAsBox2 } from '../proto/box2/habits.js';
import { command, encodeCycles2, encodeCycles3, response } from '../proto/index.js';
import type { Waveform } from '../proto/messages.js';

export interface FleetSettings {
  box_pub: string;
  box_pull: string;
  serverKey: string;
  boxes: { id: number; publicKey: string; secretKey: string }[];
  /** 3: one frame per cycle; 2: one frame per ten cycles */
  dialect: 2 | 3;
  /** windows that will be requested */
  windows: { startMs: number; endMs: number }[];
}

const SAMPLES = 200;
const CYCLES_PER_FRAME = 10;

/** Cycles of line voltage strictly within a window, as a Box 3 replies. */
export function cyclesOf({ startMs, endMs }: { startMs: number; endMs: number }): Waveform {
  const count = Math.floor(((endMs - startMs - 2) * 60) / 1000);
  const timesMs = Array.from({ length: count }, (_, i) => startMs + 1 + Math.floor((i * 1000) / 60));
  const samples = new Int16Array(count * SAMPLES);
  for (let i = 0; i < samples.length; i += 1) samples[i] = 16_387 * Math.sin((2 * Math.PI * i) / SAMPLES);
  return { timesMs, cycleLengths: timesMs.map(() => SAMPLES), samples };
}

function run({ box_pub, box_pull, boxes, dialect, serverKey, windows }: FleetSettings): void {
  const replies = new Map(windows.map((window) => [window.startMs, encodeCycles3(cyclesOf(window))]));
  for (const { id, publicKey, secretKey } of boxes) {
    const curve = {
      curveServerKey: serverKey,
      curvePublicKey: publicKey,
      curveSecretKey: secretKey,
      linger: 0,
    };
    const subscriber = new Subscriber(curve);
    const push = new Push(curve);
    subscriber.subscribe(dialect === 3 ? String(id) : '');
    subscriber.connect(box_pub);
    push.connect(box_pull);
    if (dialect === 3) void reply(id, subscriber, push, replies);
    else void replyAsBox2(id, subscriber, push, windows);
  }
  process.stdout.write('ready\n');
}

async function reply(
  boxId: number,
  subscriber: Subscriber,
  push: Push,
  replies: ReadonlyMap<number, Uint8Array[]>,
): Promise<void> {
  for await (const [topic, message] of subscriber) {
    // A subscription is a prefix, so commands for other boxes arrive too. They are ignored here.
    if (message === undefined || topic?.toString() !== String(boxId)) continue;
    const { body, seq } = command.decode(message);
    if (body.kind !== 'data') continue;
    const frames = replies.get(body.startMs) ?? [];
    const data = { kind: 'data' as const, startTs: body.startMs, endTs: body.endMs };
    await push.send([response.encode({ boxId, seq, timestampMs: Date.now(), body: data }), ...frames]);
  }
}

async function replyAsBox2(
  boxId: number,
  subscriber: Subscriber,
  push: Push,
  windows: FleetSettings['windows'],
): Promise<void> {
  const replies = new Map(windows.map((window) => [window.startMs, measurementsOf(boxId, cyclesOf(window))]));
  for await (const [, message] of subscriber) {
    const request = message === undefined ? undefined : readAsBox2(message);
    if (request?.type !== 'READ') continue;
    await push.send([request.reply('RESP', boxId, Date.now()), ...(replies.get(request.back) ?? [])]);
  }
}

/** Ten cycles per frame. */
function measurementsOf(boxId: number, { samples, timesMs }: Waveform): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < timesMs.length; at += CYCLES_PER_FRAME) {
    const times = timesMs.slice(at, at + CYCLES_PER_FRAME);
    frames.push(
      encodeCycles2(boxId, {
        timesMs: times,
        cycleLengths: times.map(() => SAMPLES),
        samples: samples.subarray(at * SAMPLES, (at + times.length) * SAMPLES),
      }),
    );
  }
  return frames;
}

const [, program, settings] = process.argv;
if (program?.endsWith('acquisition-boxes.js') && settings !== undefined) {
  run(JSON.parse(readFileSync(settings, 'utf8')) as FleetSettings);
}
