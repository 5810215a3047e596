/**
 * V8's quick collection of young objects, asked for by the program. Message buffers lie outside V8's heap and are freed only when their
 * small JavaScript objects are collected. V8 lets these pile up until they fill the young generation, sees tens of megabytes outside its
 * heap before that, and then marks the whole heap, again and again. A quick collection in between takes less than a millisecond
 * (bench/README.md has the figures). From the first on, young objects are collected by the thread that they are of: there are few, and waking V8's threads to help costs more than it gains.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options?: { type: 'minor' }) => void;

/** Each takes about a millisecond. */
const TRIES = 20;

let collect: Collect | undefined;

/** Collects young objects now, in this thread's heap. Does nothing where V8 has no such function. */
export function collectYoungGarbage(): void {
  collect ??= find();
  collect({ type: 'minor' });
}

/**
 * Collects all garbage now, in this thread's heap, which stands still for some milliseconds. For a thread that fills its heap slowly for hours: V8 waits until it has twice what
 * is in use.
 */
export function collectGarbage(): void {
  collect ??= find();
  collect();
}

/** The function shows in contexts made after the flag is set. The flag is one for all threads: another one that looks too may have taken it back, so it is set again. */
function find(): Collect {
  setFlagsFromString('--no-parallel-scavenge');
  try {
    for (let tries = 0; tries < TRIES; tries += 1) {
      setFlagsFromString('--expose-gc');
      const found: unknown = runInNewContext('typeof gc === "function" ? gc : undefined');
      if (typeof found === 'function') return found as Collect;
    }
    return () => undefined;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
