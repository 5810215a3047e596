/** A chart over time (uPlot) with the manners of this page: gaps are gaps, limits stay in sight, the legend is the table of values under the pointer. */
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { fixed, tickTexts, withUnit } from '../../logic/numbers.js';
import type { Range } from '../../logic/range.js';
import { text } from '../../logic/text.js';
import { timeTicks } from '../../logic/ticks.js';
import { dateTime, type Zone } from '../../logic/time.js';
import { useWidth } from '../parts/width.js';
import { useChoices } from '../state.js';
import { listenZoom, panOnShift, type Zoom, zoomKey } from './interact.js';
import { colour, type Extras, paintExtras, paintSpans } from './paint.js';

/** px: room for `−100.0 V` */
const Y_AXIS = 74;

export interface Line {
  label: string;
  /** name in theme.css */
  colour: string;
  dash?: number[];
  /** 0: no line, only the edge of a band */
  width?: number;
  /** not in the legend */
  isSilent?: boolean;
}

export interface ChartProps {
  label: string;
  unit: string;
  decimals: number;
  height: number;
  lines: readonly Line[];
  /** x values, then a list for each line; nulls are gaps */
  data: readonly (readonly (number | null)[])[];
  /** between these two lines (1: the first) the area is filled, in the colour of the first */
  band?: readonly [number, number] | undefined;
  /** shown */
  range: Range;
  y: readonly [number, number];
  extras?: Extras | undefined;
  zoom: Omit<Zoom, 'range'>;
  /** added to x values to get Unix ms */
  originMs?: number;
  /** charts with the same key show their pointers at the same time */
  sync?: string | undefined;
  /** time axis below */
  hasAxis?: boolean;
  hasLegend?: boolean;
  onClick?: ((ms: number, isShift: boolean) => void) | undefined;
}

export function Chart(props: ChartProps) {
  const [element, width] = useWidth<HTMLDivElement>();
  const { colours, zone } = useChoices();
  const [index, setIndex] = useState<number | null>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const zoomNow = (): Zoom => ({ ...latest.current.zoom, range: latest.current.range });
  const lineKey = props.lines.map((one) => `${one.label}${one.colour}${one.width ?? ''}`).join();

  useEffect(() => {
    const place = element.current;
    if (place === null || width < 40) return undefined;
    let end = (): void => undefined;
    let made: uPlot | undefined;
    // Made in one turn and drawn in the next, each for itself, so that a view of many charts does not hold up a click.
    let timer = window.setTimeout(() => {
      const given = latest.current;
      const options = optionsOf(latest, zoomNow, width, zone, setIndex);
      made = new uPlot(options, given.data as uPlot.AlignedData, (empty, draw) => {
        timer = window.setTimeout(() => {
          place.append(empty.root);
          draw();
          plot.current = empty;
          end = listenZoom(empty.over, zoomNow);
          listenClick(empty, () => latest.current.onClick);
          if (latest.current !== given) show(empty, latest.current);
        });
      });
    });
    return () => {
      window.clearTimeout(timer);
      end();
      made?.destroy();
      plot.current = null;
    };
  }, [width, props.height, colours, zone, lineKey, props.originMs, props.hasAxis, props.unit]);

  useEffect(() => {
    plot.current?.setData(props.data as uPlot.AlignedData, true);
  }, [props.data]);
  useEffect(() => {
    plot.current?.setScale('x', { min: props.range.fromMs, max: props.range.toMs });
  }, [props.range.fromMs, props.range.toMs]);
  const [yMin, yMax] = props.y;
  useEffect(() => {
    plot.current?.setScale('y', { min: yMin, max: yMax });
  }, [yMin, yMax]);
  useEffect(() => plot.current?.redraw(false), [JSON.stringify(props.extras)]);

  const key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || !zoomKey(event.key, zoomNow())) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      <section
        class="chart"
        ref={element}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: its keys zoom and move it (WCAG 2.1.1)
        tabIndex={0}
        aria-label={text.chart.describe(text.chart.label(props.label, props.unit))}
        onKeyDown={key}
        style={{ minHeight: `${props.height}px` }}
      />
      {props.hasLegend === false ? null : <Legend props={props} index={index} zone={zone} />}
    </>
  );
}

/** What came while the chart was made. */
function show(plot: uPlot, { data, range, y }: ChartProps): void {
  plot.setData(data as uPlot.AlignedData, false);
  plot.setScale('x', { min: range.fromMs, max: range.toMs });
  plot.setScale('y', { min: y[0], max: y[1] });
}

function Legend({ index, props, zone }: { index: number | null; props: ChartProps; zone: Zone }) {
  const { data, decimals, lines, originMs = 0, unit } = props;
  const at = index === null ? undefined : data[0]?.[index];
  return (
    <div class="legend">
      {lines.map((line, i) => {
        if (line.isSilent === true) return null;
        const value = index === null ? undefined : data[i + 1]?.[index];
        return (
          <span key={line.label}>
            <i
              class={line.dash === undefined ? (line.width === 0 ? 'band' : '') : 'dash'}
              style={{ color: `var(--${line.colour})` }}
            />
            {line.label}
            {value === undefined ? '' : ' '}
            {value === undefined ? null : <b>{withUnit(fixed(value, decimals), unit)}</b>}
          </span>
        );
      })}
      <span>{at === undefined || at === null ? '' : dateTime(at + originMs, zone, 'millisecond')}</span>
    </div>
  );
}

