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
import type { Clocks } from '../clocks/clocks.js';
import type { KnownBoxes } from '../waveforms/references.js';
import { AnalysedBoxes } from './analysed-boxes.js';
import {
  addTo,
  eventsOf,
  type GroupedIncident,
  newGroup,
  type OpenGroup,
  overlapping,
  slim,
} from './grouping.js';
import { completeMeasurements } from './late-measurements.js';
import { summaryOf } from './summary.js';
import { readOthers, readUngrouped } from './ungrouped.js';

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
    for (const incident of incidents) this.#join(slim(incident));
  }

  /** One that any of several services has stored. */
  take(incident: IncidentDocument): void {
    const { event_id, group, source } = incident;
    if (source !== ANALYSIS_SOURCE || event_id < 0 || group !== undefined) return;
    this.#join(slim(incident), { isUnread: true });
  }

  /**
   * @param isSettled of an incident that was read at the start: it has its group already
   * @param isUnread others of its group may be stored, and were not given to this service
   */
  #join(incident: GroupedIncident, { isSettled = false, isUnread = false } = {}): void {
    const [first, ...others] = overlapping(this.#groups, incident).filter(
      ({ incidents }) => incidents.size < MOST_INCIDENTS || incidents.has(incident.incidentId),
    );
    if (first === undefined) {
      const group = newGroup(incident, this.#options.clock.monotonic());
      this.#groups.push({ ...group, settled: isSettled, isUnread });
      return;
    }
    if (first.incidents.has(incident.incidentId)) return;
    first.isUnread ||= isUnread || others.some((other) => other.isUnread);
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
      for (const incident of found) {
        const isSettled = incident.groupId !== undefined;
        this.#join(incident, { isSettled, isUnread: !isSettled });
      }
    }
  }

  /**
   * Others of the group may be stored: of another service, or with a group that a service that was killed gave them before the last one was stored.
   * @throws what the store says, while that may pass
   */
  async #readOthers(group: OpenGroup): Promise<void> {
    const { log, store } = this.#options;
    group.isUnread = false;
    try {
      // One that does not belong to it has a group of its own, and keeps it.
      for (const one of await readOthers(store, group))
        if (overlapping([group], one).length > 0) this.#join(one);
    } catch (error) {
      const code = codeOf(error);
      group.isUnread = code === 'STORE_UNAVAILABLE';
      if (group.isUnread) throw error;
      log.warn({ err: error, code }, 'a group of incidents may lack some: they cannot be read');
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

  async #settle(group: OpenGroup): Promise<void> {
    const { onSettled, store, turns } = this.#options;
    if (group.isUnread) await this.#readOthers(group);
    // It may have become part of another one.
    if (!this.#groups.includes(group)) return;
    const size = group.incidents.size;
    const summary = await summaryOf(group, { ...this.#options, analysed: this.#analysed });
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
    await store.apply({ kind: 'incident_group', group: summary });
    // What joined meanwhile opens it again.
    group.settled = group.incidents.size === size;
    this.settled += 1;
    onSettled(summary);
  }

  #mayWrite(): boolean {
    return this.#options.mayWrite?.() !== false;
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
