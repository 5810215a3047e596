/** Incidents: pages, one, remarks. */
import { MakaiError } from '../../common/errors.js';
import { annotate } from '../../daemon/annotate.js';
import { isRepeat } from '../../store/incidents.js';
import type { IncidentDocument, IncidentQuery } from '../../store/store.js';
import { auditName } from '../access/caller.js';
import type { IncidentDetail, IncidentsQuery } from '../api/incidents.js';
import type { KnownBoxes } from '../boxes.js';
import type { Services } from '../services.js';
import { figuresOf, incidentJson } from './documents.js';
import type { Handlers } from './handler.js';
import { pageOf } from './pages.js';

type IncidentHandlers = Pick<Handlers, 'listIncidents' | 'getIncident' | 'annotateIncident'>;
export type IncidentFilter = Omit<IncidentsQuery, 'limit' | 'order' | 'cursor'>;

/** Remarks of one incident. */
const MOST_ANNOTATIONS = 200;

export function incidentHandlers({ boxes, link }: Services): IncidentHandlers {
  const detail = async (incidentId: number): Promise<IncidentDetail> => {
    const known = await boxes.known();
    return link.read(async (store) => {
      const incident = await store.incident(incidentId);
      if (incident === undefined) throw noIncident(incidentId);
      const { box_id, event_id } = incident;
      const analysis = event_id < 0 ? undefined : await store.analysis(event_id, box_id);
      return {
        ...incidentJson(incident, known.referenceAt(box_id, incident.start_timestamp_ms)),
        measurements: incident.measurements,
        remarks: analysis?.remarks ?? [],
      };
    });
  };
  return {
    listIncidents: async ({ query }) => {
      const known = await boxes.known();
      return link.read((store) =>
        pageOf(query, {
          read: (range) => store.incidents({ ...storeQuery(query), ...range }),
          timeOf: (one) => one.start_timestamp_ms,
          idOf: (one) => one.incident_id,
          isChosen: incidentFilter(query, known),
          jsonOf: (one) => incidentJson(one, known.referenceAt(one.box_id, one.start_timestamp_ms)),
        }),
      );
    },
    getIncident: ({ params }) => detail(params.incident_id),
    annotateIncident: async ({ body, caller, params: { incident_id } }) => {
      const remark =
        caller === undefined || caller.by === 'open' ? body.remark : `${caller.name}: ${body.remark}`;
      await link.read(async (store) => {
        const incident = await store.incident(incident_id);
        if (incident === undefined) throw noIncident(incident_id);
        if (incident.annotations.length >= MOST_ANNOTATIONS)
          throw new MakaiError(
            'TOO_MANY_REQUESTS',
            `incident ${incident_id} has ${MOST_ANNOTATIONS} remarks`,
          );
        if (!(await annotate(store, auditName(caller), incident, remark))) throw noIncident(incident_id);
      });
      return detail(incident_id);
    },
  };
}

function noIncident(id: number): MakaiError {
  return new MakaiError('NOT_FOUND', `there is no incident ${id}; it may have expired`, {
    hint: 'GET /incidents lists the incidents.',
  });
}

/** What the store looks for. */
export function storeQuery({ box, class: name, event, goes_on }: IncidentFilter): IncidentQuery {
  return {
    ...(box === undefined ? {} : { boxId: box }),
    ...(name === undefined ? {} : { classification: name.toUpperCase() }),
    ...(event === undefined ? {} : { eventId: event }),
    ...(goes_on === undefined ? {} : { goesOn: goes_on }),
  };
}

/** What is chosen among those that the store finds; undefined: all of them. */
export function incidentFilter(
  query: IncidentFilter,
  known: KnownBoxes,
): ((incident: IncidentDocument) => boolean) | undefined {
  const { location, max_duration_s, max_magnitude_pu, measurement_type, min_duration_s, min_magnitude_pu } =
    query;
  const isMeasured = [max_duration_s, max_magnitude_pu, min_duration_s, min_magnitude_pu].some(
    (bound) => bound !== undefined,
  );
  if (query.repeats && location === undefined && measurement_type === undefined && !isMeasured)
    return undefined;
  const within = (value: number | undefined, min: number | undefined, max: number | undefined): boolean =>
    (min === undefined && max === undefined) ||
    (value !== undefined && value >= (min ?? 0) && value <= (max ?? Number.POSITIVE_INFINITY));
  return (one) => {
    if (!query.repeats && isRepeat(one)) return false;
    if (location !== undefined && one.location !== location) return false;
    if (measurement_type !== undefined && one.measurement_type !== measurement_type) return false;
    if (!isMeasured) return true;
    const { duration_s, magnitude_pu } = figuresOf(
      one,
      known.referenceAt(one.box_id, one.start_timestamp_ms),
    );
    return (
      within(duration_s, min_duration_s, max_duration_s) &&
      within(magnitude_pu, min_magnitude_pu, max_magnitude_pu)
    );
  };
}
