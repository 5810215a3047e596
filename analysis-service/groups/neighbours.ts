/** Boxes without a waveform of a disturbance, judged from their measurements: whether they were heard at the time, and whether they show it. */
import { FREQUENCY_LIMITS, THD_LIMIT } from '../../signal/index.js';
import { isAt50Hz, type Reference } from '../../store/reference.js';
import type { MeasurementDocument, MeasurementReader, NewestOfBox } from '../../store/store.js';
import type { ClockError } from '../clocks/clocks.js';
import type { OpenGroup } from './grouping.js';

/** A box is heard when it measured so shortly before or after. */
const HEARD_MS = 10_000;
/** A measurement reaches so far on each side of its time: that of a Box 3 is a second long. */
const WINDOW_MS = 1_000;
/** IEEE 1159 limits, and those of analyseWaveform. */
const LIMITS = {
  sagPu: 0.9,
  swellPu: 1.1,
  hertz: FREQUENCY_LIMITS.deviation,
  thdPercent: THD_LIMIT,
} as const;
const AT_ONCE = 8;

export interface Neighbour {
  boxId: string;
  affected: boolean;
}

/** What a box is judged by. */
export interface NeighbourFacts {
  reference(boxId: string): Promise<Reference>;
  /** undefined: its clock is right, or nothing is known of it */
  clock(boxId: string): ClockError | undefined;
}

/** @param known boxes that need not be looked at: those with a waveform */
export async function neighboursOf(
  group: OpenGroup,
  known: ReadonlySet<string>,
  store: Pick<MeasurementReader, 'measurements' | 'newestByBox'>,
  { clock, reference }: NeighbourFacts,
): Promise<Neighbour[]> {
  const couldBeHeard = ({ boxId, measurementMs }: NewestOfBox): boolean =>
    measurementMs >= byClockOf(group, clock(boxId)).startMs - HEARD_MS;
  const candidates = (await store.newestByBox((boxId) => !known.has(boxId))).filter(couldBeHeard);
  const found: Neighbour[] = [];
  for (let at = 0; at < candidates.length; at += AT_ONCE) {
    const some = candidates.slice(at, at + AT_ONCE).map(async ({ boxId }) => {
      const { endMs, startMs } = byClockOf(group, clock(boxId));
      return look({ kind: group.kind, startMs, endMs }, boxId, await reference(boxId), store);
    });
    for (const one of await Promise.all(some)) if (one !== undefined) found.push(one);
  }
  return found;
}

/** The span of the group by the clock of a box. */
function byClockOf({ endMs, startMs }: OpenGroup, clock: ClockError | undefined) {
  const { offsetMs, uncertaintyMs } = clock ?? { offsetMs: 0, uncertaintyMs: 0 };
  return { startMs: startMs + offsetMs - uncertaintyMs, endMs: endMs + offsetMs + uncertaintyMs };
}

async function look(
  { endMs, kind, startMs }: Pick<OpenGroup, 'kind' | 'startMs' | 'endMs'>,
  boxId: string,
  reference: Reference,
  store: Pick<MeasurementReader, 'measurements'>,
): Promise<Neighbour | undefined> {
  const range = { fromMs: startMs - HEARD_MS, toMs: endMs + HEARD_MS };
  let heard = false;
  let affected = false;
  for await (const measurement of store.measurements(boxId, range)) {
    heard = true;
    const { timestamp_ms: atMs } = measurement;
    if (atMs < startMs - WINDOW_MS || atMs > endMs + WINDOW_MS) continue;
    affected ||= shows(measurement, kind, reference);
  }
  return heard ? { boxId, affected } : undefined;
}

/** A transient is not seen in measurements, nor a rapid voltage change. */
function shows(measurement: MeasurementDocument, kind: string, reference: Reference): boolean {
  const { extremes, frequency, thd, voltage } = measurement;
  const low = (extremes?.voltage?.min ?? voltage ?? Number.NaN) / reference.voltage;
  const high = (extremes?.voltage?.max ?? voltage ?? Number.NaN) / reference.voltage;
  switch (kind) {
    case 'VOLTAGE down':
      return low < LIMITS.sagPu;
    case 'VOLTAGE up':
      return high > LIMITS.swellPu;
    case 'FREQUENCY down':
      return (extremes?.frequency?.min ?? frequency ?? Number.NaN) < reference.frequency - LIMITS.hertz;
    case 'FREQUENCY up':
      return (extremes?.frequency?.max ?? frequency ?? Number.NaN) > reference.frequency + LIMITS.hertz;
    case 'THD':
      // What a box says of THD at 50 Hz is no judgement.
      if (isAt50Hz(reference.frequency)) return false;
      return 100 * (extremes?.thd?.max ?? thd ?? Number.NaN) > LIMITS.thdPercent;
    default:
      return false;
  }
}
