/** Boxes with their live values: those with findings first, then the silent ones, then by their last incident. */
import type { Box, Incident } from '../../../web-service/api/index.js';
import { findingName } from '../../logic/findings.js';
import { kindOf } from '../../logic/incidents.js';
import { STALE_MS } from '../../logic/live.js';
import { age, type Metric, metricText, NO_VALUE, perUnit } from '../../logic/numbers.js';
import { className, text } from '../../logic/text.js';
import { liveBoxes } from '../api/live.js';
import type { Page } from '../api/pages.js';
import { BoxSpark } from '../parts/box-spark.js';
import { KindMark, SeverityBadge } from '../parts/marks.js';
import { type Column, Table } from '../parts/table.js';
import { linkTo, useNow } from '../state.js';

interface BoxRow {
  box: Box;
  now: number;
  last: Incident | undefined;
  /** not all incidents of the range were read: a box without one may have had one */
  isCut: boolean;
  /** when it was heard last, by the page's clock; undefined: never since the service started */
  heardMs: number | undefined;
}

const keyOf = ({ box }: BoxRow): string => box.box_id;
const hrefOf = ({ box }: BoxRow): string => linkTo('boxes', box.box_id);

/** @param incidents newest first; undefined while they are not known */
export function BoxTable({
  boxes,
  incidents,
}: {
  boxes: readonly Box[];
  incidents: Page<Incident> | undefined;
}) {
  const now = useNow(1000);
  const isCut = incidents === undefined || incidents.next !== undefined;
  const lastOf = new Map<string, Incident>();
  for (const one of incidents?.items ?? []) {
    const known = lastOf.get(one.box_id);
    if (known === undefined || known.start_timestamp_ms < one.start_timestamp_ms) lastOf.set(one.box_id, one);
  }
  const rows = boxes
    .map((box): BoxRow => {
      const heardMs = liveBoxes.get(box.box_id)?.receivedMs ?? box.live?.received_ms;
      return { box, now, last: lastOf.get(box.box_id), isCut, heardMs };
    })
    .sort((a, b) => rank(b) - rank(a) || lastMinute(b) - lastMinute(a) || byId(a.box.box_id, b.box.box_id));
  return <Table label={text.overview.boxes} columns={COLUMNS} rows={rows} keyOf={keyOf} hrefOf={hrefOf} />;
}

const isSilent = ({ box, heardMs, now }: BoxRow): boolean =>
  !box.unplugged && box.kind === undefined && (heardMs === undefined || now - heardMs > 60_000);
const rank = (row: BoxRow): number => (row.box.findings.length > 0 ? 2 : isSilent(row) ? 1 : 0);
/** Whole minutes: boxes that saw the same disturbance stay in the order of their ids, and rows do not jump. */
const lastMinute = ({ last }: BoxRow): number => Math.floor((last?.start_timestamp_ms ?? 0) / 60_000);

function byId(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}

function value(row: BoxRow, metric: Metric): number | undefined {
  return (liveBoxes.get(row.box.box_id)?.value ?? row.box.live)?.[metric];
}

const staleClass = ({ heardMs, now }: BoxRow): string =>
  heardMs !== undefined && now - heardMs > STALE_MS ? 'stale' : '';

const metricColumn = (metric: 'voltage' | 'frequency' | 'thd', phoneHidden: boolean): Column<BoxRow> => ({
  key: metric,
  title: text.table[metric],
  isNumber: true,
  phoneHidden,
  class: staleClass,
  cell: (row) => metricText(metric, value(row, metric)),
});

const COLUMNS: readonly Column<BoxRow>[] = [
  { key: 'id', title: text.table.id, cell: ({ box }) => box.box_id },
  {
    key: 'name',
    title: text.table.name,
    phoneHidden: true,
    cell: ({ box }) => (
      <>
        {box.name ?? ''}{' '}
        {box.location === undefined || box.location === '' ? null : <span class="quiet">{box.location}</span>}
      </>
    ),
  },
  metricColumn('voltage', false),
  {
    key: 'spark',
    title: text.overview.lastHour,
    phoneHidden: 'narrow',
    cell: ({ box }) => <BoxSpark boxId={box.box_id} nominal={box.reference.voltage} />,
  },
  metricColumn('frequency', false),
  metricColumn('thd', true),
  {
    key: 'last',
    title: text.overview.lastEvent,
    phoneHidden: true,
    cell: (row) => <LastIncident row={row} />,
  },
  { key: 'health', title: text.overview.health, cell: (row) => <Health row={row} /> },
];

function LastIncident({ row: { isCut, last, now } }: { row: BoxRow }) {
  if (last === undefined) {
    return isCut ? (
      <span class="quiet" title={text.overview.noIncidentKnown}>
        {NO_VALUE}
      </span>
    ) : (
      <span class="quiet">{text.overview.noIncident}</span>
    );
  }
  const { magnitude_pu: pu } = last.figures;
  const label = `${className(last.classifications[0] ?? 'UNDEFINED')}${pu === undefined ? '' : ` ${perUnit(pu)}`}`;
  const when = text.overview.ago(age(now - last.start_timestamp_ms));
  return (
    <span class="nowrap">
      <KindMark kind={kindOf(last)} />{' '}
      {last.event_id < 0 ? label : <a href={linkTo('events', String(last.event_id))}>{label}</a>}{' '}
      <span class="quiet">{when}</span>
    </span>
  );
}

/** The worst that is known of a box, in one badge. */
function Health({ row }: { row: BoxRow }) {
  const { box, heardMs, now } = row;
  const [first] = box.findings;
  if (first !== undefined) {
    const more = box.findings.length > 1 ? ` ${text.overview.moreOf(box.findings.length - 1)}` : '';
    return (
      <span title={`${first.meaning}: ${first.info}`}>
        <SeverityBadge severity="warning" label={`${findingName(first.code)}${more}`} />
      </span>
    );
  }
  if (box.kind !== undefined)
    return (
      <SeverityBadge
        severity="neutral"
        label={box.kind === 'meter' ? text.overview.meter : text.overview.imported}
      />
    );
  if (box.unplugged) return <SeverityBadge severity="neutral" label={text.overview.unplugged} />;
  if (heardMs === undefined) return <SeverityBadge severity="warning" label={text.overview.neverHeard} />;
  if (now - heardMs > STALE_MS) {
    const severity = isSilent(row) ? 'critical' : 'notice';
    return <SeverityBadge severity={severity} label={text.overview.silentFor(age(now - heardMs))} />;
  }
  return <SeverityBadge severity="ok" />;
}
