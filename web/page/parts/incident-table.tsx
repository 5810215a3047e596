/** Incidents as rows; a group of several boxes is one row. */
import type { Incident } from '../../../web-service/api/index.js';
import {
  durationSeconds,
  groupedLines,
  type IncidentLine,
  kindOf,
  leading,
  ownClass,
  severityOf,
} from '../../logic/incidents.js';
import { duration, fixed, perUnit, withUnit } from '../../logic/numbers.js';
import { className, text } from '../../logic/text.js';
import { linkTo } from '../state.js';
import { KindMark, SeverityBadge } from './marks.js';
import { type Column, Table } from './table.js';
import { Time } from './time.js';

type Line = IncidentLine<Incident>;
const UNIT: Record<string, [string, number]> = {
  VOLTAGE: ['V', 1],
  FREQUENCY: ['Hz', 3],
  THD: ['%', 1],
  TRANSIENT: ['V', 1],
};

/** Voltage per unit where there is one, else the deviation. */
export function magnitudeText(incident: Incident): string {
  const { deviation_from_nominal: deviation, figures, measurement_type: type } = incident;
  if (figures.magnitude_pu !== undefined) return perUnit(figures.magnitude_pu);
  const unit = UNIT[type];
  return unit === undefined ? '' : withUnit(fixed(deviation, unit[1]), unit[0]);
}

export function durationText(incident: Incident): string {
  if (incident.end_timestamp_ms < incident.start_timestamp_ms) return text.events.goesOn;
  const seconds = durationSeconds(incident);
  return duration(seconds === undefined ? undefined : seconds * 1000);
}

/** Its classes in words, the plugin's own where the list has none. */
export function classesText(incident: Incident): string {
  const own = ownClass(incident);
  const names = incident.classifications
    .filter((name) => name !== 'UNDEFINED' || own === undefined)
    .map(className);
  if (own !== undefined) names.push(className(own));
  return names.join(', ');
}

const lead = (line: Line): Incident | undefined => leading(line.incidents);
const keyOf = (line: Line): string => line.key;

export function hrefOfIncident(incident: Incident): string {
  return incident.event_id < 0
    ? linkTo('boxes', incident.box_id)
    : linkTo('events', String(incident.event_id));
}

const hrefOf = (line: Line): string | undefined => {
  const one = lead(line);
  return one === undefined ? undefined : hrefOfIncident(one);
};

const COLUMNS: readonly Column<Line>[] = [
  { key: 'start', title: text.table.start, cell: (line) => <Time ms={line.startMs} /> },
  { key: 'what', title: text.table.what, class: () => 'wide', cell: (line) => <What line={line} /> },
  {
    key: 'magnitude',
    title: text.table.magnitude,
    isNumber: true,
    cell: (line) => withLead(line, magnitudeText),
  },
  {
    key: 'duration',
    title: text.table.duration,
    isNumber: true,
    cell: (line) => withLead(line, durationText),
  },
  {
    key: 'boxes',
    title: text.table.boxes,
    phoneHidden: true,
    cell: ({ incidents }) => {
      const ids = [...new Set(incidents.map((one) => one.box_id))];
      return ids.length > 3
        ? `${ids.slice(0, 3).join(', ')} ${text.overview.moreOf(ids.length - 3)}`
        : ids.join(', ');
    },
  },
  {
    key: 'location',
    title: text.table.location,
    phoneHidden: 'narrow',
    cell: ({ incidents }) =>
      [...new Set(incidents.map((one) => (one.location === 'UNKNOWN' ? '' : one.location)))].join(', '),
  },
  {
    key: 'severity',
    title: text.table.severity,
    phoneHidden: true,
    cell: (line) => {
      const one = lead(line);
      return one === undefined ? null : <SeverityBadge severity={severityOf(one)} />;
    },
  },
];

function withLead(line: Line, textOf: (incident: Incident) => string): string {
  const one = lead(line);
  return one === undefined ? '' : textOf(one);
}

function What({ line }: { line: Line }) {
  const one = lead(line);
  if (one === undefined) return null;
  const remarks = line.incidents.reduce((sum, { annotations }) => sum + annotations.length, 0);
  return (
    <>
      <KindMark kind={kindOf(one)} /> {classesText(one)}
      {remarks > 0 ? <span class="quiet"> · {text.events.annotated(remarks)}</span> : null}
    </>
  );
}

function alone(incident: Incident): Line {
  return {
    key: `i${incident.incident_id}`,
    incidents: [incident],
    startMs: incident.start_timestamp_ms,
    sentence: undefined,
  };
}

export function IncidentTable({
  incidents,
  isGrouped = true,
  label,
  onKeys,
}: {
  incidents: readonly Incident[];
  /** false: a row each */
  isGrouped?: boolean;
  label: string;
  onKeys?: boolean;
}) {
  return (
    <Table
      label={label}
      columns={COLUMNS}
      rows={isGrouped ? groupedLines(incidents) : incidents.map(alone)}
      keyOf={keyOf}
      hrefOf={hrefOf}
      {...(onKeys === undefined ? {} : { onKeys })}
    />
  );
}
