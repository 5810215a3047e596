/** How a person's remark on an incident is stored, by a command and by the web service alike: with an entry in the audit log. */
import type { AuditLog, IncidentDocument, IncidentRegistry } from '../store/store.js';
import { writeAudit } from './audit.js';

/**
 * Adds the remark, once however often it is called.
 * @param user who says so
 * @returns false when the incident has gone meanwhile
 */
export async function annotate(
  store: Pick<IncidentRegistry, 'annotateIncident'> & Pick<AuditLog, 'putAudit'>,
  user: string,
  { annotations, incident_id }: Pick<IncidentDocument, 'annotations' | 'incident_id'>,
  annotation: string,
): Promise<boolean> {
  if (annotations.includes(annotation)) return true;
  if (!(await store.annotateIncident(incident_id, annotation))) return false;
  const subject = `incident ${incident_id}`;
  await writeAudit(store, user, { command: 'incidents annotate', subject, after: { annotation } });
  return true;
}
