/** A point in time in the viewer's zone; UTC in its title. */
import { dateTime, iso } from '../../logic/time.js';
import { useChoices } from '../state.js';

export function Time({
  ms,
  precision = 'second',
}: {
  ms: number;
  precision?: 'minute' | 'second' | 'millisecond';
}) {
  const { zone } = useChoices();
  return (
    <time class="nowrap" dateTime={iso(ms)} title={iso(ms)}>
      {dateTime(ms, zone, precision)}
    </time>
  );
}
