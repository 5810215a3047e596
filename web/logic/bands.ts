/** What of a waveform is drawn: the samples while there are fewer than two a pixel, else the lowest and highest of each column. Nothing is averaged away. */

/** Values in a row without a gap, `stepMs` apart, the first at `startMs` after the waveform's origin. */
export interface Run {
  startMs: number;
  stepMs: number;
  /** samples, or the minima of bands */
  values: Float64Array | Float32Array | Int16Array;
  /** maxima of the same bands, each of which covers `stepMs` from its time on; absent: `values` are samples */
  max?: Float64Array | Float32Array | Int16Array | undefined;
}

/** For uPlot: times rise; a null is a gap. Of samples `min` and `max` are the same list. */
export interface Drawn {
  mode: 'samples' | 'bands';
  times: number[];
  min: (number | null)[];
  max: (number | null)[];
}

/**
 * @param runs in order of time, without overlap; between two is a gap
 * @param fromMs first time shown, in the runs' own time
 * @param columns pixels
 * @param factor what each value is multiplied by, above 0
 */
export function drawn(
  runs: readonly Run[],
  fromMs: number,
  toMs: number,
  columns: number,
  factor = 1,
): Drawn {
  const shown = runs.flatMap((run) => {
    // one sample more on each side, so that lines reach the edges
    const from = Math.max(0, Math.floor((fromMs - run.startMs) / run.stepMs));
    const to = Math.min(run.values.length, Math.ceil((toMs - run.startMs) / run.stepMs) + 1);
    return to > from ? [{ run, from, to }] : [];
  });
  const count = shown.reduce((sum, { from, to }) => sum + to - from, 0);
  return count < 2 * columns
    ? asTheyAre(shown, factor)
    : bandsOf(shown, fromMs, (toMs - fromMs) / Math.max(1, columns), factor);
}

type Shown = { run: Run; from: number; to: number };

function asTheyAre(shown: readonly Shown[], factor: number): Drawn {
  const times: number[] = [];
  const min: (number | null)[] = [];
  const isSamples = shown.every(({ run }) => run.max === undefined);
  const max: (number | null)[] = isSamples ? min : [];
  for (const { from, run, to } of shown) {
    if (times.length > 0) gap(times, isSamples ? [min] : [min, max], run.startMs + from * run.stepMs);
    const shift = run.max === undefined ? 0 : run.stepMs / 2;
    for (let i = from; i < to; i += 1) {
      times.push(run.startMs + i * run.stepMs + shift);
      min.push((run.values[i] ?? 0) * factor);
      if (!isSamples) max.push((run.max?.[i] ?? run.values[i] ?? 0) * factor);
    }
  }
  return { mode: isSamples ? 'samples' : 'bands', times, min, max };
}

function bandsOf(shown: readonly Shown[], fromMs: number, columnMs: number, factor: number): Drawn {
  const times: number[] = [];
  const min: (number | null)[] = [];
  const max: (number | null)[] = [];
  for (const { from, run, to } of shown) {
    if (times.length > 0) gap(times, [min, max], run.startMs + from * run.stepMs);
    let i = from;
    const columnOf = (k: number): number => Math.floor((run.startMs + k * run.stepMs - fromMs) / columnMs);
    while (i < to) {
      const column = columnOf(i);
      const endMs = fromMs + (column + 1) * columnMs;
      let end = Math.min(to, Math.max(i + 1, Math.ceil((endMs - run.startMs) / run.stepMs)));
      // rounding can leave a sample of this column for the next
      while (end < to && columnOf(end) === column) end += 1;
      const [low, high] = lowHigh(run, i, end);
      times.push(Math.max(run.startMs + i * run.stepMs, endMs - columnMs / 2));
      min.push(low * factor);
      max.push(high * factor);
      i = end;
    }
  }
  return { mode: 'bands', times, min, max };
}

function lowHigh({ max, values }: Run, from: number, to: number): [number, number] {
  const tops = max ?? values;
  let low = values[from] ?? 0;
  let high = tops[from] ?? 0;
  for (let k = from + 1; k < to; k += 1) {
    const value = values[k] ?? 0;
    const top = tops[k] ?? 0;
    if (value < low) low = value;
    if (top > high) high = top;
  }
  return [low, high];
}

/** A null between what was drawn last and `nextMs`. */
function gap(times: number[], lists: (number | null)[][], nextMs: number): void {
  const last = times.at(-1) ?? nextMs;
  times.push((last + nextMs) / 2);
  for (const list of lists) list.push(null);
}

/** What a waveform holds at a cursor: of a sample `min` and `max` are the same, of a band they are its ends. */
export interface AtCursor {
  ms: number;
  min: number;
  max: number;
}

/** The sample nearest to a time, or the band that covers it; undefined within a gap or outside. */
export function valueNear(runs: readonly Run[], ms: number): AtCursor | undefined {
  for (const { max: tops, startMs, stepMs, values } of runs) {
    const steps = (ms - startMs) / stepMs;
    const i = tops === undefined ? Math.round(steps) : Math.floor(steps);
    const min = values[i];
    const max = (tops ?? values)[i];
    if (min !== undefined && max !== undefined) return { ms: startMs + i * stepMs, min, max };
  }
  return undefined;
}

/** From cursor A to cursor B; undefined where one of them is on a band, whose samples are not known. */
export function changeBetween(a: AtCursor | undefined, b: AtCursor | undefined): number | undefined {
  if (a === undefined || b === undefined || a.min !== a.max || b.min !== b.max) return undefined;
  return b.min - a.min;
}
