/** Urms(1/2) of every box in per unit: the selected box stands out, limits at 0.9 and 1.1 pu, incidents shaded. */
import { useMemo } from 'preact/hooks';
import uPlot from 'uplot';
import type { BoxEvent, Rms } from '../../../web-service/api/index.js';
import { extent, yRange } from '../../logic/columns.js';
import { type Curve, curveOf } from '../../logic/rms.js';
import { text } from '../../logic/text.js';
import { get } from '../api/client.js';
import { Limiter } from '../api/limiter.js';
import { useLoad } from '../api/load.js';
import { Chart } from '../charts/chart.js';
import { Card } from '../parts/card.js';
import { Shown } from '../parts/states.js';
import type { EventChart } from './event-chart.js';

const limiter = new Limiter(3);
/** Curves drawn: more are one grey area. */
/** px */
const CHART_HEIGHT = 220;
const MAX_CURVES = 20;
const LIMITS = [
  { value: 0.9, label: '0.9 pu' },
  { value: 1.1, label: '1.1 pu' },
];

export function EventRms(chart: EventChart) {
  const { boxes, event, originMs } = chart;
  const shown = boxes.slice(0, MAX_CURVES);
  const key = shown.map((one) => one.box_id).join();
  const curves = useLoad(
    `rms ${event.event_id} ${key}`,
    (signal) => Promise.all(shown.map((box) => loadCurve(event.event_id, box, originMs, signal))),
    { keep: true },
  );
  return (
    <Card title={text.event.rms} hint={text.event.rmsHint} flush>
      <Shown loaded={curves} height={CHART_HEIGHT + 30}>
        {(data) => <Curves chart={chart} curves={data} />}
      </Shown>
    </Card>
  );
}

function loadCurve(eventId: number, box: BoxEvent, originMs: number, signal: AbortSignal): Promise<Curve> {
  return limiter.run(async () => {
    const rms = await get<Rms>(`/events/${eventId}/boxes/${encodeURIComponent(box.box_id)}/rms`, {}, signal);
    return curveOf(rms, originMs);
  });
}

function Curves({ chart, curves }: { chart: EventChart; curves: readonly Curve[] }) {
  const { event, originMs, range, selected } = chart;
  // the selected one last: it is drawn above the others
  const ordered = useMemo(
    () => [...curves].sort((a, b) => Number(a.boxId === selected) - Number(b.boxId === selected)),
    [curves, selected],
  );
  const data = useMemo(() => {
    const tables = ordered.map((one): uPlot.AlignedData => [one.times, one.values]);
    const keep: uPlot.JoinNullMode = 1;
    return uPlot.join(
      tables,
      tables.map(() => [keep, keep]),
    ) as (number | null)[][];
  }, [ordered]);
  const y = yRange(extent(curves.map((one) => one.values)), [0.9, 1.1], 0.3);
  const spans = event.incidents
    .filter((one) => one.box_id === selected && one.measurement_type === 'VOLTAGE')
    .map((one) => ({ from: one.start_timestamp_ms - originMs, to: one.end_timestamp_ms - originMs }));
  return (
    // the same columns as the waveforms above: one time, one place
    <div class="wave">
      <div class="name quiet">{text.event.rms}, pu</div>
      <div class="plot-area">
        <Chart
          label={text.event.rms}
          unit="pu"
          decimals={3}
          height={CHART_HEIGHT}
          lines={ordered.map(({ boxId }) =>
            boxId === selected
              ? { label: boxId, colour: 'voltage', width: 2.2 }
              : { label: boxId, colour: 'neutral', width: 1 },
          )}
          data={data}
          range={range}
          y={y}
          extras={{ spans, limits: LIMITS, cursors: chart.cursors }}
          zoom={chart.zoom}
          originMs={originMs}
          sync={`event ${event.event_id}`}
          onClick={chart.onCursor}
        />
      </div>
    </div>
  );
}
