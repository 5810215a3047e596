/** Events as rows. */
import type { Event as EventJson } from '../../../web-service/api/index.js';
import { countBoxes } from '../../logic/event-view.js';
import { duration, fixed, withUnit } from '../../logic/numbers.js';
import { text } from '../../logic/text.js';
import { linkTo } from '../state.js';
import { type Column, Table } from './table.js';
import { Time } from './time.js';

const keyOf = ({ event_id }: EventJson): string => String(event_id);
const hrefOf = ({ event_id }: EventJson): string => linkTo('events', String(event_id));

const COLUMNS: readonly Column<EventJson>[] = [
  {
    key: 'start',
    title: text.table.start,
    cell: (one) => <Time ms={one.target_event_start_timestamp_ms} />,
  },
  { key: 'id', title: text.table.event, isNumber: true, cell: ({ event_id }) => event_id },
  {
    key: 'type',
    title: text.event.type,
    cell: ({ type }) => (type === undefined ? '' : (text.eventType[type] ?? type)),
  },
  {
    key: 'magnitude',
    title: text.table.deviation,
    isNumber: true,
    phoneHidden: true,
    cell: ({ percent_magnitude }) =>
      percent_magnitude === undefined || percent_magnitude === 0
        ? ''
        : withUnit(fixed(percent_magnitude, 1), '%'),
  },
  {
    key: 'duration',
    title: text.table.duration,
    isNumber: true,
    cell: (one) => duration(one.target_event_end_timestamp_ms - one.target_event_start_timestamp_ms),
  },
  {
    key: 'waveforms',
    title: text.table.waveforms,
    isNumber: true,
    cell: (one) => {
      const { all, received } = countBoxes(one);
      return text.events.boxesOf(received, all);
    },
  },
  {
    key: 'description',
    title: text.table.description,
    phoneHidden: 'narrow',
    class: () => 'wide',
    cell: ({ description }) => <span class="quiet">{description}</span>,
  },
];

export function EventTable({ events }: { events: readonly EventJson[] }) {
  return (
    <Table label={text.events.tabEvents} columns={COLUMNS} rows={events} keyOf={keyOf} hrefOf={hrefOf} />
  );
}
