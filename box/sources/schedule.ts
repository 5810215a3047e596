/** When the events of a scenario occur, including repetitions; and timing mistakes that involve several settings. */
import { pathText } from '../../config/findings.js';
import type { Scenario, ScenarioEvent } from './scenario.js';
import { CYCLES_PER_SECOND } from './source.js';

/** One occurrence of an event. */
export interface Occurrence {
  event: ScenarioEvent;
  /** s from the start of the loop */
  startS: number;
  endS: number;
}

/** Duration of an event in seconds, edges included. A transient ends when it has fallen to a thousandth. */
export function lengthOf(event: ScenarioEvent): number {
  if (event.type === 'frequency_ramp') return 2 * event.ramp_s + event.hold_s;
  if (event.type === 'transient') return (event.decay_ms / 1000) * Math.log(1000);
  return event.duration_s;
}

/** Every occurrence of every event that the box at `position` (from 1 on) sees, in order of time. */
export function scheduleOf(scenario: Scenario, position: number): Occurrence[] {
  const occurrences: Occurrence[] = [];
  for (const event of scenario.events) {
    if (event.boxes !== undefined && !event.boxes.includes(position)) continue;
    const length = lengthOf(event);
    const step = event.every_s ?? Number.POSITIVE_INFINITY;
    for (let startS = event.at_s; startS + length <= scenario.duration_s; startS += step) {
      occurrences.push({ event, startS, endS: startS + length });
    }
  }
  return occurrences.sort((a, b) => a.startS - b.startS);
}

/** Works on the raw value, whatever its shape, so that these mistakes are reported together with all others. */
export function timingMistakes(value: unknown): string[] {
  const duration = numberAt(value, 'duration_s');
  if (duration === undefined) return [];
  const mistakes: string[] = [];
  const cycles = duration * CYCLES_PER_SECOND;
  if (Math.abs(cycles - Math.round(cycles)) > 1e-6) {
    mistakes.push(`duration_s: expected a multiple of 1/60 s, found ${duration}`);
  }
  const events = typeof value === 'object' && value !== null ? Reflect.get(value, 'events') : undefined;
  for (const [index, event] of (Array.isArray(events) ? events : []).entries()) {
    const at = numberAt(event, 'at_s');
    const length =
      numberAt(event, 'duration_s') ??
      (numberAt(event, 'ramp_s') ?? 0) * 2 + (numberAt(event, 'hold_s') ?? 0);
    const every = numberAt(event, 'every_s');
    const place = pathText(['events', index]);
    if (at !== undefined && at + length > duration) {
      mistakes.push(`${place}: ends at ${at + length} s, after the loop of ${duration} s`);
    }
    if (every !== undefined && every < length) {
      mistakes.push(`${place}.every_s: expected at least the event's own ${length} s, found ${every}`);
    }
    const edge = numberAt(event, 'edge_s');
    if (edge !== undefined && 2 * edge > length) {
      mistakes.push(`${place}.edge_s: expected at most half of duration_s, found ${edge}`);
    }
  }
  return mistakes;
}

function numberAt(value: unknown, name: string): number | undefined {
  const field: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return typeof field === 'number' && Number.isFinite(field) ? field : undefined;
}
