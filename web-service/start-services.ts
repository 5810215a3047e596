/** What the handlers work with: the store, the daemons, live values and events. */
import type { Clock } from '../common/clock.js';
import { type Running, startAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { ThrottledLog } from '../common/throttled-log.js';
import type { WebServiceSettings } from '../config/index.js';
import { StoreLink } from '../daemon/store-link.js';
import type { EventDocument, IncidentDocument, Store } from '../store/store.js';
import type { CurveClientOptions } from '../zmq/curve.js';
import { Access } from './access/access.js';
import { Boxes } from './boxes.js';
import { Daemons } from './daemons/daemons.js';
import { EventRequests } from './event-requests.js';
import { createLimits } from './limits.js';
import { EventFollower } from './live/events.js';
import { hearIncidents } from './live/incidents.js';
import { Live } from './live/live.js';
import { LiveMeasurements } from './live/measurements.js';
import { LiveReferences } from './live/references.js';
import { eventJson, incidentJson } from './operations/documents.js';
import type { Services } from './services.js';

export interface StartServicesOptions {
  settings: WebServiceSettings;
  openStore: () => Promise<Store>;
  curve: CurveClientOptions | undefined;
  clock: Clock;
  log: Logger;
  workingFolder: string | undefined;
}

export async function startServices(options: StartServicesOptions): Promise<{
  services: Services;
  measurements: LiveMeasurements;
  running: Running;
}> {
  const { clock, curve, log, openStore, settings, workingFolder } = options;
  const throttled = new ThrottledLog(log, { clock });
  const references = new LiveReferences({ link: () => link, settings: settings.reference, clock, log });
  const measurements = new LiveMeasurements({
    ...{ endpoints: settings.triggerEndpoints, curve, references, clock, log },
  });
  const live = new Live(measurements, clock);
  const { hub } = live;
  const publishStatus = (): void =>
    hub.publish('status', 'status', {
      store: link.status,
      daemons: daemons.statuses.map(({ details: _, ...status }) => status),
    });
  const link: StoreLink = new StoreLink({
    url: settings.storeUrl,
    open: openStore,
    clock,
    log,
    onChange: () => publishStatus(),
  });
  const daemons: Daemons = new Daemons({
    named: settings.daemons,
    clock,
    onStatus: publishStatus,
    onFindings: (items) => hub.publish('findings', 'findings', { items }),
  });
  const boxes = new Boxes(link, settings.reference, clock);
  const onEvent = (event: EventDocument): void => hub.publish('events', 'event', eventJson(event));
  const onIncident = (incident: IncidentDocument): void => {
    boxes
      .known()
      .then((known) =>
        hub.publish(
          'incidents',
          'incident',
          incidentJson(incident, known.referenceAt(incident.box_id, incident.start_timestamp_ms)),
        ),
      )
      .catch((error: unknown) => throttled.warn({ err: error }, 'an incident was not passed on to viewers'));
  };
  const services: Services = {
    ...{ settings, workingFolder, link, boxes, daemons, live, clock, log },
    access: new Access({
      link,
      clock,
      login: settings.login,
      isSecure: settings.tls !== undefined || settings.behindProxy,
    }),
    requests: new EventRequests({
      requests: settings.acquisitionEndpoint,
      notices: settings.dataEndpoint,
      ...{ curve, link, clock },
    }),
    limits: createLimits(),
  };
  const running = await startAll([
    { name: 'measurement stream', start: async () => measurements },
    { name: 'store', start: async () => started(link) },
    { name: 'nominal values', start: async () => started(references) },
    { name: 'daemons', start: async () => started(daemons) },
    { name: 'viewers', start: async () => live },
    {
      name: 'notices of events',
      start: async () =>
        new EventFollower({ endpoint: settings.dataEndpoint, curve, link, clock, log, onEvent }),
    },
    {
      name: 'notices of incidents',
      start: () =>
        hearIncidents({
          ...{ endpoint: settings.incidentEndpoint, nats: settings.nats, clock, log, onIncident },
          onGroup: (group) => hub.publish('incidents', 'incident-group', group),
        }),
    },
  ]);
  return { services, measurements, running };
}

async function started<T extends Running & { start(): Promise<void> }>(part: T): Promise<T> {
  await part.start();
  return part;
}
