/** Inputs for one endpoint of a running daemon, which must keep running and working, log no error, and keep its memory flat. */
import { messageOf } from '../../common/errors.js';
import { lastHalf, type Sample } from '../../scripts/soak/figures.js';
import type { EndpointTarget, Entrance } from './endpoints.js';
import type { DaemonUnderTest } from './line.js';
import { mutated, mutatedFrames } from './mutate.js';
import { seededRandom } from './random.js';
import { seedsOf } from './seeds.js';

export interface EndpointResult {
  inputs: number;
  seconds: number;
  /** MB of the daemon: mean of the third and of the last quarter of the run */
  thirdQuarterMb: number;
  lastQuarterMb: number;
  /** MB per minute, least-squares slope over the last half; in a run of seconds mostly uncollected garbage */
  slope: number;
}

const SAMPLES = 200;

/**
 * @throws Error when the daemon exits, stops working or logs an error; the seed reproduces the inputs
 */
export async function fuzzEndpoint(
  target: EndpointTarget,
  daemon: DaemonUnderTest,
  inputs: number,
  seed: number,
): Promise<EndpointResult> {
  const random = seededRandom(seed);
  const corpus = seedsOf(target.seeds);
  const pool = corpus.flat();
  const memory: Sample[] = [];
  const every = Math.max(1, Math.floor(inputs / SAMPLES));
  const startedAt = performance.now();
  const entrance = await target.open(daemon);
  try {
    for (let i = 0; i < inputs; i += 1) {
      const base = i < corpus.length ? corpus[i] : random.pick(corpus);
      await entrance.send(i < corpus.length ? (base ?? []) : next(base ?? []));
      if (i % every === 0)
        memory.push({ minutes: (performance.now() - startedAt) / 60_000, value: daemon.memory() });
      if (daemon.deaths.length > 0) throw new Error(`at input ${i} of seed ${seed}: ${daemon.deaths.join()}`);
    }
    await stillWorks(entrance, daemon);
  } catch (error) {
    const state = daemon.deaths.length > 0 ? daemon.deaths.join() : 'the daemon runs';
    throw new Error(`${messageOf(error)}; ${state}; ${warnings()}`, { cause: error });
  } finally {
    entrance.close();
  }
  const errors = daemon
    .logText()
    .split('\n')
    .filter((line) => /"level":(50|60)/.test(line));
  if (errors.length > 0) throw new Error(`errors in the log: ${errors.slice(0, 3).join('\n')}`);
  return {
    inputs,
    seconds: (performance.now() - startedAt) / 1000,
    thirdQuarterMb: mean(memory.slice(memory.length / 2, (memory.length * 3) / 4)),
    lastQuarterMb: mean(memory.slice((memory.length * 3) / 4)),
    slope: lastHalf(memory).slope,
  };

  /** What the daemon logged last that is no information. */
  function warnings(): string {
    const lines = daemon.logText().split('\n');
    return lines
      .filter((line) => /"level":(40|50|60)/.test(line))
      .slice(-3)
      .join('\n');
  }

  function next(base: readonly Uint8Array[]): Uint8Array[] {
    const first = base[0] ?? new Uint8Array();
    return base.length === 1 && !random.onceIn(16)
      ? [mutated(first, pool, random)]
      : mutatedFrames(base, pool, random);
  }
}

async function stillWorks(entrance: Entrance, daemon: DaemonUnderTest): Promise<void> {
  const died = new Promise<never>((_, reject) => {
    const watch = setInterval(() => {
      if (daemon.deaths.length === 0) return;
      clearInterval(watch);
      reject(new Error(daemon.deaths.join()));
    }, 100);
    watch.unref();
  });
  await Promise.race([entrance.works(), died]);
}

function mean(samples: readonly Sample[]): number {
  return samples.reduce((sum, { value }) => sum + value, 0) / samples.length;
}
