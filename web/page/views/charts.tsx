/** Charts of many incidents: curves, magnitude and duration, calendar, map. */

import type { Box, Incident, Location } from '../../../web-service/api/index.js';
import { fleetFrequency } from '../../logic/curves.js';
import { CELL_ROWS, cellCounts, curvePoints, SWELL_ROWS } from '../../logic/incidents.js';
import { fixed, grouped, withUnit } from '../../logic/numbers.js';
import type { Route } from '../../logic/route.js';
import { text } from '../../logic/text.js';
import { get } from '../api/client.js';
import { useLoad } from '../api/load.js';
import { Calendar } from '../charts/calendar.js';
import { CurveChart } from '../charts/curve-chart.js';
import { LocationMap } from '../charts/map.js';
import { Card } from '../parts/card.js';
import { Scroll } from '../parts/scroll.js';
import { Empty, Shown } from '../parts/states.js';
import { useRange } from '../state.js';

/** Incidents that are read at most: five pages. */
const MAX_PAGES = 5;

async function allIncidents(
  fromMs: number,
  toMs: number,
  signal: AbortSignal,
): Promise<{ items: Incident[]; isCapped: boolean }> {
  const items: Incident[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const reply = await get<{ items: Incident[]; next?: string }>(
      '/incidents',
      { from: Math.round(fromMs), to: Math.round(toMs), limit: 1000, cursor },
      signal,
    );
    items.push(...reply.items);
    cursor = reply.next;
    if (cursor === undefined) break;
  }
  return { items, isCapped: cursor !== undefined };
}

export function Charts({ route }: { route: Route }) {
  const range = useRange(route);
  const incidents = useLoad(
    `all incidents ${range.key}`,
    (signal) => allIncidents(range.fromMs, range.toMs, signal),
    {
      keep: true,
    },
  );
  const locations = useLoad('locations', (signal) => get<{ items: Location[] }>('/locations', {}, signal));
  const boxes = useLoad('boxes', (signal) => get<{ items: Box[] }>('/boxes', {}, signal));
  const nominal = fleetFrequency(boxes.data?.items ?? []);
  return (
    <>
      <h1 class="hidden-text">{text.charts.title}</h1>
      <Shown loaded={incidents} height={400}>
        {({ isCapped, items }) => (
          <>
            {isCapped ? (
              <div class="alert">
                <p>{text.charts.capped(grouped(items.length))}</p>
              </div>
            ) : null}
            {items.length === 0 ? (
              <div class="card">
                <Empty title={text.charts.empty}>{text.charts.emptyHint}</Empty>
              </div>
            ) : null}
            <div class="columns two">
              <Card title={text.charts.itic} hint={text.charts.iticHint}>
                <CurveChart kind="itic" incidents={items} />
              </Card>
              <Card title={text.charts.semi} hint={text.charts.semiHint(withUnit(fixed(nominal, 0), 'Hz'))}>
                <CurveChart kind="semi" incidents={items} nominalFrequency={nominal} />
              </Card>
            </div>
            <Card title={text.charts.cells} hint={text.charts.cellsHint} flush>
              <Cells incidents={items} />
            </Card>
            <Card title={text.charts.calendar} hint={text.charts.calendarHint}>
              <Calendar incidents={items} fromMs={range.fromMs} toMs={range.toMs} />
            </Card>
            <Card title={text.charts.map} hint={text.charts.mapHint}>
              <Shown loaded={locations} lines={2}>
                {(data) =>
                  data.items.some((one) => one.coordinates !== undefined) ? (
                    <LocationMap locations={data.items} incidents={items} />
                  ) : (
                    <Empty title={text.charts.mapEmpty}>{text.charts.mapEmptyHint}</Empty>
                  )
                }
              </Shown>
            </Card>
          </>
        )}
      </Shown>
    </>
  );
}

const SAG_COLUMNS = ['10–200 ms', '0.2–0.5 s', '0.5–1 s', '1–5 s', '5–60 s'];
const SWELL_COLUMNS = ['10–500 ms', '0.5–5 s', '5–60 s'];
const ROW_NAME: Record<string, string> = {
  A: '90 > u ≥ 80',
  B: '80 > u ≥ 70',
  C: '70 > u ≥ 40',
  D: '40 > u ≥ 5',
  X: '5 > u',
  S: 'u ≥ 120',
  T: '120 > u > 110',
};
/** Cells that many tools do not ride through. */
const BAD = new Set([
  'C3',
  'C4',
  'C5',
  'D2',
  'D3',
  'D4',
  'D5',
  'X1',
  'X2',
  'X3',
  'X4',
  'X5',
  'S1',
  'S2',
  'S3',
]);

function Cells({ incidents }: { incidents: readonly Incident[] }) {
  const { cells, outside } = cellCounts(curvePoints(incidents));
  return (
    <>
      <CellTable rows={CELL_ROWS} columns={SAG_COLUMNS} title={`${text.charts.residual}, %`} cells={cells} />
      <CellTable rows={SWELL_ROWS} columns={SWELL_COLUMNS} title={`${text.charts.swell}, %`} cells={cells} />
      <p class="quiet pad">{text.charts.outside(outside)}</p>
    </>
  );
}

function CellTable({
  cells,
  columns,
  rows,
  title,
}: {
  cells: Map<string, number>;
  columns: readonly string[];
  rows: readonly string[];
  title: string;
}) {
  return (
    <Scroll label={text.table.region(title)}>
      <table class="cells">
        <thead>
          <tr>
            <th scope="col">{title}</th>
            {columns.map((name) => (
              <th key={name} scope="col" class="centre">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row}>
              <th scope="row">{ROW_NAME[row]}</th>
              {columns.map((name, i) => {
                const cell = `${row}${i + 1}`;
                const count = cells.get(cell) ?? 0;
                return (
                  <td key={name} class={count === 0 ? '' : BAD.has(cell) ? 'bad' : 'some'} title={cell}>
                    <span class="quiet">{cell}</span> {count === 0 ? '·' : count}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
