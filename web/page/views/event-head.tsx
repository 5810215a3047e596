/** What happened, in one line; and the tools of the view. */
import type { EventDetail } from '../../../web-service/api/index.js';
import { countBoxes, headline } from '../../logic/event-view.js';
import { text } from '../../logic/text.js';
import { apiUrl } from '../api/client.js';
import { SeverityBadge } from '../parts/marks.js';
import { Menu } from '../parts/menu.js';
import { Time } from '../parts/time.js';
import type { Neighbours } from './neighbours.js';

const FORMATS = ['comtrade', 'pqdif', 'pqds', 'csv', 'parquet', 'ndjson', 'wav'] as const;

export function EventHead({
  event,
  hasCursors,
  isPu,
  isZoomed,
  neighbours,
  onCursors,
  onUnit,
  onZoom,
}: {
  event: EventDetail;
  hasCursors: boolean;
  isPu: boolean;
  isZoomed: boolean;
  neighbours: Neighbours;
  onCursors: () => void;
  onUnit: () => void;
  onZoom: (key: string) => void;
}) {
  const { repeats, sentence, severity } = headline(event);
  const waiting = event.boxes_silent.length;
  const { all, received } = countBoxes(event);
  return (
    <>
      <div>
        <h1>{sentence}</h1>
        <div class="row">
          <SeverityBadge severity={severity} />
          <span>
            {text.event.title(event.event_id)} ·{' '}
            <Time ms={event.target_event_start_timestamp_ms} precision="millisecond" />
          </span>
          <span class="quiet">
            {text.events.boxesHere(received, all)}
            {waiting > 0 && !event.is_complete ? `, ${text.event.pending(waiting)}` : ''}
            {repeats ? ` · ${text.event.repeats}` : ''}
          </span>
        </div>
      </div>
      <div class="row">
        <button
          type="button"
          aria-label={text.event.previous}
          title={`${text.event.previous} (k)`}
          onClick={neighbours.previous}
        >
          ‹
        </button>
        <button
          type="button"
          aria-label={text.event.next}
          title={`${text.event.next} (j)`}
          onClick={neighbours.next}
        >
          ›
        </button>
        <button
          type="button"
          aria-label={text.event.zoomIn}
          title={`${text.event.zoomIn} (+)`}
          onClick={() => onZoom('+')}
        >
          +
        </button>
        <button
          type="button"
          aria-label={text.event.zoomOut}
          title={`${text.event.zoomOut} (−)`}
          onClick={() => onZoom('-')}
        >
          −
        </button>
        <button type="button" disabled={!isZoomed} onClick={() => onZoom('0')}>
          {text.event.all}
        </button>
        <button type="button" aria-pressed={hasCursors} title={text.event.cursorHelp} onClick={onCursors}>
          {text.event.cursors}
        </button>
        <button type="button" aria-pressed={isPu} onClick={onUnit}>
          {text.event.pu}
        </button>
        <div>
          <Exports event={event} />
        </div>
      </div>
    </>
  );
}

function Exports({ event }: { event: EventDetail }) {
  const formats = event.original === undefined ? FORMATS : [...FORMATS, 'original' as const];
  return (
    <Menu name="export" label={text.event.export} face={`${text.event.export} ▾`}>
      {(close) =>
        formats.map((format) => (
          <a
            class="button"
            key={format}
            download
            href={apiUrl(`/events/${event.event_id}/export`, { format })}
            onClick={() => close()}
          >
            {text.event.formats[format]}
          </a>
        ))
      }
    </Menu>
  );
}
