/** Events and incidents of the range: filters, grouped lines, keys. */
import { useState } from 'preact/hooks';
import type { Event as EventJson, Incident } from '../../../web-service/api/index.js';
import type { Route } from '../../logic/route.js';
import { text } from '../../logic/text.js';
import { apiUrl, type Query } from '../api/client.js';
import { useLive } from '../api/live.js';
import { useReload } from '../api/load.js';
import { usePages } from '../api/pages.js';
import { Card } from '../parts/card.js';
import { Dialog } from '../parts/dialog.js';
import { EventTable } from '../parts/event-table.js';
import { IncidentTable } from '../parts/incident-table.js';
import { Menu } from '../parts/menu.js';
import { More } from '../parts/more.js';
import { Empty, Shown } from '../parts/states.js';
import { useMay } from '../session.js';
import { setParams, useRange } from '../state.js';
import { Filters, filterQuery, hasFilter } from './filters.js';
import { RequestForm } from './request-form.js';

const INCIDENT_FORMATS = ['csv', 'ndjson', 'parquet'] as const;

export function Events({ route }: { route: Route }) {
  const range = useRange(route);
  const isEvents = route.params.get('list') === 'events';
  const mayRequest = useMay('operator');
  const [isAsking, setAsking] = useState(false);
  const query: Query = {
    from: Math.round(range.fromMs),
    to: Math.round(range.toMs),
    ...filterQuery(route.params, isEvents),
  };
  return (
    <>
      <div class="row spread">
        <h1>{text.events.title}</h1>
        <div class="row">
          <fieldset class="tabs" aria-label={text.events.title}>
            <button
              type="button"
              aria-pressed={!isEvents}
              onClick={() => setParams({ list: undefined }, false)}
            >
              {text.events.tabIncidents}
            </button>
            <button
              type="button"
              aria-pressed={isEvents}
              onClick={() => setParams({ list: 'events' }, false)}
            >
              {text.events.tabEvents}
            </button>
          </fieldset>
          {isEvents ? null : (
            <Menu label={text.events.export} face={`${text.events.export} ▾`}>
              {() =>
                INCIDENT_FORMATS.map((format) => (
                  <a
                    class="button"
                    key={format}
                    download
                    href={apiUrl('/incidents/export', { ...query, format })}
                  >
                    {text.event.formats[format]}
                  </a>
                ))
              }
            </Menu>
          )}
          {mayRequest ? (
            <button type="button" onClick={() => setAsking(true)}>
              {text.events.request}
            </button>
          ) : null}
        </div>
      </div>
      <Filters params={route.params} isEvents={isEvents} />
      {isEvents ? (
        <EventList query={query} isFiltered={hasFilter(route.params)} />
      ) : (
        <IncidentList query={query} isFiltered={hasFilter(route.params)} />
      )}
      {isAsking ? (
        <Dialog title={text.events.request} onClose={() => setAsking(false)}>
          <RequestForm />
        </Dialog>
      ) : null}
    </>
  );
}

const incidentKey = (one: Incident): number => one.incident_id;
const eventKey = (one: EventJson): number => one.event_id;

function IncidentList({ isFiltered, query }: { isFiltered: boolean; query: Query }) {
  const pages = usePages<Incident>('/incidents', { ...query, limit: 200 }, incidentKey);
  useLive('incident', useReload(pages.loaded));
  return (
    <Card title={text.events.tabIncidents} flush>
      <Shown loaded={pages.loaded} lines={8}>
        {() =>
          pages.items.length === 0 && !pages.hasMore ? (
            <Empty title={text.events.emptyIncidents}>
              {isFiltered ? text.events.emptyFiltered : text.events.emptyAll}
            </Empty>
          ) : (
            <IncidentTable incidents={pages.items} label={text.events.tabIncidents} />
          )
        }
      </Shown>
      <More pages={pages} />
    </Card>
  );
}

function EventList({ isFiltered, query }: { isFiltered: boolean; query: Query }) {
  const pages = usePages<EventJson>('/events', { ...query, limit: 100 }, eventKey);
  useLive('event', useReload(pages.loaded));
  return (
    <Card title={text.events.tabEvents} flush>
      <Shown loaded={pages.loaded} lines={8}>
        {() =>
          pages.items.length === 0 && !pages.hasMore ? (
            <Empty title={text.events.emptyEvents}>
              {isFiltered ? text.events.emptyFiltered : text.events.emptyAll}
            </Empty>
          ) : (
            <EventTable events={pages.items} />
          )
        }
      </Shown>
      <More pages={pages} />
    </Card>
  );
}
