/** Marks of the time line: incidents of a location that would be drawn over each other share one. */
import type { Incident } from '../../web-service/api/index.js';
import { groupedLines, type IncidentLine, leading } from './incidents.js';

export interface Mark {
  location: string;
  /** px */
  x: number;
  /** the one that is drawn: most severe, then deepest */
  lead: Incident;
  /** what happened at different times, oldest first */
  lines: IncidentLine<Incident>[];
  /** incidents in all */
  count: number;
}

/** Nearer than this, px, marks would cover each other. */
const APART = 14;

/** @param x from a time to px */
export function marksOf(incidents: readonly Incident[], x: (ms: number) => number): Mark[] {
  const marks: Mark[] = [];
  for (const location of new Set(incidents.map((one) => one.location))) {
    const own = groupedLines(incidents.filter((one) => one.location === location)).reverse();
    let open: Mark | undefined;
    for (const line of own) {
      const place = x(line.startMs);
      if (open !== undefined && place - open.x < APART) {
        open.lines.push(line);
        open.count += line.incidents.length;
        open.lead = leading([open.lead, ...line.incidents]) ?? open.lead;
        continue;
      }
      const lead = leading(line.incidents);
      if (lead === undefined) continue;
      open = { location, x: place, lead, lines: [line], count: line.incidents.length };
      marks.push(open);
    }
  }
  return marks;
}
