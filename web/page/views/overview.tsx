/** Is everything all right? If not, where? */
import type { AlertJson, Box, Incident, Status } from '../../../web-service/api/index.js';
import { unattended } from '../../logic/alerts.js';
import { cutOf, worstSeverity } from '../../logic/incidents.js';
import { grouped } from '../../logic/numbers.js';
import type { Route } from '../../logic/route.js';
import { text } from '../../logic/text.js';
import { dateTime } from '../../logic/time.js';
import { get } from '../api/client.js';
import { liveBoxes, useLive } from '../api/live.js';
import { useLoad, useReload } from '../api/load.js';
import type { Page } from '../api/pages.js';
import { Timeline } from '../charts/timeline.js';
import { Card } from '../parts/card.js';
import { Empty, Shown } from '../parts/states.js';
import { linkTo, useChoices, useNow, useRange } from '../state.js';
import { BoxTable } from './box-table.js';

/** Marks that a time line can hold. */
const MAX_INCIDENTS = 500;

export function Overview({ route }: { route: Route }) {
  const range = useRange(route);
  const boxes = useLoad('boxes', (signal) => get<{ items: Box[] }>('/boxes', {}, signal), {
    refreshMs: 20_000,
  });
  const incidents = useLoad(
    `incidents ${range.key}`,
    (signal) =>
      get<Page<Incident>>('/incidents', { from: range.fromMs, to: range.toMs, limit: MAX_INCIDENTS }, signal),
    { keep: true },
  );
  const alerts = useLoad(
    'open alerts',
    (signal) => get<{ items: AlertJson[] }>('/alerts', { open: true, limit: 500 }, signal),
    { refreshMs: 10_000 },
  );
  const status = useLoad('status', (signal) => get<Status>('/status', {}, signal), { refreshMs: 15_000 });
  useLive('incident', useReload(incidents));
  useLive('incident-group', useReload(incidents));
  useLive('findings', useReload(boxes));
  useLive('incident', useReload(alerts));
  useLive('status', useReload(status));
  return (
    <>
      <h1 class="hidden-text">{text.overview.title}</h1>
      <Tiles
        boxes={boxes.data?.items}
        incidents={incidents.data}
        alerts={alerts.data?.items}
        status={status.data}
      />
      <Card title={text.overview.timeline} hint={text.overview.timelineHint} flush>
        <Shown loaded={incidents} height={116}>
          {(page) =>
            page.items.length === 0 ? (
              <Empty title={text.overview.timelineEmpty}>{text.overview.timelineEmptyHint}</Empty>
            ) : (
              <>
                <CutNote page={page} />
                <Timeline incidents={page.items} fromMs={range.fromMs} toMs={range.toMs} />
              </>
            )
          }
        </Shown>
      </Card>
      <Card title={text.overview.boxes} flush>
        <Shown loaded={boxes} lines={6}>
          {({ items }) =>
            items.length === 0 ? <NoBoxes /> : <BoxTable boxes={items} incidents={incidents.data} />
          }
        </Shown>
      </Card>
    </>
  );
}

/** Marks only where incidents were read: the empty part before says nothing. */
function CutNote({ page }: { page: Page<Incident> }) {
  const { zone } = useChoices();
  const cut = cutOf(page);
  if (cut === undefined) return null;
  return (
    <p class="quiet pad">{text.overview.cut(grouped(cut.count), dateTime(cut.fromMs, zone, 'minute'))}</p>
  );
}

export function NoBoxes() {
  const [command, after] = text.overview.noBoxesHint;
  return (
    <Empty title={text.overview.noBoxes}>
      <p>
        <code>{command.replaceAll('`', '')}</code>
        {after}
        <a href={linkTo('admin')}>{text.nav.admin}</a>.
      </p>
    </Empty>
  );
}

