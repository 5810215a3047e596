/** How a person's change of a box's record is stored, by a command and by the web service alike: dated, and in the audit log. */
import { datedRecord } from '../store/calibration.js';
import type { AuditLog, BoxDocument, BoxRegistry } from '../store/store.js';
import { writeAudit } from './audit.js';

export interface RecordChange {
  /** such as `boxes set` */
  command: string;
  user: string;
  /** undefined: it is new */
  before: BoxDocument | undefined;
  after: BoxDocument;
  /** Unix ms */
  nowMs: number;
}

/** @throws MakaiError BOX_NAME_TAKEN, and what else the store says */
export async function storeRecord(
  store: Pick<BoxRegistry, 'putBox'> & Pick<AuditLog, 'putAudit'>,
  { after, before, command, nowMs, user }: RecordChange,
): Promise<void> {
  await store.putBox(datedRecord(before, after, nowMs));
  // Without the dates and archives, which follow from the rest.
  await writeAudit(store, user, { command, subject: `box ${after.box_id}`, before, after });
}
