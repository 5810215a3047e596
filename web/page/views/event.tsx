/** One event: what happened, how bad by which standard, who else saw it, the file. */
import { useCallback, useMemo, useState } from 'preact/hooks';
import type { EventDetail } from '../../../web-service/api/index.js';
import { deepestFirst, spanOf } from '../../logic/event-view.js';
import { inside, type Range } from '../../logic/range.js';
import type { Route } from '../../logic/route.js';
import { text } from '../../logic/text.js';
import { formatMs, formatSpan, parseMs, parseSpan } from '../../logic/view-state.js';
import { get } from '../api/client.js';
import { useLive } from '../api/live.js';
import { useLoad } from '../api/load.js';
import { zoomKey } from '../charts/interact.js';
import { useKeys } from '../keys.js';
import { useParamState } from '../param-state.js';
import { Card } from '../parts/card.js';
import { IncidentTable } from '../parts/incident-table.js';
import { lazily } from '../parts/lazy.js';
import { Empty, Shown } from '../parts/states.js';
import { WhenSeen } from '../parts/when-seen.js';
import { linkTo, setParams } from '../state.js';
import { EventAnnotations } from './event-annotate.js';
import { FIRST_ROWS } from './event-chart.js';
import { EventFacts } from './event-facts.js';
import { EventHead } from './event-head.js';
import { useNeighbours } from './neighbours.js';

const RMS_HEIGHT = 360;
const EventWaves = lazily(
  async () => (await import('./event-waves.js')).EventWaves,
  ({ boxes }) => 220 + 150 * Math.min(boxes.length, FIRST_ROWS),
);
const EventRms = lazily(async () => (await import('./event-rms.js')).EventRms, RMS_HEIGHT);
const EventSpectrum = lazily(async () => (await import('./event-spectrum.js')).EventSpectrum, 400);
const EventCurves = lazily(async () => (await import('./event-curves.js')).EventCurves, 400);

/** An event that boxes may still reply to, or that is not analysed yet, is read again. */
const REFRESH_MS = 3000;

export function Event({ route }: { route: Route }) {
  const id = /^\d{1,10}$/.test(route.id ?? '') ? Number(route.id) : undefined;
  if (id === undefined) return <Missing />;
  return <Loaded key={id} id={id} route={route} />;
}

function Missing() {
  return (
    <Empty title={text.event.missing}>
      <p>{text.event.missingHint}</p>
      <a href={linkTo('events')}>{text.events.title}</a>
    </Empty>
  );
}

function Loaded({ id, route }: { id: number; route: Route }) {
  const [isOpen, setOpen] = useState(true);
  const event = useLoad(`event ${id}`, (signal) => get<EventDetail>(`/events/${id}`, {}, signal), {
    refreshMs: isOpen ? REFRESH_MS : undefined,
  });
  const { data, reload } = event;
  const hasMore =
    data !== undefined && (!data.is_complete || data.box_events.some((one) => one.analysed_ms === undefined));
  const isFresh = data !== undefined && Date.now() - data.target_event_end_timestamp_ms < 3_600_000;
  if (data !== undefined && isOpen !== (hasMore && isFresh)) setOpen(hasMore && isFresh);
  useLive(
    'event',
    useCallback((one) => (one.event_id === id ? reload() : undefined), [id]),
  );
  useLive(
    'incident',
    useCallback((one) => (one.event_id === id ? reload() : undefined), [id]),
  );
  if (event.problem?.status === 404) return <Missing />;
  return (
    <Shown loaded={event} height={600}>
      {(known) => <Known event={known} route={route} onChanged={reload} />}
    </Shown>
  );
}

function Known({ event, onChanged, route }: { event: EventDetail; onChanged: () => void; route: Route }) {
  const { params } = route;
  const span = spanOf(event);
  const originMs = Math.floor(span.fromMs);
  const limits: Range = { fromMs: span.fromMs - originMs, toMs: span.toMs - originMs };
  const [zoomed, setZoom] = useParamState(params, 'zoom', parseSpan, formatSpan);
  const [a, setA] = useParamState(params, 'a', parseMs, formatMs);
  const [b, setB] = useParamState(params, 'b', parseMs, formatMs);
  const range = zoomed === undefined ? limits : inside(zoomed, limits);
  const boxes = useMemo(() => deepestFirst(event), [event]);
  const selected = boxes.find((one) => one.box_id === params.get('box')) ?? boxes[0];
  const isPu = params.get('unit') === 'pu';
  const onRange = (next: Range): void =>
    setZoom(next.fromMs <= limits.fromMs && next.toMs >= limits.toMs ? undefined : next);
  const zoom = { limits, minSpan: 1, onRange };
  const hasCursors = a !== undefined || b !== undefined;
  const toggleCursors = (): void => {
    const third = (range.toMs - range.fromMs) / 3;
    setA(hasCursors ? undefined : range.fromMs + third);
    setB(hasCursors ? undefined : range.toMs - third);
  };
  const neighbours = useNeighbours(event);
  const keys: Record<string, () => void> = { c: toggleCursors, j: neighbours.next, k: neighbours.previous };
  for (const key of ['+', '=', '-', '[', ']', '0']) keys[key] = () => void zoomKey(key, { ...zoom, range });
  keys.e = () => document.querySelector<HTMLButtonElement>('.export > button')?.click();
  keys.a = () => document.getElementById('remark')?.focus();
  useKeys(keys);
  const chart = {
    event,
    boxes,
    originMs,
    range,
    zoom,
    isPu,
    selected: selected?.box_id,
    cursors: { a, b },
    onCursor: hasCursors ? (ms: number, isShift: boolean) => (isShift ? setB(ms) : setA(ms)) : undefined,
  };
  return (
    <>
      <EventHead
        event={event}
        neighbours={neighbours}
        isPu={isPu}
        onUnit={() => setParams({ unit: isPu ? undefined : 'pu' })}
        hasCursors={hasCursors}
        onCursors={toggleCursors}
        isZoomed={zoomed !== undefined}
        onZoom={(key) => void zoomKey(key, { ...zoom, range })}
      />
      <EventWaves {...chart} overlay={params.get('with') ?? ''} />
      {boxes.length > 0 ? (
        <WhenSeen height={RMS_HEIGHT}>
          <EventRms {...chart} />
        </WhenSeen>
      ) : null}
      {/* another box begins without the spectrum of the one before */}
      {selected === undefined ? null : (
        <WhenSeen height={400}>
          <EventSpectrum key={selected.box_id} {...chart} box={selected} />
        </WhenSeen>
      )}
      <WhenSeen height={400}>
        <EventCurves event={event} />
      </WhenSeen>
      <Card title={text.event.incidents} flush>
        {event.incidents.length === 0 ? (
          <Empty
            title={
              event.box_events.some((one) => one.analysed_ms === undefined)
                ? text.event.waiting
                : text.event.noIncidents
            }
          />
        ) : (
          <IncidentTable
            incidents={event.incidents}
            label={text.event.incidents}
            isGrouped={false}
            onKeys={false}
          />
        )}
      </Card>
      <div class="columns two">
        <EventAnnotations event={event} onChanged={onChanged} />
        <EventFacts event={event} />
      </div>
    </>
  );
}
