/** One box: now, over time, its incidents, health and record. */
import type { Box as BoxJson, Incident } from '../../../web-service/api/index.js';
import { STALE_MS } from '../../logic/live.js';
import { age, METRICS, metricText } from '../../logic/numbers.js';
import type { Route } from '../../logic/route.js';
import { text } from '../../logic/text.js';
import { get } from '../api/client.js';
import { liveBoxes } from '../api/live.js';
import { useLoad } from '../api/load.js';
import { usePages } from '../api/pages.js';
import { Card } from '../parts/card.js';
import { IncidentTable } from '../parts/incident-table.js';
import { More } from '../parts/more.js';
import { Empty, Shown } from '../parts/states.js';
import { useMay } from '../session.js';
import { linkTo, useNow, useRange } from '../state.js';
import { BoxEdit } from './box-edit.js';
import { BoxExport } from './box-export.js';
import { BoxHealth } from './box-health.js';
import { BoxSeries } from './box-series.js';
import { BoxTrends } from './box-trends.js';

export function Box({ route }: { route: Route }) {
  const id = route.id ?? '';
  const box = useLoad(`box ${id}`, (signal) => get<BoxJson>(`/boxes/${encodeURIComponent(id)}`, {}, signal), {
    refreshMs: 20_000,
  });
  // 400: what stands in the address cannot be the id of a box
  if (box.problem?.status === 404 || box.problem?.status === 400) {
    return (
      <Empty title={text.box.missing}>
        <p>{text.box.missingHint}</p>
        <a href={linkTo('boxes')}>{text.box.boxes}</a>
      </Empty>
    );
  }
  return (
    <Shown loaded={box} lines={8}>
      {(data) => <Known box={data} route={route} onChanged={box.reload} />}
    </Shown>
  );
}

const incidentKey = (one: Incident): number => one.incident_id;

function Known({ box, onChanged, route }: { box: BoxJson; onChanged: () => void; route: Route }) {
  const range = useRange(route);
  const mayEdit = useMay('operator');
  const incidents = usePages<Incident>(
    '/incidents',
    { box: box.box_id, from: Math.round(range.fromMs), to: Math.round(range.toMs), limit: 100 },
    incidentKey,
  );
  return (
    <>
      <div class="row spread">
        <div>
          <h1>
            {text.box.title(box.box_id)}
            {box.name === undefined ? '' : ` · ${box.name}`}
          </h1>
          <span class="quiet">
            {box.location === undefined || box.location === '' ? text.box.unknownLocation : box.location}
            {box.description === undefined ? '' : ` · ${box.description}`}
          </span>
        </div>
        <BoxExport boxId={box.box_id} range={range} />
      </div>
      <Now box={box} />
      <BoxTrends box={box} range={range} />
      <BoxSeries box={box} range={range} />
      <Card title={text.box.incidents} flush>
        <Shown loaded={incidents.loaded} lines={3}>
          {() =>
            incidents.items.length === 0 && !incidents.hasMore ? (
              <Empty title={text.box.noIncidents} />
            ) : (
              <IncidentTable incidents={incidents.items} label={text.box.incidents} />
            )
          }
        </Shown>
        <More pages={incidents} />
      </Card>
      <div class="columns two">
        <BoxHealth box={box} range={range} />
        {mayEdit ? (
          <Card title={text.box.edit}>
            <BoxEdit box={box} onSaved={onChanged} />
          </Card>
        ) : null}
      </div>
    </>
  );
}

function Now({ box }: { box: BoxJson }) {
  const now = useNow(500);
  const known = liveBoxes.get(box.box_id);
  const value = known?.value ?? box.live;
  const heardMs = known?.receivedMs ?? box.live?.received_ms;
  const isStale = heardMs === undefined || now - heardMs > STALE_MS;
  return (
    <div class="tiles">
      {METRICS.filter((metric) => metric !== 'transient' || value?.transient !== undefined).map((metric) => (
        <div class={`tile q-${metric}`} key={metric}>
          <span class="quiet">{text.metric[metric]}</span>
          <strong class={isStale ? 'stale' : ''}>{metricText(metric, value?.[metric])}</strong>
          <span class="quiet">
            {heardMs === undefined
              ? text.overview.neverHeard
              : isStale
                ? text.state.stale(age(now - heardMs))
                : liveText(value)}
          </span>
        </div>
      ))}
    </div>
  );
}

/** A value that was measured during a sag, swell or interruption says so. */
function liveText(value: { flagged?: readonly string[] | undefined } | undefined): string {
  const flags = value?.flagged ?? [];
  return flags.length === 0
    ? text.state.live
    : `${text.state.live} · ${text.box.flagged}: ${flags.join(', ')}`;
}
