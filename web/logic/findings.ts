/** Findings of a box as spans of time, from the entries that say when one began and when it ended. */
import type { FindingEntry } from '../../web-service/api/index.js';

export interface FindingSpan {
  key: string;
  /** undefined: another program wrote it */
  code: string | undefined;
  /** undefined: before the entries that were read */
  fromMs: number | undefined;
  /** undefined: it goes on, or its end is not known */
  toMs: number | undefined;
  goesOn: boolean;
  info: string;
}

/**
 * @param entries newest first
 * @param now codes that the box has now. One that began, did not end and is not among them was lost sight of: the daemon was restarted
 */
export function spansOf(entries: readonly FindingEntry[], now: readonly string[]): FindingSpan[] {
  const ended = new Map<string, FindingSpan>();
  const begun = new Set<string>();
  const spans: FindingSpan[] = [];
  for (const { began, code, info, timestamp_ms: ms } of entries) {
    const open = code === undefined ? undefined : ended.get(code);
    if (began && open !== undefined && code !== undefined) {
      Object.assign(open, { fromMs: ms, info: withoutCode(info, code) });
      ended.delete(code);
      begun.add(code);
      continue;
    }
    const span: FindingSpan = {
      key: `${ms} ${began} ${info}`,
      code,
      fromMs: began ? ms : undefined,
      toMs: began ? undefined : ms,
      goesOn: began && code !== undefined && now.includes(code) && !begun.has(code),
      info: withoutCode(info, code),
    };
    spans.push(span);
    if (code === undefined) continue;
    begun.add(code);
    if (!began) ended.set(code, span);
  }
  return spans;
}

function withoutCode(info: string, code: string | undefined): string {
  return code !== undefined && info.startsWith(`${code}: `) ? info.slice(code.length + 2) : info;
}

/** `CLOCK_OFFSET` → `clock offset` */
export const findingName = (code: string): string => code.toLowerCase().replaceAll('_', ' ');