function optionsOf(
  latest: { current: ChartProps },
  zoomNow: () => Zoom,
  width: number,
  zone: Zone,
  setIndex: (index: number | null) => void,
): uPlot.Options {
  const { band, hasAxis = true, height, lines, originMs = 0, range, sync, unit, y } = latest.current;
  const ink = colour('ink-2');
  const grid = { stroke: colour('line'), width: 1 };
  const ticks = { stroke: colour('line'), width: 1, size: 5 };
  let labels = new Map<number, string>();
  const pan = panOnShift(() => document.body, zoomNow);
  return {
    width,
    height,
    padding: [8, 12, hasAxis ? 0 : 4, 0],
    legend: { show: false },
    scales: {
      x: {
        time: false,
        auto: false,
        range: (_u, min, max) => [min, max],
        min: range.fromMs,
        max: range.toMs,
      },
      y: { auto: false, range: (_u, min, max) => [min, max], min: y[0], max: y[1] },
    },
    cursor: {
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
      ...(sync === undefined ? {} : { sync: { key: sync, setSeries: false } }),
      bind: {
        mousedown: (_u, _target, handler) => (event: MouseEvent) => {
          if (!pan(event)) handler(event);
          return null;
        },
        dblclick: () => () => {
          zoomNow().onRange(latest.current.zoom.limits);
          return null;
        },
      },
    },
    axes: [
      {
        show: hasAxis,
        stroke: ink,
        grid,
        ticks,
        font: '12px system-ui, sans-serif',
        size: 30,
        splits: (u, _axis, min, max) => {
          const found = timeTicks(
            min + originMs,
            max + originMs,
            Math.max(2, Math.floor(u.width / 120)),
            zone,
          );
          labels = new Map(found.map(({ label, ms }) => [ms - originMs, label]));
          return [...labels.keys()];
        },
        // a label that would be cut at the right edge is left out
        values: (u, splits) =>
          splits.map((split) =>
            u.valToPos(split, 'x') > u.width - Y_AXIS - 46 ? '' : (labels.get(split) ?? ''),
          ),
      },
      {
        stroke: ink,
        grid,
        ticks,
        font: '12px system-ui, sans-serif',
        size: Y_AXIS,
        values: (_u, splits) => tickTexts(splits, unit),
        space: 28,
      },
    ],
    series: [
      {},
      ...lines.map(
        (line): uPlot.Series => ({
          label: line.label,
          stroke: colour(line.colour),
          width: line.width ?? 1.5,
          ...(line.dash === undefined ? {} : { dash: line.dash }),
          points: { show: true, size: 4, width: 0, fill: colour(line.colour), filter: alone },
          spanGaps: false,
        }),
      ),
    ],
    ...(band === undefined
      ? {}
      : {
          bands: [
            { series: [band[0], band[1]], fill: colour(`${lines[band[0] - 1]?.colour ?? 'voltage'}-fill`) },
          ],
        }),
    hooks: {
      drawClear: [(u) => paintSpans(u, latest.current.extras ?? {})],
      draw: [(u) => paintExtras(u, latest.current.extras ?? {})],
      setCursor: [(u) => setIndex(u.cursor.idx ?? null)],
      setSelect: [(u) => selected(u, latest.current)],
    },
  };
}

/** Values with a gap on both sides: without a mark of their own they would not be seen. */
function alone(u: uPlot, line: number): number[] {
  const values = u.data[line] ?? [];
  // undefined is no gap: another line has a value there, and this one goes through
  const isGap = (i: number): boolean => i < 0 || i >= values.length || values[i] === null;
  const found: number[] = [];
  for (let i = 0; i < values.length && found.length < 1000; i += 1) {
    if (values[i] != null && isGap(i - 1) && isGap(i + 1)) found.push(i);
  }
  return found;
}

/** A drag zooms to what it spans. */
function selected(u: uPlot, { zoom }: ChartProps): void {
  const { left, width } = u.select;
  if (width < 4) return;
  const fromMs = u.posToVal(left, 'x');
  const toMs = Math.max(fromMs + zoom.minSpan, u.posToVal(left + width, 'x'));
  u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  zoom.onRange({ fromMs, toMs });
}

/** A press without a drag is a click. */
function listenClick(u: uPlot, onClick: () => ChartProps['onClick']): void {
  let downX = 0;
  u.over.addEventListener('pointerdown', (event) => {
    downX = event.clientX;
  });
  u.over.addEventListener('click', (event) => {
    if (Math.abs(event.clientX - downX) > 3) return;
    const { left } = u.over.getBoundingClientRect();
    onClick()?.(u.posToVal(event.clientX - left, 'x'), event.shiftKey);
  });
}
