/** The event as it was requested, and what the analysis could not evaluate. */
import type { EventDetail } from '../../../web-service/api/index.js';
import { countBoxes } from '../../logic/event-view.js';
import { duration } from '../../logic/numbers.js';
import { text } from '../../logic/text.js';
import { Card } from '../parts/card.js';
import { Time } from '../parts/time.js';

export function EventFacts({ event }: { event: EventDetail }) {
  const { target_event_end_timestamp_ms: endMs, target_event_start_timestamp_ms: startMs } = event;
  const { all, received } = countBoxes(event);
  const remarks = event.box_events.flatMap((one) => one.remarks.map((line) => `${one.box_id}: ${line}`));
  return (
    <Card title={text.event.facts}>
      <dl class="facts">
        <dt>{text.event.requestedWindow}</dt>
        <dd>
          <Time ms={startMs} precision="millisecond" />, {duration(endMs - startMs)}
        </dd>
        <dt>{text.event.type}</dt>
        <dd>{event.type === undefined ? '–' : (text.eventType[event.type] ?? event.type)}</dd>
        <dt>{text.event.description}</dt>
        <dd>{event.description}</dd>
        <dt>{text.event.received}</dt>
        <dd>
          {text.events.boxesOf(received, all)}
          {event.is_complete ? `, ${text.event.complete}` : ''}
        </dd>
        {remarks.length === 0 ? null : (
          <>
            <dt>{text.event.remarks}</dt>
            <dd>
              {remarks.map((line) => (
                <p key={line}>{line}</p>
              ))}
            </dd>
          </>
        )}
      </dl>
    </Card>
  );
}
