/**
 * Was it only me? Incidents of several boxes that overlap are one group. It settles when all boxes of its events have replied and their waveforms are analysed, after a minute
 * at most: then each of its incidents gets the group, and the copies of measurements that came late. An incident that comes later opens it again.
 */
import { someAtOnce } from '../../common/at-once.js';
import { type Clock, pause } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { Turns } from '../../common/turn.js';
import { askedBoxes } from '../../store/boxes.js';
import { ANALYSIS_SOURCE } from '../../store/incidents.js';
import type { IncidentDocument, IncidentGroup, Store } from '../../store/store.js';
import { applyOne } from '../../store/writes.js';
import type { Clocks } from '../clocks/clocks.js';
import { sharedRegion } from '../regions.js';
import type { KnownBoxes } from '../waveforms/references.js';
import { AnalysedBoxes } from './analysed-boxes.js';
import {
  addTo,
  farthest,
  type GroupedIncident,
  newGroup,
  type OpenGroup,
  overlapping,
  slim,
} from './grouping.js';
import { completeMeasurements } from './late-measurements.js';
import { neighboursOf } from './neighbours.js';
import { groupSentence } from './sentence.js';
import { readUngrouped } from './ungrouped.js';

export interface GroupsOptions {
  store: Store;
  boxes: KnownBoxes;
  clocks: Clocks;
  /** of the boxes: the incidents of one are not written by the follower meanwhile */
  turns: Turns;
  /** where other services analyse waveforms too: whether the store says that one is analysed. Left out: `add` says it of all */
  isAnalysed?: (eventId: number, boxId: string) => Promise<boolean>;
  /** false: this service must write nothing any more. Left out: it always may */
  mayWrite?: () => boolean;
  clock: Clock;
  log: Logger;
  /** called when a group is durable */
  onSettled(group: IncidentGroup): void;
}

/** A group settles after so long at most. */
const SETTLE_MS = 60_000;
const LOOK_MS = 1_000;
/** A group is remembered so long: replies that come later than this make a group of their own. */
const REMEMBER_MS = 600_000;
/** Of a flood of incidents the oldest groups are settled first, and forgotten. */
const MOST_GROUPS = 2_000;
/** Incidents of one group, also of a flood of them: what comes beyond makes another group. */
const MOST_INCIDENTS = 1_000;
/** Done at the same time: what waits for the store together is written together. */
const GROUPS_AT_ONCE = 4;
const INCIDENTS_AT_ONCE = 8;
/** Incidents of all groups that are remembered: some megabytes. */
const MOST_REMEMBERED = 10_000;
/** Measurements live a day: of an older disturbance nothing is known of boxes without a waveform. */
const MEASURED_MS = 24 * 3_600_000;

export class Groups implements Running {
  readonly #options: GroupsOptions;
  readonly #stopping = new AbortController();
  #groups: OpenGroup[] = [];
  readonly #analysed: AnalysedBoxes;
  #loop: Promise<void> = Promise.resolve();
  settled = 0;

  constructor(options: GroupsOptions) {
    this.#options = options;
    this.#analysed = new AnalysedBoxes(options.isAnalysed);
  }

  get open(): number {
    return this.#groups.filter(({ settled }) => !settled).length;
  }

