/** What an event of this plugin says of its excursion. */
import type { EventRequest } from '../sdk/plugin.js';
import type { Slice } from './excursion.js';
import type { Limits } from './limits.js';

/** Parts of the reference at which a long deviation is an undervoltage, an overvoltage, an interruption (IEEE 1159-2019, table 4-2). */
const UNDER = 0.9;
const OVER = 1.1;
const INTERRUPTED = 0.1;

/** @param longMs a voltage that has deviated this long is no sag or swell any more */
export function toRequest(boxId: number, slice: Slice, limits: Limits, longMs: number): EventRequest {
  const { type: triggerType, startMs, endMs, sinceMs } = slice;
  const [what, percentMagnitude] = describe(slice, limits, longMs);
  const description = `threshold: ${what} on box ${boxId}`;
  return {
    ...{ startMs, endMs, boxIds: [boxId], triggerType, percentMagnitude, description },
    ...{ requestData: true, familyStartMs: sinceMs },
  };
}

/** Text and largest deviation from the reference in percent of it; for THD its own value in percent (the reference is 0). */
function describe(slice: Slice, l: Limits, longMs: number): [string, number] {
  const { extreme, lastedMs, mean, type } = slice;
  const lasted = lastedMs >= longMs ? ` for ${durationText(lastedMs)}` : '';
  switch (type) {
    case 'VOLTAGE_SAG':
    case 'VOLTAGE_SWELL': {
      const magnitude = (100 * Math.abs(extreme - l.refV)) / l.refV;
      if (lasted === '')
        return [`${shortName(type, extreme / l.refV)} to ${extreme.toFixed(2)} V`, magnitude];
      return [`${longName(mean / l.refV)}, ${mean.toFixed(2)} V on average${lasted},`, magnitude];
    }
    case 'FREQUENCY_SAG':
    case 'FREQUENCY_SWELL':
      return [
        `${type === 'FREQUENCY_SAG' ? 'underfrequency to' : 'overfrequency to'} ${extreme.toFixed(3)} Hz${lasted}`,
        (100 * Math.abs(extreme - l.refF)) / l.refF,
      ];
    case 'OTHER':
      return [`THD of ${(100 * extreme).toFixed(2)} %${lasted}`, 100 * extreme];
  }
}

function shortName(type: 'VOLTAGE_SAG' | 'VOLTAGE_SWELL', pu: number): string {
  if (pu < INTERRUPTED) return 'interruption';
  return type === 'VOLTAGE_SAG' ? 'voltage sag' : 'voltage swell';
}

/** What a voltage that has stood there for longer than a minute is called. */
export function longName(pu: number): string {
  if (pu < INTERRUPTED) return 'interruption';
  if (pu < UNDER) return 'undervoltage';
  return pu > OVER ? 'overvoltage' : 'voltage deviation';
}

/** `75 s`, `10 min`, `3.5 h` */
export function durationText(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}
