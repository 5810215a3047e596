/** The analysis of some waveforms of one event, from the store and back into it. Doing it twice changes nothing. */
import { codeOf, messageOf } from '../../common/errors.js';
import type { Turns } from '../../common/turn.js';
import type { IncidentIds } from '../../daemon/incident-ids.js';
import { ANALYSIS_SOURCE, incidentDocument } from '../../store/incidents.js';
import type {
  BoxEventDocument,
  IncidentDocument,
  IncidentWithSamples,
  Store,
  Stored,
  ThreadStore,
} from '../../store/store.js';
import type { AnalysisWrite } from '../../store/writes.js';
import { type Clocks, NO_CLOCKS } from '../clocks/clocks.js';
import { findingOf, withMeasurements } from './findings.js';
import { type LoadedWaveform, waveformInput } from './input.js';
import type { AnalysisPool } from './pool.js';
import type { KnownBox, KnownBoxes } from './references.js';
import { isBetter, repeatsOf } from './repeats.js';
import type { Found, WaveformResult } from './results.js';

export interface EventAnalysisDeps {
  /** of a thread's own one, what is read is one transaction, and what is known before and written another one */
  store: Store & Partial<Pick<ThreadStore, 'readTogether' | 'together'>>;
  pool: Pick<AnalysisPool, 'run'>;
  boxes: KnownBoxes;
  ids: IncidentIds;
  /** left out: nothing is known of them */
  clocks?: Clocks;
  /** asked last before findings are written: false where the box has become another service's. Left out: all boxes are this one's */
  owns?: (boxId: string) => boolean;
  /** findings are compared with those stored before, so those of one box are written one waveform after the other */
  turns: Pick<Turns, 'run'>;
}

interface Loaded {
  waveform: LoadedWaveform;
  known: KnownBox;
}

/** What was found in a waveform, and what it was judged by: without its samples, which take a hundred times the memory. */
interface Judged {
  waveform: Pick<LoadedWaveform, 'boxEvent'> & { rate: number };
  known: KnownBox;
  found: readonly Found[];
  remarks: string[];
}

/** Samples of one event that are in memory at a time, besides the last waveform: eight of 2 s are less than a tenth of it. */
const MOST_BYTES = 4_000_000;
/** Samples of a box in one cycle. */
const CYCLE_BYTES = 400;

/**
 * Analyses waveforms of one event.
 * @param boxIds of which boxes. One whose box event is gone (it has expired meanwhile) is noted as analysed
 * @param onDurable called with each result as soon as it is stored, also when a later waveform fails
 * @throws MakaiError STORE_UNAVAILABLE, WORKER_EXITED, and what else the store says
 */
export async function analyseEvent(
  deps: EventAnalysisDeps,
  eventId: number,
  boxIds: readonly string[],
  onDurable: (result: WaveformResult) => void = () => undefined,
): Promise<WaveformResult[]> {
  const { store, turns } = deps;
  const wanted = new Set(boxIds);
  const results: WaveformResult[] = [];
  const durable = (result: WaveformResult): void => {
    results.push(result);
    onDurable(result);
  };
  const left = (await store.boxEvents(eventId, boxIds)).filter(({ box_id }) => wanted.delete(box_id));
  while (left.length > 0) {
    const read = () => loadSome(deps, left);
    const loaded = await (store.readTogether === undefined ? read() : store.readTogether(read));
    await writeTogether(deps, await judge(deps, loaded), durable);
  }
  for (const boxId of wanted) {
    const gone = { eventId, boxId, findings: [], remarks: ['the box event is gone'] };
    const result = await turns.run(boxId, () => write(deps, gone, false));
    if (result !== undefined) durable(result);
  }
  return results;
}

async function judge({ pool }: EventAnalysisDeps, loaded: readonly Loaded[]): Promise<Judged[]> {
  const analysed = await pool.run({ waveforms: loaded.map(({ waveform }) => waveform.input) });
  return loaded.map(({ known, waveform: { boxEvent, input, remarks } }, i) => {
    const one = analysed[i];
    if (one === undefined) throw new Error('a thread left out a waveform');
    const { found } = one;
    const { rate } = input.options;
    return { waveform: { boxEvent, rate }, known, found, remarks: [...remarks, ...one.remarks] };
  });
}

/** Takes as many of the waveforms as may be in memory at a time, at least one. */
async function loadSome(deps: EventAnalysisDeps, left: BoxEventDocument[]): Promise<Loaded[]> {
  const loaded: Loaded[] = [];
  let bytes = 0;
  let largest = 0;
  // The first by itself: its size says how many may be read side by side.
  let count = 1;
  while (left.length > 0 && bytes < MOST_BYTES) {
    for (const one of await Promise.all(left.splice(0, count).map((boxEvent) => load(deps, boxEvent)))) {
      loaded.push(one);
      const { byteLength } = one.waveform.input.samples;
      bytes += byteLength;
      largest = Math.max(largest, byteLength);
    }
    const cycles = Math.max(0, ...left.map(({ window_timestamps_ms }) => window_timestamps_ms.length));
    const expected = Math.max(largest, CYCLE_BYTES * cycles, 1);
    count = Math.max(1, Math.floor((MOST_BYTES - bytes) / expected));
  }
  return loaded;
}

