/** Alerts: those that are open, the most urgent first, and those that went on in the range and are resolved. */
import { useState } from 'preact/hooks';
import type { AlertJson, Status } from '../../../web-service/api/index.js';
import { lastedMs, mostUrgentFirst } from '../../logic/alerts.js';
import { duration } from '../../logic/numbers.js';
import type { Route } from '../../logic/route.js';
import { text } from '../../logic/text.js';
import { change, get, type Query } from '../api/client.js';
import { useLive } from '../api/live.js';
import { type Loaded, useLoad, useReload } from '../api/load.js';
import { useAction } from '../parts/action.js';
import { About, AlertState } from '../parts/alert-marks.js';
import { Card } from '../parts/card.js';
import { SeverityBadge } from '../parts/marks.js';
import { Empty, Shown, WithCode } from '../parts/states.js';
import { type Column, Table } from '../parts/table.js';
import { Time } from '../parts/time.js';
import { useMay } from '../session.js';
import { linkTo, useRange } from '../state.js';

type List = Loaded<{ items: AlertJson[] }>;
/** The most that the API gives in one reply. */
const MAX_ALERTS = 500;
const FIRST_ALERTS = 100;
const REFRESH_MS = 5000;

export function Alerts({ route }: { route: Route }) {
  const range = useRange(route);
  const [limit, setLimit] = useState(FIRST_ALERTS);
  const open = useAlerts('open', { open: true, limit: MAX_ALERTS });
  const earlier = useAlerts(`${range.key} ${limit}`, {
    ...{ from: Math.round(range.fromMs), before: Math.round(range.toMs), limit },
  });
  useLive('incident', useReload(open));
  useLive('findings', useReload(open));
  useLive('status', useReload(open));
  return (
    <>
      <h1>{text.alerts.title}</h1>
      <Card title={text.alerts.open} hint={text.alerts.openHint} flush>
        <Shown loaded={open} lines={4}>
          {({ items }) =>
            items.length === 0 ? (
              <NoOpen />
            ) : (
              <>
                <OpenTable alerts={items} onChanged={open.reload} />
                {items.length < MAX_ALERTS ? null : (
                  <p class="quiet pad">{text.alerts.openCut(MAX_ALERTS)}</p>
                )}
              </>
            )
          }
        </Shown>
      </Card>
      <Card title={text.alerts.earlier} flush>
        <Shown loaded={earlier} lines={4}>
          {({ items }) => (
            <Earlier
              items={items}
              onMore={
                items.length < FIRST_ALERTS || limit === MAX_ALERTS ? undefined : () => setLimit(MAX_ALERTS)
              }
            />
          )}
        </Shown>
      </Card>
    </>
  );
}

function useAlerts(key: string, query: Query): List {
  return useLoad(`alerts ${key}`, (signal) => get<{ items: AlertJson[] }>('/alerts', query, signal), {
    keep: true,
    refreshMs: REFRESH_MS,
  });
}

/** Without a gateway there is none, whatever happens. */
function NoOpen() {
  const status = useLoad('status', (signal) => get<Status>('/status', {}, signal));
  const gateway = status.data?.daemons.find(({ daemon }) => daemon === 'gateway');
  return (
    <Empty title={text.alerts.noOpen}>
      {gateway?.running === false ? (
        <p>
          <WithCode line={text.alerts.noGateway} />
        </p>
      ) : (
        <p>{text.alerts.noOpenHint}</p>
      )}
    </Empty>
  );
}

const keyOf = (alert: AlertJson): string => alert.alert_id;
const hrefOf = (alert: AlertJson): string => linkTo('alerts', alert.alert_id);

const STATE: Column<AlertJson> = {
  key: 'state',
  title: text.alerts.columns.state,
  cell: (alert) => <AlertState alert={alert} />,
};
const SEVERITY: Column<AlertJson> = {
  key: 'severity',
  title: text.table.severity,
  phoneHidden: true,
  cell: ({ severity }) => text.severity[severity],
};
const SINCE: Column<AlertJson> = {
  key: 'since',
  title: text.alerts.columns.since,
  cell: ({ started_ms }) => <Time ms={started_ms} />,
};
const WHAT: Column<AlertJson> = {
  key: 'what',
  title: text.alerts.columns.what,
  class: () => 'wide',
  cell: ({ severity, title }) => (
    <>
      <span class="phone-only">
        <SeverityBadge severity={severity} />
      </span>{' '}
      {title}
    </>
  ),
};
const ABOUT: Column<AlertJson> = {
  key: 'about',
  title: text.alerts.columns.about,
  phoneHidden: true,
  cell: (alert) => <About alert={alert} />,
};

function OpenTable({ alerts, onChanged }: { alerts: AlertJson[]; onChanged: () => void }) {
  const mayAct = useMay('operator');
  const act: Column<AlertJson> = {
    key: 'act',
    title: text.alerts.columns.act,
    phoneHidden: true,
    cell: (alert) => <Acknowledge alert={alert} onDone={onChanged} />,
  };
  return (
    <Table
      label={text.alerts.open}
      columns={[STATE, SEVERITY, SINCE, WHAT, ABOUT, ...(mayAct ? [act] : [])]}
      rows={mostUrgentFirst(alerts)}
      keyOf={keyOf}
      hrefOf={hrefOf}
    />
  );
}

function Acknowledge({ alert, onDone }: { alert: AlertJson; onDone: () => void }) {
  const acknowledge = useAction(async () => {
    await change('PATCH', `/alerts/${encodeURIComponent(alert.alert_id)}`, { acknowledged: true });
    onDone();
    return undefined;
  });
  if (alert.acknowledged_ms !== undefined) return null;
  return (
    <>
      <button
        type="button"
        class="small"
        aria-label={text.alerts.acknowledgeThis(alert.title)}
        disabled={acknowledge.isBusy}
        onClick={acknowledge.run}
      >
        {text.alerts.acknowledge}
      </button>
      {acknowledge.outcome}
    </>
  );
}

const EARLIER_COLUMNS: readonly Column<AlertJson>[] = [
  SINCE,
  {
    key: 'lasted',
    title: text.alerts.columns.lasted,
    isNumber: true,
    phoneHidden: true,
    cell: (alert) => duration(lastedMs(alert)),
  },
  {
    key: 'severity',
    title: text.table.severity,
    phoneHidden: true,
    cell: ({ severity }) => <SeverityBadge severity={severity} />,
  },
  WHAT,
  ABOUT,
];

function Earlier({ items, onMore }: { items: readonly AlertJson[]; onMore: (() => void) | undefined }) {
  const resolved = items.filter(({ state }) => state === 'resolved');
  if (resolved.length === 0 && onMore === undefined)
    return <Empty title={text.alerts.noEarlier}>{text.alerts.noEarlierHint}</Empty>;
  return (
    <>
      {items.length < MAX_ALERTS ? null : <p class="quiet pad">{text.alerts.cut(MAX_ALERTS)}</p>}
      <Table
        label={text.alerts.earlier}
        columns={EARLIER_COLUMNS}
        rows={resolved}
        keyOf={keyOf}
        hrefOf={hrefOf}
        onKeys={false}
      />
      {onMore === undefined ? null : (
        <div class="more">
          <button type="button" onClick={onMore}>
            {text.table.more}
          </button>
        </div>
      )}
    </>
  );
}
