/** `npm run bench -- acquisition`: an event of many boxes through the broker, against the store fed with the same bytes directly. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../store/sqlite/index.js';
import type { Store } from '../store/store.js';
import { cyclesOf } from './acquisition-boxes.js';
import { type Benchmark, type Comparison, compare } from './compare.js';
import { BOXES, EVENT_MS, Line, LONG_MS, RETENTION, type Window } from './support/acquisition-line.js';

const LONG_GOAL_MS = 150;
const COMMANDS = 300;
const DIRECT = 'store, fed directly';
/** Waveforms that are written concurrently, as in the broker. */
const WRITERS = 8;
const BROKER = 'through the broker';
const LOCAL = 'the same, boxes on these cores too';

/** Writes the same waveforms as an event of all boxes, with the same concurrency as the broker. @returns ms */
async function fedDirectly(store: Store, window: Window): Promise<number> {
  const { samples, timesMs } = cyclesOf(window);
  const [event_id = 0] = await store.nextEventIds(1);
  const start = performance.now();
  const event = {
    event_id,
    type: 'OTHER',
    description: '',
    boxes_triggered: Array.from({ length: BOXES }, (_, i) => String(1000 + i)),
    percent_magnitude: 0,
    target_event_start_timestamp_ms: window.startMs,
    target_event_end_timestamp_ms: window.endMs,
  };
  await store.apply({ kind: 'event', event });
  let next = 0;
  const writer = async (): Promise<void> => {
    while (next < BOXES) {
      const box_id = String(1000 + next);
      next += 1;
      const boxEvent = {
        event_id,
        box_id,
        event_start_timestamp_ms: timesMs[0] ?? 0,
        event_end_timestamp_ms: (timesMs.at(-1) ?? 0) + 16,
        window_timestamps_ms: timesMs,
        location: 'unknown',
        data_fs_filename: `event_${event_id}_${box_id}`,
      };
      await store.apply({ kind: 'box_event', boxEvent, samples, acceptedAtMs: Date.now() });
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
  return performance.now() - start;
}

/** An event of all boxes, against writing the same waveforms directly to the store. */
async function compareEvent(line: Line, dialect: 2 | 3, rounds: number): Promise<Comparison> {
  const folder = mkdtempSync(join(tmpdir(), 'makai-bench-'));
  const direct = await openSqliteStore(join(folder, 'direct.db'), { retention: RETENTION });
  try {
    return await compare(
      {
        title: `an event of ${BOXES} Box ${dialect}s, ${EVENT_MS / 1000} s each (84 MB on the wire), until it is stored`,
        unit: 'ms',
        better: 'lower',
        baseline: DIRECT,
        contenders: [
          { name: DIRECT, once: () => fedDirectly(direct, line.windows.event) },
          { name: BROKER, once: () => line.eventOfDistantBoxes(line.windows.event, BOXES) },
          { name: LOCAL, once: () => line.event(line.windows.event, BOXES) },
        ],
        goals: [{ contender: BROKER, ratio: 0.7 }],
      },
      rounds,
    );
  } finally {
    await direct.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function box2Event(rounds: number): Promise<Comparison> {
  const line = await Line.start(2);
  try {
    return await compareEvent(line, 2, rounds);
  } finally {
    await line.stop();
  }
}

async function measure(rounds: number, short: boolean): Promise<Comparison[]> {
  const box2 = await box2Event(rounds);
  if (short) return [box2];
  const line = await Line.start(3);
  try {
    const event = await compareEvent(line, 3, rounds);
    const long = await compare(
      {
        title: `${LONG_MS / 1000} s of one Box 3 (3600 frames, 5.2 MB), from the request until it is stored`,
        unit: 'ms',
        better: 'lower',
        baseline: BROKER,
        contenders: [{ name: BROKER, once: () => line.event(line.windows.long, 1) }],
        goals: [{ contender: BROKER, figure: LONG_GOAL_MS }],
      },
      rounds,
    );
    const commands = await compare(
      {
        title: 'from a request to its command at the box, p99',
        unit: 'ms',
        better: 'lower',
        baseline: 'quiet',
        contenders: [
          {
            name: 'quiet',
            once: () => {
              let left = COMMANDS;
              return line.commands(() => left-- > 0);
            },
          },
          {
            name: `while ${BOXES} boxes reply`,
            once: async () => {
              let going = true;
              const eventId = await line.ask(line.windows.event, BOXES);
              const done = line.stored(eventId, BOXES).then(() => {
                going = false;
              });
              const p99 = await line.commands(() => going);
              await done;
              return p99;
            },
          },
        ],
      },
      rounds,
    );
    return [box2, event, long, commands];
  } finally {
    await line.stop();
  }
}

export const acquisition: Benchmark = {
  name: 'acquisition',
  what: 'waveforms from the boxes into the store, and commands to the boxes at the same time',
  run: ({ rounds, short = false }) => measure(rounds, short),
};
