/** u(t): a row a box on the same time axis, deepest first; boxes without a waveform have a row that says why. */
import { useState } from 'preact/hooks';
import type { EventDetail } from '../../../web-service/api/index.js';
import { duration, fixed, withUnit } from '../../logic/numbers.js';
import { text } from '../../logic/text.js';
import { clock } from '../../logic/time.js';
import { get } from '../api/client.js';
import { useLoad } from '../api/load.js';
import { Card } from '../parts/card.js';
import { Empty, Failure } from '../parts/states.js';
import { Time } from '../parts/time.js';
import { linkTo, setParams, useChoices } from '../state.js';
import { type EventChart, FIRST_ROWS } from './event-chart.js';
import { EventWave } from './event-wave.js';

export function EventWaves(chart: EventChart & { overlay: string }) {
  const { boxes, event } = chart;
  const [isAll, setAll] = useState(false);
  const shown = isAll ? boxes : boxes.slice(0, FIRST_ROWS);
  const other = /^\d{1,10}$/.test(chart.overlay) ? Number(chart.overlay) : undefined;
  return (
    <Card
      title={text.event.waveforms}
      hint={boxes.length > FIRST_ROWS ? text.event.rowsShown(shown.length, boxes.length) : undefined}
      tools={<OverlayField value={chart.overlay} />}
      flush
    >
      <CursorLine chart={chart} />
      {boxes.length === 0 ? <None deletedMs={event.waveforms_deleted_ms} /> : null}
      {other === undefined || other === event.event_id ? (
        <Rows chart={chart} shown={shown} other={undefined} />
      ) : (
        <WithOverlay chart={chart} shown={shown} id={other} />
      )}
      {boxes.length > shown.length ? (
        <div class="more">
          <button type="button" onClick={() => setAll(true)}>
            {text.event.showAll}
          </button>
        </div>
      ) : null}
      <Without event={event} />
    </Card>
  );
}

function None({ deletedMs }: { deletedMs: number | undefined }) {
  if (deletedMs === undefined) return <Empty title={text.event.noneAtAll}>{text.event.noneAtAllHint}</Empty>;
  return (
    <Empty title={text.event.deleted}>
      <Time ms={deletedMs} precision="minute" />. {text.event.deletedHint}
    </Empty>
  );
}

function WithOverlay({ chart, id, shown }: { chart: EventChart; id: number; shown: EventChart['boxes'] }) {
  const other = useLoad(`event ${id}`, (signal) => get<EventDetail>(`/events/${id}`, {}, signal));
  return (
    <>
      {other.problem === undefined ? null : <Failure problem={other.problem} onRetry={other.reload} />}
      <Rows chart={chart} shown={shown} other={other.data} />
    </>
  );
}

function Rows({
  chart,
  other,
  shown,
}: {
  chart: EventChart;
  other: EventDetail | undefined;
  shown: EventChart['boxes'];
}) {
  return (
    <>
      {shown.map((box, i) => (
        <EventWave
          key={box.box_id}
          chart={chart}
          box={box}
          hasAxis={i === shown.length - 1}
          other={other?.box_events.find((one) => one.box_id === box.box_id)}
          isOverlay={other !== undefined}
        />
      ))}
    </>
  );
}

function OverlayField({ value }: { value: string }) {
  return (
    <label class="row" title={text.event.overlayHint}>
      <span>{text.event.overlayWith}</span>
      <input
        inputMode="numeric"
        pattern="[0-9]*"
        size={8}
        value={value}
        onChange={(event) => setParams({ with: event.currentTarget.value })}
      />
    </label>
  );
}

/** When the cursors are, and how far apart. */
function CursorLine({ chart: { cursors, originMs } }: { chart: EventChart }) {
  const { zone } = useChoices();
  const { a, b } = cursors;
  if (a === undefined && b === undefined) return null;
  const gap = a === undefined || b === undefined ? undefined : b - a;
  return (
    <div class="cursor-line" role="status">
      {a === undefined ? null : (
        <span>
          <b>{text.event.cursor.a}</b> {clock(originMs + a, zone, 'millisecond')}
        </span>
      )}
      {b === undefined ? null : (
        <span>
          <b>{text.event.cursor.b}</b> {clock(originMs + b, zone, 'millisecond')}
        </span>
      )}
      {gap === undefined ? null : (
        <span>
          <b>{text.event.cursor.delta}</b> {duration(gap)}
          {gap === 0 ? '' : ` (${withUnit(fixed(1000 / Math.abs(gap), 2), 'Hz')})`}
        </span>
      )}
      <span class="quiet">{text.event.cursorHelp}</span>
    </div>
  );
}

function Without({ event }: { event: EventDetail }) {
  return (
    <>
      {event.boxes_without.map(({ box_id, name, reason }) => (
        <div class="wave" key={box_id}>
          <div class="name">
            <a href={linkTo('boxes', box_id)}>{box_id}</a>
            <span class="quiet">{name ?? ''}</span>
          </div>
          <div class="silent">
            {text.event.noWaveform}: {text.event.reason[reason] ?? reason}
          </div>
        </div>
      ))}
    </>
  );
}
