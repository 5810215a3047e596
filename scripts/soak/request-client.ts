/** A client that requests waveforms at intervals and measures the times until they are stored. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as proto from '../../proto/index.js';
import { connectTo } from '../../zmq/connect.js';
import { connecting } from '../../zmq/sockets.js';

export interface Asked {
  /** Unix ms */
  atMs: number;
  /** time until the event was durable and announced, ms; NaN until then */
  announcedMs: number;
  /** time until the first waveform was stored, ms; NaN until then */
  waveformMs: number;
}

export interface AskerOptions {
  requests: string;
  notices: string;
  firstWaveforms: string;
  firstBox: number;
  boxes: number;
  everyMs: number;
  signal: AbortSignal;
}

const WINDOW_MS = 500;
/** Boxes per request. */
const NAMED = 10;
/** How long ago the window ended, so that all its cycles are in the buffers of the boxes. */
const AGO_MS = 3000;

/** Sends requests until the signal. The returned list grows with each request. */
export function startRequestClient(options: AskerOptions): { asked: Asked[]; done: Promise<void> } {
  const asked: Asked[] = [];
  return { asked, done: ask(options, asked) };
}

async function ask(options: AskerOptions, asked: Asked[]): Promise<void> {
  const { boxes, everyMs, firstBox, firstWaveforms, notices, requests, signal } = options;
  const push = connecting.push();
  const [announced, stored] = [connecting.subscriber(), connecting.subscriber()];
  const numbers = new Map<string, Asked>();
  // One request at a time, so that the next notice belongs to the newest request.
  void (async () => {
    for await (const [, number] of announced) {
      const newest = asked.at(-1);
      if (newest === undefined || !Number.isNaN(newest.announcedMs)) continue;
      newest.announcedMs = Date.now() - newest.atMs;
      numbers.set(String(number), newest);
    }
  })();
  void (async () => {
    for await (const [, number] of stored) {
      const one = numbers.get(String(number));
      if (one !== undefined) one.waveformMs = Date.now() - one.atMs;
      numbers.delete(String(number));
    }
  })();
  announced.subscribe('evnew');
  stored.subscribe();
  connectTo(announced, notices);
  connectTo(stored, firstWaveforms);
  connectTo(push, requests);
  while (!signal.aborted) {
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const first = asked.length * NAMED;
    const atMs = Date.now();
    asked.push({ atMs, announcedMs: Number.NaN, waveformMs: Number.NaN });
    await push.send(
      proto.requestEvent.encode({
        startMs: atMs - AGO_MS - WINDOW_MS,
        endMs: atMs - AGO_MS,
        triggerType: 'OTHER',
        percentMagnitude: 0,
        boxIds: Array.from({ length: NAMED }, (_, i) => firstBox + ((first + i * 97) % boxes)),
        requestee: 'soak',
        description: 'soak',
        requestData: true,
      }),
    );
  }
  for (const socket of [push, announced, stored]) socket.close();
}
