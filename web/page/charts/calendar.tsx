/** Incidents per day, by month; a day opens the list of it. */
import type { Incident } from '../../../web-service/api/index.js';
import { monthsOf } from '../../logic/calendar.js';
import { type Severity, severityOf, worstSeverity } from '../../logic/incidents.js';
import { formatRoute } from '../../logic/route.js';
import { text } from '../../logic/text.js';
import { date, dayStart, nextDay } from '../../logic/time.js';
import { useChoices } from '../state.js';

/** Months drawn: a year and a bit. */
const MAX_MONTHS = 14;

export function Calendar({
  incidents,
  fromMs,
  toMs,
}: {
  incidents: readonly Incident[];
  fromMs: number;
  toMs: number;
}) {
  const { zone } = useChoices();
  const byDay = new Map<number, Incident[]>();
  for (const one of incidents) {
    const day = dayStart(one.start_timestamp_ms, zone);
    byDay.set(day, [...(byDay.get(day) ?? []), one]);
  }
  return (
    <div class="calendar">
      {monthsOf(fromMs, toMs, zone)
        .slice(-MAX_MONTHS)
        .map(({ name, weeks }) => (
          <table key={name}>
            <caption>{name}</caption>
            <thead>
              <tr>
                {text.charts.days.map((day) => (
                  <th key={day} scope="col">
                    {day}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {weeks.map((week) => (
                <tr key={week.find((day) => day !== undefined)}>
                  {week.map((day, i) => (
                    <Day
                      key={day ?? i}
                      day={day}
                      incidents={day === undefined ? [] : (byDay.get(day) ?? [])}
                    />
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        ))}
    </div>
  );
}

function Day({ day, incidents }: { day: number | undefined; incidents: readonly Incident[] }) {
  const { zone } = useChoices();
  if (day === undefined) return <td />;
  const number = Number(date(day, zone).slice(8));
  if (incidents.length === 0) return <td class="quiet">{number}</td>;
  const severity: Severity = worstSeverity(incidents);
  const href = formatRoute('events', undefined, [
    ['from', String(day)],
    ['to', String(nextDay(day, zone))],
  ]);
  const critical = incidents.some((one) => severityOf(one) === 'critical');
  return (
    <td class={`day day-${severity}`}>
      <a href={href}>
        <span class="quiet">{number}</span>
        <b>
          {incidents.length}
          {critical ? '!' : ''}
        </b>
        <span class="hidden-text">{text.charts.perDay(date(day, zone), incidents.length)}</span>
      </a>
    </td>
  );
}
