/** Events, box events, waveforms, requests. */
import { MakaiError } from '../../common/errors.js';
import type { EventDocument, IncidentDocument, Store } from '../../store/store.js';
import type { EventDetail, EventsQuery } from '../api/events.js';
import { MAX_JSON_SAMPLES, WAVEFORM_TYPE, type WaveformQuery } from '../api/waveform.js';
import { byId, type KnownBoxes, locationNow } from '../boxes.js';
import { RequestError } from '../http/problems.js';
import { Content, hasCurrent, NotModified, tagOf } from '../http/replies.js';
import type { Services } from '../services.js';
import { encodeWaveform } from '../waveforms/binary.js';
import type { FoundBoxEvent, Waveforms } from '../waveforms/load.js';
import { rmsOf, spectrumOf } from '../waveforms/measures.js';
import { type Trimmed, trimWaveform, type Waveform } from '../waveforms/trimmed.js';
import { definedOnly } from './boxes.js';
import { boxEventJson, boxesWithout, eventJson, incidentJson } from './documents.js';
import type { Handlers } from './handler.js';
import { pageOf } from './pages.js';

type EventHandlers = Pick<
  Handlers,
  'listEvents' | 'requestEvent' | 'getEvent' | 'getBoxEvent' | 'getWaveform' | 'getRms' | 'getSpectrum'
>;

export function eventHandlers(services: Services, waveforms: Waveforms): EventHandlers {
  const { boxes, limits, link, requests } = services;
  const detailOf = async (event: EventDocument): Promise<EventDetail> => {
    const known = await boxes.known();
    const { event_id } = event;
    return link.read(async (store) => {
      const [boxEvents, incidents, original] = await Promise.all([
        waveforms.boxEvents(event_id),
        store.incidentsOfEvent(event_id),
        event.description.startsWith('import') || event.latencies_ms?.length === 0
          ? store.original(event_id)
          : undefined,
      ]);
      const analyses = await Promise.all(boxEvents.map(({ box_id }) => store.analysis(event_id, box_id)));
      const box_events = boxEvents
        .map((one, i) => boxEventJson(one, known, analyses[i]))
        .sort((a, b) => byId(a.box_id, b.box_id));
      const shown = eventJson(event);
      return definedOnly({
        ...shown,
        box_events,
        boxes_without: boxesWithout(event, known),
        incidents: incidents.map((one) =>
          incidentJson(one, known.referenceAt(one.box_id, one.start_timestamp_ms)),
        ),
        is_complete: shown.boxes_silent.length === 0,
        original: original?.files.map(({ name }) => name),
      });
    });
  };
  const found = async (eventId: number): Promise<EventDocument> => {
    const event = await link.read((store) => store.event(eventId));
    if (event !== undefined) return event;
    throw new MakaiError('NOT_FOUND', `there is no event ${eventId}; it may have expired`, {
      hint: 'GET /events lists the events.',
    });
  };
  /** A view asks for all its boxes at the same time: each is read and computed when it is its turn. */
  const loaded = <T>(
    { box_id, event_id }: { box_id: string; event_id: number },
    work: (found: FoundBoxEvent, waveform: Waveform) => T,
  ): Promise<T> =>
    limits.waveforms.run(async () => {
      const one = await waveforms.find(event_id, box_id);
      return work(one, await waveforms.load(one));
    });
  return {
    listEvents: async ({ query }) => {
      const known = query.location === undefined ? undefined : await boxes.known();
      return link.read(async (store) => {
        // All incidents of the range are read for it.
        const withClass =
          query.class === undefined
            ? undefined
            : await limits.charts.run(() => eventsWithClass(store, query));
        return pageOf(query, {
          read: (range) => store.events(range),
          timeOf: (one) => one.target_event_start_timestamp_ms,
          idOf: (one) => one.event_id,
          isChosen: filterOf(query, known, withClass),
          jsonOf: eventJson,
        });
      });
    },
    requestEvent: ({ body: { wait_seconds, ...wanted }, caller, reply }) =>
      limits.followed.run(async () => {
        // Who waits for the waveforms holds up nobody who asks.
        const event_id = await limits.requests.run(() => requests.ask(wanted, caller?.name ?? ''));
        const event = await requests.follow(event_id, wanted.request_data ? 1000 * wait_seconds : 0);
        reply.header('location', `/api/v1/events/${event_id}`);
        return definedOnly({ event_id, event: event && (await detailOf(event)) });
      }),
    getEvent: async ({ params }) => detailOf(await found(params.event_id)),
    getBoxEvent: async ({ params: { box_id, event_id } }) => {
      const { boxEvent } = await waveforms.find(event_id, box_id);
      const [known, analysis] = await Promise.all([
        boxes.known(),
        link.read((store) => store.analysis(event_id, box_id)),
      ]);
      const { window_timestamps_ms } = boxEvent;
      return { ...boxEventJson(boxEvent, known, analysis), window_timestamps_ms };
    },
    getWaveform: async ({ params, query, reply, request }) => {
      const one = await waveforms.find(params.event_id, params.box_id);
      const { boxEvent, constant } = one;
      // A stored waveform never changes; the calibration constant may.
      const tag = tagOf(boxEvent.data_fs_filename, boxEvent.event_start_timestamp_ms, constant, query);
      if (hasCurrent(request, reply, tag)) return new NotModified();
      return limits.waveforms.run(async () => waveformReply(query, one, await waveforms.load(one)));
    },
    getRms: ({ params, query }) =>
      loaded(params, ({ reference }, waveform) => ({
        ...params,
        nominal_voltage: reference.voltage,
        ...rmsOf(waveform, reference, query),
      })),
    getSpectrum: ({ params, query }) =>
      loaded(params, ({ reference }, waveform) => {
        const spectrum = spectrumOf(waveform, reference, query);
        if (spectrum !== undefined) return { ...params, ...spectrum };
        throw new RequestError(
          'the span has no window of 10/12 cycles without a gap in which there is a fundamental',
          [],
          422,
        );
      }),
  };
}

