/** Reports of the range: shown here in short, as a page or PDF in whole. */

import { useEffect, useState } from 'preact/hooks';
import type { Box, ReportJson } from '../../../web-service/api/index.js';
import { availabilityOf } from '../../logic/availability.js';
import { fixed, grouped, percent, withUnit } from '../../logic/numbers.js';
import type { Route } from '../../logic/route.js';
import { text } from '../../logic/text.js';
import { apiUrl, get, type Query } from '../api/client.js';
import { useLoad } from '../api/load.js';
import { Card } from '../parts/card.js';
import { SeverityBadge } from '../parts/marks.js';
import { Scroll } from '../parts/scroll.js';
import { Empty, Shown } from '../parts/states.js';
import { Time } from '../parts/time.js';
import { setParams, useRange } from '../state.js';

const MAX_REPORT_MS = 400 * 86_400_000;

type BoxReport = ReportJson['boxes'][number];
type Statement = BoxReport['en50160'][number]['items'][number];

export function Reports({ route }: { route: Route }) {
  const range = useRange(route);
  const box = route.params.get('box') ?? '';
  const location = route.params.get('location') ?? '';
  const [asked, setAsked] = useState<Query>();
  const [isMaking, setMaking] = useState(false);
  const boxes = useLoad('boxes', (signal) => get<{ items: Box[] }>('/boxes', {}, signal));
  const locations = [...new Set((boxes.data?.items ?? []).flatMap((one) => one.location ?? []))].filter(
    (one) => one !== '',
  );
  const query: Query = { from: Math.round(range.fromMs), to: Math.round(range.toMs), box, location };
  const isTooLong = range.toMs - range.fromMs > MAX_REPORT_MS;
  return (
    <>
      <h1 class="hidden-text">{text.reports.title}</h1>
      <Card title={text.reports.title} hint={text.reports.hint}>
        <form
          class="filters"
          onSubmit={(event) => {
            event.preventDefault();
            setAsked(query);
          }}
        >
          <label class="field">
            <span>{text.reports.box}</span>
            <select
              data-filter
              value={box}
              onChange={(event) => setParams({ box: event.currentTarget.value })}
            >
              <option value="">{text.events.any}</option>
              {(boxes.data?.items ?? []).map((one) => (
                <option key={one.box_id} value={one.box_id}>
                  {one.box_id} {one.name ?? ''}
                </option>
              ))}
            </select>
          </label>
          <label class="field">
            <span>{text.reports.location}</span>
            <select value={location} onChange={(event) => setParams({ location: event.currentTarget.value })}>
              <option value="">{text.events.any}</option>
              {locations.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          </label>
          <button type="submit" class="primary" disabled={isTooLong || isMaking}>
            {text.reports.make}
          </button>
          <a
            class="button"
            href={apiUrl('/report', { ...query, format: 'html' })}
            target="_blank"
            rel="noreferrer"
          >
            {text.reports.html}
          </a>
          <a
            class="button"
            href={apiUrl('/report', { ...query, format: 'pdf' })}
            target="_blank"
            rel="noreferrer"
          >
            {text.reports.pdf}
          </a>
          <a class="button" href={apiUrl('/report', { ...query, format: 'json' })} download>
            {text.reports.json}
          </a>
        </form>
        {isTooLong ? <p role="alert">{text.reports.tooLong}</p> : null}
      </Card>
      {asked === undefined || isTooLong ? null : <Made query={asked} onMaking={setMaking} />}
    </>
  );
}

function Made({ onMaking, query }: { query: Query; onMaking: (isMaking: boolean) => void }) {
  const report = useLoad(`report ${JSON.stringify(query)}`, (signal) =>
    get<ReportJson>('/report', query, signal),
  );
  const { isLoading } = report;
  useEffect(() => {
    onMaking(isLoading);
    return () => onMaking(false);
  }, [isLoading, onMaking]);
  return (
    <Shown loaded={report} lines={6} working={text.reports.making}>
      {(data) => (
        <>
          <div class="alert">
            <p>{data.sentence}</p>
          </div>
          {data.boxes.length === 0 ? (
            <Empty title={text.reports.noBoxes} />
          ) : (
            data.boxes.map((one) => <OneBox key={one.box_id} report={one} />)
          )}
        </>
      )}
    </Shown>
  );
}

function OneBox({ report }: { report: BoxReport }) {
  const { measured, share, windows } = availabilityOf(report.availability);
  const hint = `${text.reports.availability} ${percent(share)}, ${text.reports.windows(grouped(measured), grouped(windows))}`;
  return (
    <Card
      title={`${text.box.title(report.box_id)}${report.name === undefined ? '' : ` · ${report.name}`}`}
      hint={hint}
      flush
    >
      {report.en50160.map((week) => (
        <Statements key={`en ${week.start_ms}`} name="EN 50160" startMs={week.start_ms} items={week.items} />
      ))}
      {report.ieee519.map((part) => (
        <Statements
          key={`ieee ${part.start_ms}`}
          name="IEEE 519"
          startMs={part.start_ms}
          items={part.items}
        />
      ))}
    </Card>
  );
}

function Statements({
  items,
  name,
  startMs,
}: {
  items: readonly Statement[];
  name: string;
  startMs: number;
}) {
  return (
    <Scroll label={text.table.region(name)}>
      <table>
        <thead>
          <tr>
            <th scope="col">
              {name}, <Time ms={startMs} precision="minute" />
            </th>
            <th scope="col">{text.reports.rule}</th>
            <th scope="col" class="number">
              {text.reports.found}
            </th>
            <th scope="col">{text.reports.result}</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={`${item.quantity} ${item.rule}`}>
              <td>{item.quantity}</td>
              <td class="wide">
                {item.rule} <span class="quiet">{item.basis}</span>
              </td>
              <td class="number">
                {item.found === undefined ? '' : withUnit(fixed(item.found.value, 2), item.found.unit)}
              </td>
              <td>
                <SeverityBadge
                  severity={
                    item.verdict === 'kept' ? 'ok' : item.verdict === 'not kept' ? 'critical' : 'neutral'
                  }
                  label={text.reports.verdict[item.verdict] ?? item.verdict}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
