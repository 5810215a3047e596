/**
 * A backlog of events of 2 s and 10 boxes through the analysis service's follower and its threads, from a SQLite store and back, against the same waveforms classified by direct calls in one
 * thread times the cores; and the memory that this takes, and that of the whole service.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unitEnvironment } from '../scripts/unit-environment.js';
import { type Benchmark, type Comparison, compare } from './compare.js';
import { BACKLOG_PROGRAM, BOXES, type WorkedOff } from './support/backlog.js';
import { bareRate, bareRateOfThreads, SECONDS } from './support/bare-classification.js';

const EVENTS = { long: 1000, short: 40 } as const;
const MEMORY_GOAL_MB = 150;

/** Waveforms per second, and MB. */
export const analysisBacklog: Benchmark = {
  name: 'analysis-backlog',
  what: 'a backlog of events of ten boxes through the analysis service, against bare classification times the cores',
  run: async ({ rounds, short = false }): Promise<Comparison[]> => {
    const events = short ? EVENTS.short : EVENTS.long;
    const cores = Math.min(4, availableParallelism());
    const memory: number[] = [];
    const speed = await compare(
      {
        title: `${events} events of ${BOXES} boxes and ${SECONDS} s`,
        unit: 'waveforms per second',
        better: 'higher',
        baseline: 'bare, times the cores',
        goals: [{ contender: 'service', ratio: 0.8 }],
        warmUp: short,
        contenders: [
          { name: 'bare, times the cores', once: () => cores * bareRate() },
          // what the cores give at the same time, on a machine that others use too
          { name: 'bare, a thread for each core', once: () => bareRateOfThreads(cores) },
          {
            name: 'service',
            once: async () => {
              const { memoryMb, rate } = await inProcess('work-off', events);
              memory.push(memoryMb);
              return rate;
            },
          },
        ],
      },
      short ? rounds : Math.min(rounds, 3),
    );
    return [speed, await compareMemory(events, Math.max(...memory))];
  },
};

/** @param followerMb of the runs before */
function compareMemory(events: number, followerMb: number): Promise<Comparison> {
  return compare(
    {
      title: `resident memory, the most in a backlog of ${events * BOXES} waveforms`,
      unit: 'MB',
      better: 'lower',
      baseline: 'follower and threads',
      goals: [{ contender: 'the whole service', figure: MEMORY_GOAL_MB }],
      warmUp: false,
      contenders: [
        { name: 'follower and threads', once: () => followerMb },
        { name: 'the whole service', once: async () => (await inProcess('serve', events)).memoryMb },
      ],
    },
    1,
  );
}

/** The store is filled by one process and worked off by another, whose memory is printed. */
async function inProcess(step: 'work-off' | 'serve', events: number): Promise<WorkedOff> {
  const directory = await mkdtemp(join(tmpdir(), 'makai-bench-analysis-'));
  const env = { ...process.env, ...unitEnvironment('analysis-service') };
  const run = async (name: string): Promise<string> => {
    const args = [BACKLOG_PROGRAM, name, join(directory, 'makai.db'), String(events)];
    return (await promisify(execFile)(process.execPath, args, { env })).stdout;
  };
  try {
    await run('fill');
    const worked = JSON.parse((await run(step)).trim().split('\n').at(-1) ?? '{}') as WorkedOff;
    const along = worked.alongMb.map((mb) => mb.toFixed(0)).join(', ');
    process.stdout.write(
      `  ${step}: ${worked.rate.toFixed(0)} waveforms/s, resident memory ${worked.memoryMb.toFixed(0)} MB at most; along the way ${along} MB\n`,
    );
    return worked;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
