/** Which incidents a command prints or exports: the options that it has in common with the others. */
import type { Command } from 'commander';
import type { IncidentDocument, IncidentQuery } from '../store/store.js';
import { parseCount, parseTime } from './range.js';

export interface IncidentChoice {
  from?: string;
  to?: string;
  box?: string;
  class?: string;
  location?: string;
  event?: string;
}

/** Adds `--box`, `--class`, `--location` and `--event`. */
export function withIncidentChoice(command: Command): Command {
  return command
    .option('--box <id>', 'only of this box')
    .option('--class <class>', 'only with this class, e.g. VOLTAGE_SAG')
    .option('--location <slug>', 'only at this location')
    .option('--event <id>', 'only of this event');
}

/** What the store looks for. @throws UsageError */
export function incidentQuery({ box, class: name, event, from, to }: IncidentChoice): IncidentQuery {
  return {
    ...(event === undefined ? {} : { eventId: parseCount('--event', event) }),
    ...(name === undefined ? {} : { classification: name.toUpperCase() }),
    ...(from === undefined ? {} : { fromMs: parseTime('--from', from) }),
    ...(to === undefined ? {} : { toMs: parseTime('--to', to) }),
    ...(box === undefined ? {} : { boxId: box }),
  };
}

/** What is chosen among the incidents that the store finds. @throws UsageError */
export function incidentFilter({
  class: name,
  event,
  location,
}: IncidentChoice): (incident: IncidentDocument) => boolean {
  const eventId = event === undefined ? undefined : parseCount('--event', event);
  const wanted = name?.toUpperCase();
  return (incident) =>
    (wanted === undefined || incident.classifications.includes(wanted)) &&
    (location === undefined || incident.location === location) &&
    (eventId === undefined || incident.event_id === eventId);
}
