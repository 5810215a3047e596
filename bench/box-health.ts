/**
 * `npm run bench -- box-health`: what box health takes of the triggering service's CPU per measurement at 10,000 boxes. The service is measured
 * as a process that receives, decodes, gathers and sums up measurements, storage off; box health alone, with all that it does for the same measurements.
 */
import { createColumns } from '../proto/columns.js';
import { StreamHealth } from '../triggering-service/box-health/stream-health.js';
import { type Benchmark, compare } from './compare.js';
import { measure } from './triggering-service.js';

const BOXES = 10_000;
const PERIOD_MS = 1000 / 6;
/** Twenty seconds of the fleet: every box is looked at twice. */
const MESSAGES = 120 * BOXES;
const SHORT_MESSAGES = 40 * BOXES;
const START = 1_795_315_500_000;
const ROWS = 1024;
/** At most 5 % of the service. */
const GOAL = 20;

/** @returns CPU in microseconds per measurement */
function boxHealthAlone(messages: number): number {
  let now = START;
  const clock = { now: () => now, monotonic: () => now - START };
  const health = new StreamHealth({ clock, isUnplugged: () => false, changed: () => undefined });
  const columns = createColumns(ROWS);
  columns.rms.average.fill(120);
  const feed = (count: number, first: number): void => {
    for (let i = first; i < first + count; i += 1) {
      const slot = i % BOXES;
      const row = i % ROWS;
      const turn = Math.floor(i / BOXES);
      now = START + Math.floor((turn + slot / BOXES) * PERIOD_MS);
      columns.boxId[row] = 1000 + slot;
      columns.timestampMs[row] = START + Math.floor(turn * PERIOD_MS) - 150;
      columns.f.average[row] = 60 + 0.001 * (i % 7);
      health.note(slot, columns, row, now);
      if (i % (6 * BOXES) === 0) health.evaluate();
    }
  };
  // Until the rings of times are full and the code is compiled, as in a daemon that runs for months.
  const warmUp = 70 * BOXES;
  feed(warmUp, 0);
  const before = process.cpuUsage();
  feed(messages, warmUp);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / messages;
}

export const boxHealth: Benchmark = {
  name: 'box-health',
  long: true,
  what: "box health at 10,000 boxes against all of the triggering service's work, CPU per measurement",
  run: async ({ rounds, short = false }) => {
    const messages = short ? SHORT_MESSAGES : MESSAGES;
    return [
      await compare(
        {
          title: 'Box 2, 10,000 boxes, storage off: CPU',
          unit: 'us per measurement',
          better: 'lower',
          baseline: 'the whole service',
          contenders: [
            {
              name: 'the whole service',
              once: async () =>
                (await measure('none', { dialect: 2, boxes: BOXES, messages: messages / 2, rate: 0 })).cpuUs,
            },
            { name: 'box health in it', once: () => boxHealthAlone(messages) },
          ],
          warmUp: false,
          goals: [{ contender: 'box health in it', ratio: GOAL }],
        },
        Math.min(rounds, 3),
      ),
    ];
  },
};
