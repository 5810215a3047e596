/** What a case of the fault suite is, and how its outcome is shown and judged. */
import type { Row } from './ledger.js';
import type { StoreKind } from './line.js';

export interface Outcome {
  rows: Row[];
  /** what else must not be */
  wrong: string[];
  /** said beside the figures */
  notes: string[];
}

export interface FaultCase {
  name: string;
  stores: readonly StoreKind[];
  /** why it cannot run here; undefined when it can */
  missing?(): string | undefined;
  run(store: StoreKind): Promise<Outcome | undefined>;
}

/** @returns lines to print, and whether the case passed */
export function judged({ notes, rows, wrong }: Outcome): { lines: string[]; passed: boolean } {
  const lines = rows.map(
    ({ accepted, doubled, kind, lost, sent, stored }) =>
      `  ${kind.padEnd(13)} sent ${pad(sent)}  accepted ${pad(accepted)}  stored ${pad(stored)}  lost ${pad(lost)}  doubled ${pad(doubled)}`,
  );
  for (const { kind, missing = [], repeated = [] } of rows) {
    if (missing.length > 0) lines.push(`  lost ${kind}: ${missing.join(', ')}`);
    if (repeated.length > 0) lines.push(`  doubled ${kind}: ${repeated.join(', ')}`);
  }
  for (const { accepted, kind } of rows) if (accepted === 0) wrong.push(`no ${kind} were accepted`);
  lines.push(...notes.map((note) => `  ${note}`), ...wrong.map((line) => `  WRONG: ${line}`));
  const clean = rows.every((row) => row.lost === 0 && row.doubled === 0);
  return { lines, passed: clean && wrong.length === 0 };
}

function pad(value: number): string {
  return String(value).padStart(6);
}