async function load({ boxes, store }: EventAnalysisDeps, boxEvent: BoxEventDocument): Promise<Loaded> {
  const [known, read] = await Promise.all([
    boxes.ofWaveform(boxEvent),
    readWaveform(store, boxEvent.data_fs_filename),
  ]);
  const waveform = waveformInput(boxEvent, read.bytes, known);
  waveform.remarks.push(...read.remarks);
  return { waveform, known };
}

async function writeTogether(
  deps: EventAnalysisDeps,
  judged: readonly Judged[],
  durable: (result: WaveformResult) => void,
): Promise<void> {
  const { store, turns } = deps;
  // Side by side: the store syncs what waits together once.
  const write = () =>
    Promise.allSettled(
      judged.map((one) => turns.run(one.waveform.boxEvent.box_id, () => writeFound(deps, one))),
    );
  const written = await (store.together === undefined ? write() : store.together(write));
  for (const one of written) if (one.status === 'fulfilled' && one.value !== undefined) durable(one.value);
  for (const one of written) if (one.status === 'rejected') throw one.reason;
}

async function writeFound(
  deps: EventAnalysisDeps,
  { found, known, remarks, waveform }: Judged,
): Promise<WaveformResult | undefined> {
  const { clocks = NO_CLOCKS, store } = deps;
  const { boxEvent } = waveform;
  const { box_id: boxId, event_id: eventId } = boxEvent;
  const finish = async (one: Found): Promise<IncidentWithSamples> => {
    const bare = findingOf(one, waveform, known, clocks.of(boxId, { boxMs: one.candidate.startMs }));
    const [finding, stored] = await Promise.all([
      withMeasurements(bare, store),
      repeatsOf(bare.incident, store),
    ]);
    const other = stored.find((one) => !isBetter(finding.incident, one));
    if (other !== undefined) finding.incident.metadata.same_as = other.incident_id;
    else if (stored.length > 0) finding.supersedes = stored.map((one) => one.incident_id);
    return finding;
  };
  // Most waveforms are analysed for the first time: nothing is known of them.
  const [before, findings] = await Promise.all([
    found.length === 0 ? undefined : store.analysis(eventId, boxId),
    Promise.all(found.map(finish)),
  ]);
  return write(
    deps,
    { eventId, boxId, findings, remarks, judgedWith: known.judgedWith },
    before !== undefined,
  );
}

/**
 * @param isKnown it was analysed before
 * @returns undefined: the box is another service's, and nothing was written
 */
async function write(
  { ids, owns, store }: EventAnalysisDeps,
  { boxId, eventId, findings, judgedWith, remarks }: Omit<AnalysisWrite, 'kind'> & { remarks: string[] },
  isKnown: boolean,
): Promise<WaveformResult | undefined> {
  const ofBox = async (): Promise<IncidentDocument[]> => {
    if (findings.length === 0) return [];
    const stored: IncidentDocument[] = [];
    for await (const one of store.incidents({ eventId, boxId }))
      if (one.source === ANALYSIS_SOURCE) stored.push(one);
    return stored;
  };
  const before = new Set((isKnown ? await ofBox() : []).map((one) => one.incident_id));
  const numbered = await ids.number(findings);
  const judged = judgedWith && { judgedWith };
  if (owns?.(boxId) === false) return undefined;
  const stored = await store.apply({
    kind: 'analysis',
    ...{ eventId, boxId, findings: numbered, remarks },
    ...judged,
  });
  const incidents = documentsOf(numbered, stored) ?? (await ofBox());
  return {
    boxId,
    incidents,
    added: incidents.filter((one) => !before.has(one.incident_id)),
    remarks,
  };
}

/** What is stored of new findings, without reading it; undefined where it must be read. */
function documentsOf(
  findings: readonly IncidentWithSamples[],
  { numbered }: Stored,
): IncidentDocument[] | undefined {
  return numbered
    ?.flatMap(({ expireAt, incidentId }, i) => {
      const finding = findings[i];
      return finding === undefined ? [] : [incidentDocument(finding, incidentId, expireAt)];
    })
    .sort((a, b) => a.start_timestamp_ms - b.start_timestamp_ms || a.incident_id - b.incident_id);
}

/** A damaged file is a word in the analysis; nothing waits for it. */
async function readWaveform(
  store: Pick<Store, 'waveform'>,
  fileName: string,
): Promise<{ bytes: Uint8Array | undefined; remarks: string[] }> {
  try {
    return { bytes: await store.waveform(fileName), remarks: [] };
  } catch (error) {
    if (codeOf(error) !== 'STORE_DAMAGED') throw error;
    return { bytes: undefined, remarks: [messageOf(error)] };
  }
}