  /** More incidents wait for their groups than are remembered: what finds them should wait. */
  get isBehind(): boolean {
    let waiting = 0;
    for (const { incidents, settled } of this.#groups) if (!settled) waiting += incidents.size;
    return waiting > 2 * MOST_REMEMBERED;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  /** The waveform of a box was analysed. @param incidents what was found in it, as it is stored */
  add(eventId: number, boxId: string, incidents: readonly IncidentDocument[]): void {
    this.#analysed.add(eventId, boxId);
    for (const incident of incidents) this.#join(slim(incident), false);
  }

  /** One that any of several services has stored. */
  take(incident: IncidentDocument): void {
    const { event_id, group, source } = incident;
    if (source !== ANALYSIS_SOURCE || event_id < 0 || group !== undefined) return;
    this.#join(slim(incident), false);
  }

  /** @param isSettled of an incident that was read at the start: it has its group already */
  #join(incident: GroupedIncident, isSettled: boolean): void {
    const [first, ...others] = overlapping(this.#groups, incident).filter(
      ({ incidents }) => incidents.size < MOST_INCIDENTS || incidents.has(incident.incidentId),
    );
    if (first === undefined) {
      this.#groups.push({ ...newGroup(incident, this.#options.clock.monotonic()), settled: isSettled });
      return;
    }
    if (first.incidents.has(incident.incidentId)) return;
    const [before] = first.incidents.values();
    const isSameGroup = isSettled && incident.groupId === before?.groupId;
    addTo(first, incident);
    // It bridges what was apart.
    const joined = new Set<OpenGroup>();
    for (const other of others) {
      if (first.incidents.size + other.incidents.size > MOST_INCIDENTS) continue;
      for (const one of other.incidents.values()) addTo(first, one);
      joined.add(other);
    }
    this.#groups = this.#groups.filter((group) => !joined.has(group));
    if (first.settled && isSameGroup && joined.size === 0) return;
    if (first.settled) first.openedMs = this.#options.clock.monotonic();
    first.settled = false;
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    let recovered = false;
    while (!this.#stopping.signal.aborted) {
      try {
        if (!recovered) await this.#recover();
        recovered = true;
      } catch (error) {
        const code = codeOf(error);
        // Nothing settles before: for a failure that stays nobody waits.
        recovered = code !== 'STORE_UNAVAILABLE';
        if (recovered)
          log.warn(
            { err: error, code },
            'incidents from before the start that have no group get none: they cannot be read',
          );
        // Tried again with the next look.
        else log.debug({ err: error, code }, 'incidents without a group are not read yet');
      }
      await pause(clock, LOOK_MS, this.#stopping.signal);
      if (!recovered) continue;
      const tooMany = new Set(this.#groups.slice(0, this.#tooMany()));
      const open = this.#groups.filter(({ settled }) => !settled);
      await someAtOnce(open, GROUPS_AT_ONCE, async (group) => {
        if (this.#stopping.signal.aborted) return;
        try {
          if (tooMany.has(group) || (await this.#isComplete(group))) await this.#settle(group);
        } catch (error) {
          // Tried again with the next look.
          log.debug({ err: error, code: codeOf(error) }, 'a group of incidents is not settled yet');
        }
      });
      this.#forget();
    }
  }

  /** @throws what the store says; what was read before has been taken */
  async #recover(): Promise<void> {
    const { clock, store } = this.#options;
    const found: GroupedIncident[] = [];
    try {
      await readUngrouped(store, clock.now() - REMEMBER_MS, found);
    } finally {
      found.sort((a, b) => a.startMs - b.startMs);
      for (const incident of found) this.#join(incident, incident.groupId !== undefined);
    }
  }

  async #isComplete(group: OpenGroup): Promise<boolean> {
    const { clock, store } = this.#options;
    if (clock.monotonic() - group.openedMs >= SETTLE_MS) return true;
    for (const eventId of eventsOf(group)) {
      const event = await store.event(eventId);
      if (event === undefined) continue;
      const received = new Set(event.boxes_received);
      for (const boxId of askedBoxes(event))
        if (!(await this.#analysed.has(eventId, boxId, received.has(boxId)))) return false;
    }
    return true;
  }

  /** Where other services analyse waveforms too. */
  async #learn(eventId: number): Promise<void> {
    const { isAnalysed, store } = this.#options;
    if (isAnalysed === undefined) return;
    const received = (await store.event(eventId))?.boxes_received ?? [];
    await someAtOnce(received, INCIDENTS_AT_ONCE, async (boxId) => {
      await this.#analysed.has(eventId, boxId, true);
    });
  }

  async #settle(group: OpenGroup): Promise<void> {
    const { onSettled, store, turns } = this.#options;
    const size = group.incidents.size;
    const summary = await this.#summary(group);
    if (summary === undefined) {
      // None of its incidents is stored any more.
      group.settled = true;
      return;
    }
    await someAtOnce([...group.incidents.values()], INCIDENTS_AT_ONCE, ({ boxId, incidentId }) =>
      turns.run(boxId, async () => {
        if (this.#mayWrite()) await completeMeasurements(store, incidentId);
      }),
    );
    if (!this.#mayWrite()) return;
    await applyOne(store, { kind: 'incident_group', group: summary });
    // What joined meanwhile opens it again.
    group.settled = group.incidents.size === size;
    this.settled += 1;
    onSettled(summary);
  }

  #mayWrite(): boolean {
    return this.#options.mayWrite?.() !== false;
  }

  async #summary(group: OpenGroup): Promise<IncidentGroup | undefined> {
    const { boxes, clock, clocks, store } = this.#options;
    const incidents = [...group.incidents.values()].sort((a, b) => a.incidentId - b.incidentId);
    const deepest = await this.#deepest(incidents);
    const [lowest] = incidents;
    if (deepest === undefined || lowest === undefined) return undefined;
    const affected = new Set(incidents.map(({ boxId }) => boxId));
    for (const eventId of eventsOf(group)) await this.#learn(eventId);
    const withWaveform = new Set([
      ...affected,
      ...[...eventsOf(group)].flatMap((eventId) => [...(this.#analysed.of(eventId) ?? [])]),
    ]);
    const isRecent = clock.now() - group.endMs < MEASURED_MS;
    const neighbours = !isRecent
      ? []
      : await neighboursOf(group, withWaveform, store, {
          reference: async (boxId) => (await boxes.of(boxId)).reference,
          clock: (boxId) => clocks.of(boxId, { ourMs: group.startMs }),
        });
    const heard = withWaveform.size + neighbours.length;
    const others = neighbours.filter((one) => one.affected).map(({ boxId }) => boxId);
    const ids = [...affected, ...others].sort(byNumber);
    const starts = incidents.map(({ startMs }) => startMs);
    const depths = incidents.map(({ depth }) => depth);
    const first = incidents.reduce((a, b) => (b.startMs < a.startMs ? b : a));
    return {
      group_id: lowest.incidentId,
      ...(await this.#scopeOf(ids, heard)),
      incident_ids: incidents.map(({ incidentId }) => incidentId),
      box_ids: ids,
      boxes_heard: heard,
      first_box: first.boxId,
      deepest_box: deepest.box_id,
      spread_ms: Math.max(...starts) - Math.min(...starts),
      spread_depth: Number((Math.max(...depths) - Math.min(...depths)).toPrecision(4)),
      from_measurements: others.sort(byNumber),
      sentence: groupSentence({ incident: deepest, affected: ids.length, heard }),
    };
  }

  /** The incident that lies farthest off, of those that are still stored. */
  async #deepest(incidents: readonly GroupedIncident[]): Promise<IncidentDocument | undefined> {
    const left = new Set(incidents);
    for (let one = farthest(incidents); one !== undefined; one = farthest([...left])) {
      const document = await this.#options.store.incident(one.incidentId);
      if (document !== undefined) return document;
      left.delete(one);
    }
    return undefined;
  }

  async #scopeOf(ids: readonly string[], heard: number): Promise<Pick<IncidentGroup, 'scope' | 'region'>> {
    if (ids.length === 1) return { scope: 'box' };
    const locations = new Set<string | undefined>();
    for (const boxId of ids) locations.add((await this.#options.boxes.of(boxId)).box?.location);
    if (locations.size === 1 && !locations.has(undefined)) return { scope: 'location' };
    if (ids.length === heard) return { scope: 'all' };
    const region = sharedRegion([...locations], await this.#options.boxes.regions());
    return { scope: 'region', ...(region === undefined ? {} : { region }) };
  }

  /** How many of the groups, the oldest, are beyond what is remembered. */
  #tooMany(): number {
    let first = this.#groups.length;
    let incidents = 0;
    while (first > 0 && this.#groups.length - first < MOST_GROUPS) {
      incidents += this.#groups[first - 1]?.incidents.size ?? 0;
      if (incidents > MOST_REMEMBERED) break;
      first -= 1;
    }
    return first;
  }

  #forget(): void {
    const before = this.#options.clock.monotonic() - REMEMBER_MS;
    const tooMany = this.#tooMany();
    this.#groups = this.#groups.filter(
      ({ openedMs, settled }, i) => !settled || (openedMs >= before && i >= tooMany),
    );
  }
}

function eventsOf({ incidents }: OpenGroup): Set<number> {
  return new Set([...incidents.values()].map(({ eventId }) => eventId));
}

const byNumber = (a: string, b: string): number => Number(a) - Number(b);
