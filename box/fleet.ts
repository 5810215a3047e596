/** Many boxes in one process. They share sources and analysis, so a thousand boxes cost little more than their messages. */
import type { Running } from '../common/lifecycle.js';
import { stopAll } from '../common/lifecycle.js';
import type { KeyPair } from '../keys/key.js';
import { newContext } from '../zmq/sockets.js';
import { type Box, type BoxOptions, type BoxStats, startBox } from './box.js';
import { systemClock } from './clock.js';
import type { Generation } from './generations.js';
import { CYCLE_MS, type CycleSource } from './sources/source.js';

export interface FleetOptions extends Omit<BoxOptions, 'id' | 'dialect' | 'source' | 'keys' | 'context'> {
  count: number;
  /** id of the first box; the others follow */
  firstId: number;
  /** `mixed`: alternately Box 2 and Box 3 */
  dialect: Generation | 'mixed';
  /** source of the box at a position, from 1 on; return the same object for boxes that see the same voltage */
  sourceFor(position: number): CycleSource;
  /** keys of a box; without it, or if it returns none, a new key pair */
  keysFor?(id: number): KeyPair | undefined;
}

export interface Fleet extends Running {
  readonly boxes: readonly Box[];
  /** sums over all boxes */
  readonly stats: BoxStats;
  /** @param lingerMs how long queued messages may still be sent */
  stop(lingerMs?: number): Promise<void>;
}

/** Sockets per box. While sockets are reopened, the old ones exist for a moment. */
const SOCKETS_PER_BOX = 4;

/**
 * Starts `count` boxes. Their starts are spread over the time of one measurement, and so are their messages.
 * @throws errors of `startBox`; boxes that were started already are stopped
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { count, firstId, dialect, sourceFor, keysFor, ...common } = options;
  const context = newContext({ maxSockets: SOCKETS_PER_BOX * count + 16 });
  const clock = common.clock ?? systemClock();
  const startMs = common.startMs ?? clock.now();
  const boxes: Box[] = [];
  const stop = async (lingerMs = 0): Promise<void> => {
    await stopAll(boxes.map((box) => ({ name: `box ${box.id}`, part: { stop: () => box.stop(lingerMs) } })));
  };
  try {
    for (let position = 1; position <= count; position += 1) {
      const id = firstId + position - 1;
      const keys = keysFor?.(id);
      boxes.push(
        await startBox({
          ...common,
          id,
          dialect: dialect === 'mixed' ? (position % 2 === 1 ? 2 : 3) : dialect,
          source: sourceFor(position),
          clock,
          startMs: startMs - Math.floor(((position - 1) / count) * 10 * CYCLE_MS),
          context,
          ...(keys !== undefined && { keys }),
        }),
      );
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    boxes,
    stop,
    get stats() {
      return boxes.map((box) => box.stats).reduce(sum);
    },
  };
}

function sum(a: BoxStats, b: BoxStats): BoxStats {
  return {
    cycles: a.cycles + b.cycles,
    measurements: a.measurements + b.measurements,
    unheard: a.unheard + b.unheard,
    commands: a.commands + b.commands,
    replies: a.replies + b.replies,
    ignored: a.ignored + b.ignored,
    reopened: a.reopened + b.reopened,
    gaps: a.gaps + b.gaps,
  };
}
