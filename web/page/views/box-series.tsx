/** What plugins computed of a box: each series as a chart of its own. Nothing is shown where there is none. */
import { useMemo } from 'preact/hooks';
import type { Box, SeriesChart, SeriesNameJson } from '../../../web-service/api/index.js';
import { extent, pointsOf, yRange } from '../../logic/columns.js';
import type { Range } from '../../logic/range.js';
import { text } from '../../logic/text.js';
import { get } from '../api/client.js';
import { useLoad } from '../api/load.js';
import { Chart } from '../charts/chart.js';
import { Card } from '../parts/card.js';
import { Empty, Shown } from '../parts/states.js';
import { zoomOfRange } from './box-trends.js';

const POINTS = 1200;
const COLOURS = ['frequency', 'transient', 'thd', 'voltage'] as const;

export function BoxSeries({ box, range }: { box: Box; range: Range & { key: string } }) {
  const names = useLoad('series', (signal) => get<{ items: SeriesNameJson[] }>('/series', {}, signal), {
    refreshMs: 60_000,
  });
  const own = (names.data?.items ?? []).filter((one) => one.box_id === box.box_id);
  if (own.length === 0 && names.problem === undefined) return null;
  return (
    <Card title={text.box.series} flush>
      <Shown loaded={names} lines={2}>
        {() =>
          own.map((name, i) => (
            <OneSeries
              key={`${name.plugin}/${name.series}`}
              name={name}
              range={range}
              colour={COLOURS[i % COLOURS.length] ?? 'voltage'}
            />
          ))
        }
      </Shown>
    </Card>
  );
}

function OneSeries({
  colour,
  name,
  range,
}: {
  colour: string;
  name: SeriesNameJson;
  range: Range & { key: string };
}) {
  const { box_id, plugin, series } = name;
  const chart = useLoad(
    `series ${plugin} ${series} ${box_id} ${range.key}`,
    (signal) =>
      get<SeriesChart>(
        `/boxes/${encodeURIComponent(box_id)}/series/chart`,
        { plugin, series, from: range.fromMs, to: range.toMs, points: POINTS },
        signal,
      ),
    { keep: true },
  );
  return (
    <div>
      <h3 class={`chart-title q-${colour}`}>
        {plugin}: {series}
      </h3>
      <Shown loaded={chart} height={220}>
        {(data) => <SeriesLines data={data} range={range} colour={colour} />}
      </Shown>
    </div>
  );
}

function SeriesLines({ colour, data, range }: { colour: string; data: SeriesChart; range: Range }) {
  const points = useMemo(() => pointsOf(data, data.value), [data]);
  const values = extent([points.min, points.max]);
  if (values === undefined) return <Empty title={text.box.noTrends} />;
  const size = Math.max(Math.abs(values.low), Math.abs(values.high), 1e-9);
  return (
    <Chart
      label={data.series}
      unit=""
      decimals={Math.max(0, Math.min(6, 3 - Math.floor(Math.log10(size))))}
      height={150}
      lines={[
        { label: text.box.max, colour, width: 0 },
        { label: text.box.min, colour, width: 0 },
        { label: text.box.average, colour },
      ]}
      data={[points.times, points.max, points.min, points.average]}
      band={[1, 2]}
      range={range}
      y={yRange(values, [], size * 0.02)}
      zoom={zoomOfRange(range)}
      sync={`box ${data.box_id}`}
    />
  );
}
