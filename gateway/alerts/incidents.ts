/** Alerts of incidents: a group when it has settled, outages as they come. */
import { reportIncident } from '../../reports/incidents.js';
import { DEFAULT_REFERENCE, References, referenceData } from '../../store/reference.js';
import type { BoxReader, IncidentDocument, IncidentGroup, IncidentReader } from '../../store/store.js';
import type { Gathered } from './gathered.js';
import type { Ledger } from './ledger.js';
import { severityOf, TAGS } from './shipped.js';

/** Of a group: what they say together is in its sentence; the class and depth are looked for in these. */
const MAX_LOOKED_AT = 200;

export type IncidentStore = Pick<IncidentReader, 'incident'> & Pick<BoxReader, 'boxes' | 'makaiConfig'>;

/** A group that has settled, and that no alert was made of. */
export async function groupAlert(group: IncidentGroup, store: IncidentStore, ledger: Ledger): Promise<void> {
  const alertId = `group-${group.group_id}`;
  const known = await ledger.find(alertId);
  if (known !== undefined && known.state !== 'pending') return;
  const references = new References(
    DEFAULT_REFERENCE,
    referenceData(await store.makaiConfig(), await store.boxes()),
  );
  const incidents: IncidentDocument[] = [];
  for (const id of group.incident_ids.slice(0, MAX_LOOKED_AT)) {
    const incident = await store.incident(id);
    if (incident !== undefined && !incident.classifications.includes('OUTAGE')) incidents.push(incident);
  }
  const severity = severityOf(
    incidents.map((incident) => reportIncident(incident, references.of(Number(incident.box_id)))),
  );
  const deepest = incidents.find(({ box_id }) => box_id === group.deepest_box) ?? incidents[0];
  if (severity === undefined || deepest === undefined) return;
  const withSamples = deepest.gridfs_filename === '' ? undefined : deepest.incident_id;
  await ledger.fire(
    {
      ...{ alert_id: alertId, key: `incident/${group.scope}/${group.deepest_box}`, rule: 'incident' },
      ...{ severity, state: 'pending', notify: [TAGS.incident] },
      title: group.sentence,
      body: bodyOf(group, deepest),
      ...{ box_ids: [...group.box_ids], members: [], open_members: [] },
      started_ms: deepest.start_timestamp_ms,
      page: deepest.event_id >= 0 ? `/events/${deepest.event_id}` : `/boxes/${deepest.box_id}`,
      event_id: deepest.event_id,
      ...(withSamples === undefined ? {} : { incident_id: withSamples }),
    },
    true,
  );
}

function bodyOf(group: IncidentGroup, deepest: IncidentDocument): string {
  const seconds = (deepest.end_timestamp_ms - deepest.start_timestamp_ms) / 1000;
  return [
    `Boxes: ${listed(group.box_ids)}`,
    `Deepest at box ${group.deepest_box} (${deepest.location})`,
    `Start: ${new Date(deepest.start_timestamp_ms).toISOString()}`,
    ...(seconds >= 0 ? [`Duration: ${seconds.toFixed(3)} s`] : []),
    `Classes: ${deepest.classifications.join(', ')}`,
  ].join('\n');
}

const MEMBER = 'incident ';

/** Whether an outage is over, or was removed from the store: nothing would say so any more. */
export async function isOutageOver(member: string, store: IncidentStore): Promise<boolean> {
  const incident = await store.incident(Number(member.slice(MEMBER.length)));
  return incident === undefined || incident.end_timestamp_ms >= 0;
}

/** An outage began, goes on, or is over. */
export async function outageAlert(incident: IncidentDocument, outages: Gathered): Promise<void> {
  const { box_id: boxId, end_timestamp_ms, incident_id, start_timestamp_ms } = incident;
  const member = `${MEMBER}${incident_id}`;
  const isOver = end_timestamp_ms >= 0;
  await outages.begin({
    member,
    boxId,
    alert: {
      ...{ alert_id: `outage-${incident_id}`, key: `outage/${boxId}`, rule: 'outage', severity: 'critical' },
      ...{ title: '', body: '', notify: [TAGS.outage] },
      ...{ started_ms: start_timestamp_ms, page: `/boxes/${boxId}` },
    },
  });
  if (isOver) await outages.end(member);
}

/** The first ids, and how many more. */
export function listed(ids: readonly string[], most = 20): string {
  const shown = ids.slice(0, most).join(', ');
  return ids.length <= most ? shown : `${shown} and ${ids.length - most} more`;
}
