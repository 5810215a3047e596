/** Voltage, frequency, THD and transients of a box over the range: mean as a line, min to max as a band, flagged values marked. */
import { useMemo } from 'preact/hooks';
import type { Box, Chart as ChartJson } from '../../../web-service/api/index.js';
import { extent, pointsOf, yRange } from '../../logic/columns.js';
import { METRIC_FORMAT, METRICS, type Metric } from '../../logic/numbers.js';
import { PRESETS, type Range } from '../../logic/range.js';
import { text } from '../../logic/text.js';
import { get } from '../api/client.js';
import { useLoad } from '../api/load.js';
import { Chart } from '../charts/chart.js';
import { Card } from '../parts/card.js';
import { Empty, Shown } from '../parts/states.js';
import { setRange } from '../state.js';

const POINTS = 1200;

export function BoxTrends({ box, range }: { box: Box; range: Range & { key: string } }) {
  const chart = useLoad(
    `chart ${box.box_id} ${range.key}`,
    (signal) =>
      get<ChartJson>(
        `/boxes/${encodeURIComponent(box.box_id)}/chart`,
        { from: range.fromMs, to: range.toMs, points: POINTS },
        signal,
      ),
    { keep: true },
  );
  const source = chart.data?.source;
  return (
    <Card
      title={text.box.trends}
      hint={source === undefined ? text.box.trendsHint : `${text.box.trendsHint} ${text.box.source[source]}`}
      flush
    >
      <Shown loaded={chart} height={480}>
        {(data) => {
          const metrics = METRICS.filter((metric) => data[metric] !== undefined);
          if (metrics.length === 0) return <Empty title={text.box.noTrends}>{text.box.noTrendsHint}</Empty>;
          return (
            <>
              {data.timestamp_ms.length < FEW && range.toMs - range.fromMs > PRESETS['1h'] ? <Few /> : null}
              {metrics.map((metric) => (
                <MetricChart key={metric} metric={metric} data={data} box={box} range={range} />
              ))}
            </>
          );
        }}
      </Shown>
    </Card>
  );
}

/** So few points are not much of a chart. */
const FEW = 6;

function Few() {
  return (
    <div class="alert">
      <p>{text.box.few}</p>
      <button type="button" onClick={() => setRange({ kind: 'last', preset: '15min' })}>
        {text.range.presets['15min']}
      </button>
    </div>
  );
}

/** The y range is never narrower than this, so that noise does not look like an event. */
const MIN_SPAN: Record<Metric, (box: Box) => number> = {
  voltage: ({ reference }) => 0.04 * reference.voltage,
  frequency: () => 0.1,
  thd: () => 2,
  transient: () => 5,
};

const ZOOM_LIMITS = { fromMs: 0, toMs: 7_258_118_400_000 };

export function zoomOfRange(range: Range) {
  return {
    limits: ZOOM_LIMITS,
    minSpan: 1000,
    // a double click shows ten times as much; "all" of a box could be years
    onRange: (next: Range): void => {
      const all = next.fromMs === ZOOM_LIMITS.fromMs && next.toMs === ZOOM_LIMITS.toMs;
      const span = (range.toMs - range.fromMs) * 4.5;
      setRange(
        all
          ? { kind: 'fixed', fromMs: range.fromMs - span, toMs: Math.min(Date.now(), range.toMs + span) }
          : { kind: 'fixed', fromMs: next.fromMs, toMs: next.toMs },
      );
    },
  };
}

function MetricChart({
  box,
  data,
  metric,
  range,
}: {
  box: Box;
  data: ChartJson;
  metric: Metric;
  range: Range;
}) {
  const { decimals, factor, unit } = METRIC_FORMAT[metric];
  const columns = data[metric];
  const drawn = useMemo(() => {
    if (columns === undefined) return undefined;
    const points = pointsOf(data, columns, factor);
    const values = extent([points.min, points.max]);
    const marks = data.timestamp_ms.filter((_, i) => (data.flagged[i] ?? 0) > 0);
    return { points, values, marks };
  }, [columns, data, factor]);
  if (drawn === undefined) return null;
  const { points, values } = drawn;
  // a limit is drawn where values come near it: a quiet day is not squeezed into the middle
  const limits =
    metric === 'voltage'
      ? [0.9, 1.1]
          .map((pu) => ({ value: pu * box.reference.voltage, label: `${pu} pu` }))
          .filter(({ value }) =>
            values === undefined
              ? true
              : value > values.low - 0.06 * value && value < values.high + 0.06 * value,
          )
      : [];
  const y = yRange(
    values,
    limits.map(({ value }) => value),
    MIN_SPAN[metric](box),
  );
  return (
    <div>
      <h3 class={`chart-title q-${metric}`}>{text.metric[metric]}</h3>
      <Chart
        label={text.metric[metric]}
        unit={unit}
        decimals={decimals}
        height={metric === 'voltage' ? 220 : 160}
        lines={[
          { label: text.box.max, colour: metric, width: 0 },
          { label: text.box.min, colour: metric, width: 0 },
          { label: text.box.average, colour: metric },
        ]}
        data={[points.times, points.max, points.min, points.average]}
        band={[1, 2]}
        range={range}
        y={y}
        extras={{ limits, marks: drawn.marks }}
        zoom={zoomOfRange(range)}
        sync={`box ${box.box_id}`}
      />
    </div>
  );
}