function Tiles({
  boxes,
  incidents,
  alerts,
  status,
}: {
  boxes: Box[] | undefined;
  incidents: Page<Incident> | undefined;
  alerts: AlertJson[] | undefined;
  status: Status | undefined;
}) {
  const now = useNow();
  return (
    <div class="tiles">
      {boxes === undefined ? <TileSkeleton /> : <BoxesTile boxes={boxes} now={now} />}
      {incidents === undefined ? <TileSkeleton /> : <IncidentsTile page={incidents} />}
      {alerts === undefined ? <TileSkeleton /> : <AlertsTile alerts={alerts} />}
      {boxes === undefined ? <TileSkeleton /> : <FindingsTile boxes={boxes} />}
      {status === undefined ? <TileSkeleton /> : <DaemonsTile status={status} />}
    </div>
  );
}

function TileSkeleton() {
  return (
    <div class="tile" role="status" aria-label={text.state.loading}>
      <strong>&nbsp;</strong>
      <span>&nbsp;</span>
    </div>
  );
}

function BoxesTile({ boxes, now }: { boxes: Box[]; now: number }) {
  const inUse = boxes.filter((box) => !box.unplugged && box.kind === undefined);
  const live = inUse.filter(({ box_id }) => {
    const known = liveBoxes.get(box_id);
    return known !== undefined && now - known.receivedMs <= 5000;
  }).length;
  const silent = inUse.length - live;
  const kind = inUse.length === 0 ? '' : silent === 0 ? 'ok' : live === 0 ? 'critical' : 'warning';
  return (
    <a class={`tile ${kind}`} href={linkTo('boxes')}>
      <strong>
        {inUse.length === 0 ? text.overview.boxesNone : text.overview.boxesLive(live, inUse.length)}
      </strong>
      <span class="quiet">
        {inUse.length === 0 ? '' : silent === 0 ? text.overview.allHeard : text.overview.silent(silent)}
      </span>
    </a>
  );
}

function IncidentsTile({ page }: { page: Page<Incident> }) {
  const { items, next } = page;
  const severity = worstSeverity(items);
  const worst = next === undefined ? text.overview.worst : text.overview.worstOfNewest;
  const count = next === undefined ? grouped(items.length) : text.overview.more(items.length);
  return (
    <a class={`tile ${items.length === 0 ? 'ok' : severity}`} href={linkTo('events')}>
      <strong>
        {items.length === 0 ? text.overview.incidentsNone : text.overview.incidents(count, items.length)}
      </strong>
      <span class="quiet">{items.length === 0 ? '' : worst(text.severity[severity])}</span>
    </a>
  );
}

function AlertsTile({ alerts }: { alerts: AlertJson[] }) {
  const { count, severity } = unattended(alerts);
  const isFine = alerts.length === 0;
  return (
    <a class={`tile ${isFine ? 'ok' : severity}`} href={linkTo('alerts')}>
      <strong>{isFine ? text.overview.alertsNone : text.overview.alerts(alerts.length)}</strong>
      <span class="quiet">
        {isFine
          ? ''
          : count === 0
            ? text.overview.alertsKnown
            : text.overview.alertsWorst(count, text.severity[severity])}
      </span>
    </a>
  );
}

function FindingsTile({ boxes }: { boxes: Box[] }) {
  const found = boxes.flatMap((box) => box.findings.map((finding) => ({ box, finding })));
  const [first] = found;
  return (
    <a
      class={`tile ${first === undefined ? 'ok' : 'warning'}`}
      href={first === undefined ? linkTo('boxes') : linkTo('boxes', first.box.box_id)}
    >
      <strong>
        {first === undefined ? text.overview.findingsNone : text.overview.findings(found.length)}
      </strong>
      <span class="quiet">
        {first === undefined
          ? text.overview.findingsHint
          : `${text.box.title(first.box.box_id)}: ${first.finding.info}`}
      </span>
    </a>
  );
}

function DaemonsTile({ status }: { status: Status }) {
  const up = status.daemons.filter((one) => one.running).length;
  const isFine = up === status.daemons.length && status.store.available;
  return (
    <a class={`tile ${isFine ? 'ok' : 'critical'}`} href={linkTo('admin')}>
      <strong>{text.overview.daemons(up, status.daemons.length)}</strong>
      <span class="quiet">{text.overview.store(status.store.kind, status.store.available)}</span>
    </a>
  );
}