function waveformReply(
  { format, from, points, to, values }: WaveformQuery,
  { boxEvent: { box_id, event_id } }: FoundBoxEvent,
  waveform: Waveform,
) {
  const trimmed = trimWaveform(waveform, from, to, points);
  const { constant, counts, runs } = waveform;
  const [first, last] = [runs[0], runs.at(-1)];
  const fromMs = from ?? first?.startMs ?? 0;
  const toMs = to ?? (last === undefined ? fromMs : last.startMs + last.count * last.stepMs);
  if (format === 'binary')
    return new Content(
      WAVEFORM_TYPE,
      encodeWaveform(trimmed, { values, constant, fromMs, toMs, total: counts.length }),
    );
  if (trimmed.low.length > MAX_JSON_SAMPLES) {
    const message = `expected with JSON, since the range has ${trimmed.low.length} samples: more than ${MAX_JSON_SAMPLES}`;
    throw new RequestError(`points: ${message}`, [{ path: 'points', message }]);
  }
  return definedOnly({
    event_id,
    box_id,
    form: trimmed.form,
    calibration_constant: constant,
    from_ms: fromMs,
    to_ms: toMs,
    total_samples: counts.length,
    samples_in_range: trimmed.inRange,
    runs: trimmed.runs,
    ...voltsOf(trimmed, constant),
  });
}

function voltsOf({ form, high, low }: Trimmed, constant: number) {
  // Six digits: a count is one of 65,536.
  const volts = (counts: Int16Array): number[] =>
    Array.from(counts, (count) => Number((count / constant).toPrecision(6)));
  return form === 'samples' ? { volts: volts(low) } : { min_volts: volts(low), max_volts: volts(high) };
}

function filterOf(
  { box, has_waveform, location, type }: EventsQuery,
  known: KnownBoxes | undefined,
  withClass: ReadonlySet<number> | undefined,
): ((event: EventDocument) => boolean) | undefined {
  const there = known && new Set(known.ids.filter((id) => locationNow(known.records.get(id)) === location));
  if (box === undefined && has_waveform === undefined && type === undefined && !there && !withClass)
    return undefined;
  return (event) =>
    (box === undefined || event.boxes_triggered.includes(box)) &&
    (type === undefined || event.type === type) &&
    (has_waveform === undefined || hasWaveform(event) === has_waveform) &&
    (there === undefined || event.boxes_triggered.some((id) => there.has(id))) &&
    (withClass === undefined || withClass.has(event.event_id));
}

const hasWaveform = ({ boxes_received, waveforms_deleted_ms }: EventDocument): boolean =>
  boxes_received.length > 0 && waveforms_deleted_ms === undefined;

/** Incidents that are looked at to find events by class. */
const MAX_INCIDENTS = 50_000;
/** An incident begins in its event or shortly before its target. */
const AROUND_MS = 3_600_000;

async function eventsWithClass(store: Store, { class: name, from, to }: EventsQuery): Promise<Set<number>> {
  const query = {
    ...(name === undefined ? {} : { classification: name.toUpperCase() }),
    ...(from === undefined ? {} : { fromMs: from - AROUND_MS }),
    ...(to === undefined ? {} : { toMs: to + AROUND_MS }),
    descending: true,
    limit: MAX_INCIDENTS,
  };
  const ids = new Set<number>();
  for await (const { event_id } of store.incidents(query) as AsyncIterable<IncidentDocument>)
    ids.add(event_id);
  return ids;
}
