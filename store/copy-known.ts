/** Documents that the target of a copy has already: named where they differ from the source's, or given what people changed there. */
import { isDeepStrictEqual } from 'node:util';
import type { CopyReport } from './copy-report.js';
import type { EventDocument, IncidentDocument } from './documents.js';
import type { Store } from './store.js';

/** Names in a report. */
const LISTED = 20;

export interface KnownDocuments {
  to: Store;
  report: Pick<CopyReport, 'updated' | 'different'>;
  /** true: what people changed in the source is written into the target */
  update: boolean;
  /** false when a store refused it */
  attempt(work: () => Promise<void>): Promise<boolean>;
}

/**
 * Compares one document with the one that the target has, and with `update` writes what may be written.
 * @param name for the report
 * @param read the target's; undefined: another document has its key
 */
export async function compareKnown<T extends object>(
  { attempt, report, update }: KnownDocuments,
  name: string,
  source: T,
  read: () => Promise<T | undefined>,
  write: (target: T) => Promise<unknown>,
): Promise<void> {
  const before = await read();
  if (isSame(source, before)) return;
  if (update && before !== undefined) {
    const isWritten = await attempt(async () => {
      await write(before);
    });
    const after = isWritten ? await read() : before;
    if (!isSame(before, after)) report.updated += 1;
    if (isSame(source, after)) return;
  }
  report.different.count += 1;
  if (report.different.names.length < LISTED) report.different.names.push(name);
}

/** Whether it is kept for good is what people change of an event. */
export function compareEvent(known: KnownDocuments, event: EventDocument): Promise<void> {
  const { to } = known;
  return compareKnown(
    known,
    `event ${event.event_id}`,
    event,
    () => to.event(event.event_id),
    async (target) => {
      if (isOther(event.target_event_start_timestamp_ms, target.target_event_start_timestamp_ms)) return;
      if ((event.kept === true) !== (target.kept === true))
        await to.keepEvent(event.event_id, event.kept === true);
    },
  );
}

/** Remarks are what people change of an incident. */
export function compareIncident(known: KnownDocuments, incident: IncidentDocument): Promise<void> {
  const { to } = known;
  return compareKnown(
    known,
    `incident ${incident.incident_id}`,
    incident,
    () => to.incident(incident.incident_id),
    async (target) => {
      if (isOther(incident.start_timestamp_ms, target.start_timestamp_ms)) return;
      for (const remark of incident.annotations) await to.annotateIncident(incident.incident_id, remark);
    },
  );
}

/** Two stores that are no copies of each other give the same ids to different events. */
const isOther = (sourceMs: number, targetMs: number): boolean => sourceMs !== targetMs;

/** Fields that are undefined are not there, in either store. */
function isSame(one: object, other: object | undefined): boolean {
  if (other === undefined) return false;
  const [a, b] = [one, other].map((document): unknown => JSON.parse(JSON.stringify(document)));
  return isDeepStrictEqual(a, b);
}
