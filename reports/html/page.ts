/** A report as one HTML document: no script, nothing from the network, pictures inside. */
import { isVoltageEvent } from '../incidents.js';
import type { BoxReport, Report } from '../report.js';
import type { StatementItem, Verdict } from '../statement.js';
import { boxSection } from './box.js';
import { incidentSection } from './incidents.js';
import { STYLE } from './style.js';
import { table, verdict } from './tables.js';
import { escaped, fixed, minute, plural } from './text.js';

export function reportPage(report: Report): string {
  const span = { startMs: report.from_ms, endMs: report.to_ms };
  const title = `Power quality report, ${minute(span.startMs)} to ${minute(span.endMs)} UTC`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Makai ${escaped(report.makai_version)}">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Power quality report</h1>
<p class="meta">${minute(span.startMs)} to ${minute(span.endMs)} UTC · ${escaped(scopeOf(report))} · made ${minute(report.generated_ms)} UTC by Makai ${escaped(report.makai_version)}</p>
<p class="lead">${escaped(sentenceOf(report))}</p>
</header>
<section><h2>Summary</h2>
${summaryTable(report)}
</section>
${incidentSection(report)}
${report.boxes.map((box) => boxSection(box, span)).join('\n')}
${NOTES}
</body>
</html>
`;
}

function scopeOf({ box_id, boxes, location }: Report): string {
  if (box_id !== undefined) return `box ${box_id}`;
  const count = plural(boxes.length, 'box', 'boxes');
  return location === undefined ? count : `location ${location}, ${count}`;
}

/** The worst verdict of all weeks; undefined without any. */
export function worstVerdict(items: readonly StatementItem[]): Verdict {
  if (items.some((item) => item.verdict === 'not kept')) return 'not kept';
  return items.some((item) => item.verdict === 'kept') ? 'kept' : 'not measured';
}

const itemsOf = ({ en50160 }: BoxReport): StatementItem[] => en50160.flatMap(({ items }) => items);
const items519 = ({ ieee519 }: BoxReport): StatementItem[] => ieee519.flatMap(({ items }) => items);

/** What a reader wants to know first. */
export function sentenceOf(report: Report): string {
  const { boxes, incidents } = report;
  if (boxes.length === 0) return 'There is no box in the store, so there is nothing to report.';
  if (boxes.every(({ windows }) => windows.length === 0) && incidents.length === 0) {
    return `Nothing is stored for this time: no ten-minute value and no incident. Measurements become ten-minute values only while the analysis service runs.${spansOf(report)}`;
  }
  const failing = boxes.filter((box) => worstVerdict(itemsOf(box)) === 'not kept');
  const silent = boxes.filter((box) => worstVerdict(itemsOf(box)) === 'not measured');
  const judged = boxes.length - silent.length;
  const names = (list: readonly BoxReport[]): string => list.map(({ box_id }) => box_id).join(', ');
  const en =
    judged === 0
      ? 'No value is judged by EN 50160'
      : failing.length === 0
        ? `EN 50160, as far as measured, was kept at ${judged === boxes.length && judged === 1 ? 'the box' : plural(judged, 'box', 'boxes')}`
        : `EN 50160 was not kept at ${plural(failing.length, 'box', 'boxes')} of ${judged} (${names(failing)})`;
  const rest = silent.length === 0 ? '' : `; nothing was measured at ${names(silent)}`;
  const events = incidents.filter(isVoltageEvent);
  const share = events.length === incidents.length ? 'all of them' : `${events.length} of them`;
  const found =
    incidents.length === 0
      ? 'No incident is stored.'
      : `${plural(incidents.length, 'incident')}, ${share} sags, swells or interruptions.`;
  return `${en}${rest}. ${found}${spansOf(report)}`;
}

/** Which time is judged and of which incidents are listed, where these are not the same. */
function spansOf({ from_ms, incidents_from_ms, incidents_to_ms, to_ms }: Report): string {
  if (from_ms === incidents_from_ms && to_ms === incidents_to_ms) return '';
  const judged =
    from_ms === to_ms
      ? 'The time has no whole ten minutes, so no value is judged'
      : `Values are judged in whole ten minutes, from ${minute(from_ms)} to ${minute(to_ms)}`;
  return ` ${judged}; incidents are listed from ${minute(incidents_from_ms)} to ${minute(incidents_to_ms)} (UTC).`;
}

function summaryTable({ boxes, incidents }: Report): string {
  const count = (box: BoxReport, name: string): string =>
    String(
      incidents.filter(
        ({ box_id, classifications }) => box_id === box.box_id && classifications.includes(name),
      ).length,
    );
  const of = (box: BoxReport, quantity: StatementItem['quantity']): string =>
    verdict(worstVerdict(itemsOf(box).filter((item) => item.quantity === quantity)));
  const n = (title: string, cell: (box: BoxReport) => string) => ({ title, cell, kind: 'n' as const });
  return table<BoxReport>(
    [
      { title: 'Box', cell: ({ box_id }) => `<a href="#box-${escaped(box_id)}">${escaped(box_id)}</a>` },
      { title: 'Location', cell: ({ location }) => escaped(location) },
      n('Measured', ({ availability }) => `${fixed(100 * availability.measured, 1)} %`),
      { title: 'Voltage (EN 50160)', cell: (box) => of(box, 'voltage') },
      { title: 'Frequency (EN 50160)', cell: (box) => of(box, 'frequency') },
      { title: 'THD (EN 50160)', cell: (box) => of(box, 'THD') },
      { title: 'THD (IEEE 519)', cell: (box) => verdict(worstVerdict(items519(box))) },
      n('Sags', (box) => count(box, 'VOLTAGE_SAG')),
      n('Swells', (box) => count(box, 'VOLTAGE_SWELL')),
      n('Interruptions', (box) => count(box, 'VOLTAGE_INTERRUPTION')),
      n('Outages', ({ availability }) => String(availability.outages)),
    ],
    boxes,
  );
}

const NOTES = `<section><h2>How this was measured</h2>
<p class="note">Ten-minute values come from the stored measurements of a box, in windows aligned to UTC: voltage as root mean square of its RMS values, frequency as the mean of ten aligned seconds, THD as root
mean square over 3 s and over ten minutes. A box sends a few values a second and not every cycle, and its clock is that of its network: these are values for supervision, not class A of IEC 61000-4-30.</p>
<p class="note">A ten-minute value is flagged (IEC 61000-4-30, 4.7) when a sag, swell or interruption falls into it, and left out when less than half of its time was measured. Both are counted above. What a box does not measure is
named as not measured; it is not a statement that a rule was kept.</p>
</section>`;
