/** The live stream (server-sent events), one connection for all tabs. */
import { useEffect, useState } from 'preact/hooks';
import type { LiveEvents } from '../../../web-service/api/index.js';
import { LiveBoxes } from '../../logic/live.js';
import { apiUrl } from './client.js';
import type { LiveState } from './event-source.js';
import { joinStream } from './shared-stream.js';

type Name = keyof LiveEvents;

export const liveBoxes = new LiveBoxes();

const listeners = new Map<Name | 'state', Set<(data: never) => void>>();
let leave: (() => void) | undefined;
let state: LiveState = 'connecting';
let lostSinceMs: number | undefined;

function callAll(name: Name | 'state', data: unknown): void {
  for (const listener of listeners.get(name) ?? []) listener(data as never);
}

function setState(next: LiveState): void {
  if (next === state) return;
  state = next;
  lostSinceMs = next === 'lost' ? Date.now() : undefined;
  callAll('state', next);
}

const NAMES: readonly Name[] = [
  'hello',
  'measurements',
  'event',
  'incident',
  'incident-group',
  'findings',
  'status',
  'reset',
];

/** Joins the stream; calling it twice changes nothing. */
export function connectLive(): void {
  leave ??= joinStream({
    url: apiUrl('/live', { per_second: 2 }),
    names: NAMES,
    onMessage: (name, text) => {
      const data: unknown = JSON.parse(text);
      if (name === 'measurements') takeMeasurements(data as LiveEvents['measurements']);
      callAll(name as Name, data);
    },
    onState: setState,
    known: () => liveBoxes.all(),
    onKnown: (boxes) => {
      for (const { receivedMs, value } of boxes) liveBoxes.take(value, receivedMs);
    },
  });
}

export function disconnectLive(): void {
  leave?.();
  leave = undefined;
  setState('lost');
}

function takeMeasurements({ items }: LiveEvents['measurements']): void {
  const nowMs = Date.now();
  for (const { box_id: boxId, timestamp_ms: timestampMs, ...rest } of items) {
    liveBoxes.take({ ...rest, boxId, timestampMs }, nowMs);
  }
}

/** @returns what ends it */
export function onLive<N extends Name>(name: N, listener: (data: LiveEvents[N]) => void): () => void {
  const set = listeners.get(name) ?? new Set();
  listeners.set(name, set.add(listener as (data: never) => void));
  return () => void set.delete(listener as (data: never) => void);
}

export function useLive<N extends Name>(name: N, listener: (data: LiveEvents[N]) => void): void {
  useEffect(() => onLive(name, listener), [name, listener]);
}

export function useLiveState(): { state: LiveState; lostSinceMs: number | undefined } {
  const [shown, setShown] = useState(state);
  useEffect(() => {
    const set = listeners.get('state') ?? new Set();
    listeners.set('state', set.add(setShown as (data: never) => void));
    setShown(state);
    return () => void set.delete(setShown as (data: never) => void);
  }, []);
  return { state: shown, lostSinceMs };
}
