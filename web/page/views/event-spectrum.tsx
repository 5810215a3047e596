/** Harmonics of the span that is shown, of one box: bars, and a table beside. */

import { useEffect, useState } from 'preact/hooks';
import type { BoxEvent, Spectrum } from '../../../web-service/api/index.js';
import { duration, fixed, hertz, percent, volts } from '../../logic/numbers.js';
import { text } from '../../logic/text.js';
import { get } from '../api/client.js';
import { useLoad } from '../api/load.js';
import { ApiProblem } from '../api/problem.js';
import { Card } from '../parts/card.js';
import { Scroll } from '../parts/scroll.js';
import { Empty, Shown } from '../parts/states.js';
import { useWidth } from '../parts/width.js';
import type { EventChart } from './event-chart.js';

/** The API takes ten seconds at most. */
const MAX_MS = 10_000;
/** Shorter than a window of 10 or 12 cycles, and what the analysis needs beside it. */
const MIN_MS = 230;
const ORDERS = 40;
const HEIGHT = 210;

export function EventSpectrum(chart: EventChart & { box: BoxEvent }) {
  const { box, event, originMs } = chart;
  const { fromMs, toMs } = useResting(chart.range);
  const end = Math.min(toMs, fromMs + MAX_MS);
  const spectrum = useLoad(
    `spectrum ${event.event_id} ${box.box_id} ${fromMs} ${end}`,
    async (signal): Promise<{ spectrum: Spectrum | undefined }> => {
      if (end - fromMs < MIN_MS) return { spectrum: undefined };
      const path = `/events/${event.event_id}/boxes/${encodeURIComponent(box.box_id)}/spectrum`;
      try {
        const query = { from: originMs + fromMs, to: originMs + end };
        return { spectrum: await get<Spectrum>(path, query, signal) };
      } catch (error) {
        // the span has no whole window: gaps, or the end of the waveform
        if (error instanceof ApiProblem && error.status === 422) return { spectrum: undefined };
        throw error;
      }
    },
    { keep: true },
  );
  return (
    <Card title={text.event.spectrum} hint={text.event.spectrumOf(box.box_id, duration(end - fromMs))}>
      <Shown loaded={spectrum} height={260}>
        {({ spectrum: data }) =>
          data === undefined || data.windows === 0 ? (
            <Empty title={text.event.spectrumShort} />
          ) : (
            <div class="columns wide-first">
              <Bars spectrum={data} />
              <Numbers spectrum={data} />
            </div>
          )
        }
      </Shown>
    </Card>
  );
}

/** A range that has not changed for 400 ms: each step of a zoom needs no spectrum. */
function useResting(range: { fromMs: number; toMs: number }): { fromMs: number; toMs: number } {
  const [resting, setResting] = useState(range);
  useEffect(() => {
    const timer = window.setTimeout(() => setResting(range), 400);
    return () => window.clearTimeout(timer);
  }, [range.fromMs, range.toMs]);
  return resting;
}

function shareOf({ fundamental, harmonics }: Spectrum, order: number): number {
  return fundamental > 0 ? (harmonics[order - 1] ?? 0) / fundamental : 0;
}

function Bars({ spectrum }: { spectrum: Spectrum }) {
  const [element, measured] = useWidth<HTMLDivElement>();
  const width = Math.max(240, measured);
  const orders = Array.from({ length: ORDERS - 1 }, (_, i) => i + 2).filter(
    (h) => h <= spectrum.harmonics.length,
  );
  const highest = Math.max(0.01, ...orders.map((h) => shareOf(spectrum, h)));
  const top = niceAbove(highest * 100);
  const [left, bottom] = [40, 28];
  const step = (width - left - 8) / (ORDERS - 1);
  const y = (value: number): number => 10 + (1 - value / top) * (HEIGHT - 10 - bottom);
  const every = step < 14 ? 5 : step < 22 ? 2 : 1;
  return (
    <div ref={element}>
      <svg
        class="plot"
        width={width}
        height={HEIGHT}
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-label={`${text.event.spectrum}, ${text.event.ofFundamental}`}
      >
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <g key={share}>
            <line class="grid" x1={left} x2={width - 8} y1={y(share * top)} y2={y(share * top)} />
            <text x={left - 5} y={y(share * top) + 4} text-anchor="end">
              {fixed(share * top, top < 4 ? 2 : 1)}
            </text>
          </g>
        ))}
        {orders.map((h) => {
          const value = shareOf(spectrum, h) * 100;
          const x = left + (h - 2) * step;
          return (
            <g key={h}>
              <rect
                class="bar"
                x={x + step * 0.15}
                width={step * 0.7}
                y={y(value)}
                height={Math.max(0.5, y(0) - y(value))}
              >
                <title>{`${text.event.order} ${h}: ${fixed(value, 2)} %, ${volts(spectrum.harmonics[h - 1])}`}</title>
              </rect>
              {(h - 3) % every === 0 || (every === 1 && h === 2) ? (
                <text x={x + step / 2} y={HEIGHT - 13} text-anchor="middle">
                  {h}
                </text>
              ) : null}
            </g>
          );
        })}
        <text x={left} y={HEIGHT - 1}>
          {text.event.order}, {text.event.ofFundamental}
        </text>
      </svg>
    </div>
  );
}

/** 1, 2, 4 or 8 times a power of ten, not below the value. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 8, 10].find((one) => one * power >= value) ?? 10) * power;
}

function Numbers({ spectrum }: { spectrum: Spectrum }) {
  const orders = Array.from({ length: ORDERS }, (_, i) => i + 1).filter(
    (h) => h <= spectrum.harmonics.length,
  );
  return (
    <div>
      <p>
        {text.metric.thd} <b>{percent(spectrum.thd)}</b> · <b>{volts(spectrum.fundamental)}</b> ·{' '}
        <b>{hertz(spectrum.frequency)}</b>
      </p>
      <Scroll label={text.table.region(text.event.spectrum)} name="harmonics">
        <table>
          <thead>
            <tr>
              <th scope="col" class="number">
                {text.event.order}
              </th>
              <th scope="col" class="number">
                V
              </th>
              <th scope="col" class="number">
                %
              </th>
            </tr>
          </thead>
          <tbody>
            {orders.map((h) => (
              <tr key={h}>
                <td class="number">{h}</td>
                <td class="number">{fixed(spectrum.harmonics[h - 1], 2)}</td>
                <td class="number">{fixed(shareOf(spectrum, h) * 100, 2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </div>
  );
}
