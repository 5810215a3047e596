/** One box's waveform in the event, with that of another event over it where asked. */
import { useMemo } from 'preact/hooks';
import uPlot from 'uplot';
import type { BoxEvent } from '../../../web-service/api/index.js';
import { type AtCursor, changeBetween, type Drawn, drawn, valueNear } from '../../logic/bands.js';
import { fixed, NO_VALUE, signed, withUnit } from '../../logic/numbers.js';
import { text } from '../../logic/text.js';
import { voltsExtent, type Waveform } from '../../logic/waveform.js';
import { useWaveform } from '../api/waveforms.js';
import { Chart, type Line } from '../charts/chart.js';
import { Shown } from '../parts/states.js';
import { useWidth } from '../parts/width.js';
import { linkTo, setParams } from '../state.js';
import type { EventChart } from './event-chart.js';

/** px; the last one has the time axis. */
const [ROW, LAST_ROW] = [140, 170];

interface WaveProps {
  chart: EventChart;
  box: BoxEvent;
  hasAxis: boolean;
  /** the same box in the event that is drawn over this one */
  other: BoxEvent | undefined;
  isOverlay: boolean;
}

export function EventWave(props: WaveProps) {
  const { box, chart, hasAxis, isOverlay, other } = props;
  const [element, width] = useWidth<HTMLDivElement>();
  const columns = Math.max(100, Math.floor((width - 80) * devicePixelRatio));
  const wave = useWaveform(box, chart.originMs, chart.range, columns);
  const isSelected = chart.selected === box.box_id;
  return (
    <div class="wave">
      <div class="name">
        <a href={linkTo('boxes', box.box_id)}>{box.box_id}</a>
        <span class="quiet">{box.name ?? box.location}</span>
        <CursorValues chart={chart} box={box} wave={wave.shown} />
        <button
          type="button"
          class="plain small"
          aria-pressed={isSelected}
          onClick={() => setParams({ box: box.box_id })}
        >
          {text.event.spectrum}
        </button>
        {isOverlay && other === undefined ? <span class="quiet">{text.event.overlayNone}</span> : null}
      </div>
      <div ref={element} class="plot-area">
        <Shown loaded={wave} height={hasAxis ? LAST_ROW : ROW}>
          {(whole) =>
            other === undefined ? (
              <Drawing
                {...props}
                whole={whole}
                shown={wave.shown ?? whole}
                columns={columns}
                over={undefined}
              />
            ) : (
              <Overlaid
                {...props}
                other={other}
                whole={whole}
                shown={wave.shown ?? whole}
                columns={columns}
              />
            )
          }
        </Shown>
      </div>
    </div>
  );
}

interface DrawingProps extends WaveProps {
  whole: Waveform;
  shown: Waveform;
  columns: number;
}

/** Both events from their first sample: the other one's times are moved by the difference. */
function Overlaid(props: DrawingProps & { other: BoxEvent }) {
  const { box, chart, other, columns } = props;
  const origin = chart.originMs + other.event_start_timestamp_ms - box.event_start_timestamp_ms;
  const wave = useWaveform(other, origin, chart.range, columns);
  return <Drawing {...props} over={wave.shown} />;
}

function Drawing({
  box,
  chart,
  columns,
  hasAxis,
  over,
  shown,
  whole,
}: DrawingProps & { over: Waveform | undefined }) {
  const { isPu, range } = chart;
  const unit = isPu ? 'pu' : 'V';
  const scale = isPu ? 1 / (box.nominal_voltage * Math.SQRT2) : 1;
  const own = useMemo(
    () => drawn(shown.runs, range.fromMs, range.toMs, columns, shown.factor * scale),
    [shown, range.fromMs, range.toMs, columns, scale],
  );
  const second = useMemo(
    () =>
      over === undefined
        ? undefined
        : drawn(over.runs, range.fromMs, range.toMs, columns, over.factor * scale),
    [over, range.fromMs, range.toMs, columns, scale],
  );
  const y = useMemo(() => heightOf(whole, box.nominal_voltage, scale), [whole, box.nominal_voltage, scale]);
  const { data, lines } = useMemo(() => joined(own, second), [own, second]);
  const spans = chart.event.incidents
    .filter((one) => one.box_id === box.box_id)
    .map((one) => ({
      from: one.start_timestamp_ms - chart.originMs,
      to: (one.end_timestamp_ms < 0 ? chart.originMs + range.toMs : one.end_timestamp_ms) - chart.originMs,
    }));
  return (
    <Chart
      label={text.event.waveformFor(box.box_id)}
      unit={unit}
      decimals={isPu ? 3 : 1}
      height={hasAxis ? LAST_ROW : ROW}
      lines={lines}
      data={data}
      band={own.mode === 'bands' ? [1, 2] : undefined}
      range={range}
      y={y}
      extras={{ spans, cursors: chart.cursors }}
      zoom={chart.zoom}
      originMs={chart.originMs}
      sync={`event ${chart.event.event_id}`}
      hasAxis={hasAxis}
      hasLegend={false}
      onClick={chart.onCursor}
    />
  );
}

/** The same height at every zoom: nothing jumps. */
function heightOf(whole: Waveform, nominal: number, scale: number): [number, number] {
  const extent = voltsExtent(whole) ?? { low: 0, high: 0 };
  const peak =
    Math.max(Math.abs(extent.low), Math.abs(extent.high), nominal * Math.SQRT2 * 1.05) * scale * 1.05;
  return [-peak, peak];
}

function joined(own: Drawn, second: Drawn | undefined): { data: (number | null)[][]; lines: Line[] } {
  const lines: Line[] = [
    { label: 'max', colour: 'voltage', width: 1.2 },
    { label: 'min', colour: 'voltage', width: 1.2 },
  ];
  if (second === undefined) return { data: [own.times, own.max, own.min], lines };
  const tables: uPlot.AlignedData[] = [
    [own.times, own.max, own.min],
    [second.times, second.max, second.min],
  ];
  // nulls stay gaps; times that only the other waveform has are joined over
  const keep: uPlot.JoinNullMode = 1;
  const data = uPlot.join(tables, [
    [keep, keep, keep],
    [keep, keep, keep],
  ]) as (number | null)[][];
  const dash = { colour: 'transient', dash: [4, 3], width: 1.2 };
  return { data, lines: [...lines, { ...dash, label: 'max 2' }, { ...dash, label: 'min 2' }] };
}

function CursorValues({
  box,
  chart,
  wave,
}: {
  box: BoxEvent;
  chart: EventChart;
  wave: Waveform | undefined;
}) {
  const { a, b } = chart.cursors;
  if (wave === undefined || (a === undefined && b === undefined)) return null;
  const scale = wave.factor / (chart.isPu ? box.nominal_voltage * Math.SQRT2 : 1);
  const [unit, decimals] = chart.isPu ? (['pu', 3] as const) : (['V', 1] as const);
  const at = (ms: number | undefined): AtCursor | undefined =>
    ms === undefined ? undefined : valueNear(wave.runs, ms);
  const [atA, atB] = [at(a), at(b)];
  const shown = (found: AtCursor | undefined): string => {
    if (found === undefined) return NO_VALUE;
    const min = fixed(found.min * scale, decimals);
    const max = fixed(found.max * scale, decimals);
    return withUnit(min === max ? min : `${min}…${max}`, unit);
  };
  const change = changeBetween(atA, atB);
  return (
    <span class="cursor-values">
      <span>A {shown(atA)}</span> <span>B {shown(atB)}</span>{' '}
      <span>ΔU {withUnit(signed(change === undefined ? undefined : change * scale, decimals), unit)}</span>
    </span>
  );
}
