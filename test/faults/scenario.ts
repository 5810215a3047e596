/** The usual course of a case: start the line and the load, do something to it, see what is left. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from './case.js';
import { Ledger } from './ledger.js';
import { FaultLine, type LineOptions } from './line.js';

/** More than the oldest cycle that a request asks for. */
const BUFFERED_MS = 4000;

export interface Course extends LineOptions {
  /** as in Ledger.settle */
  all?: boolean;
  waveforms?: boolean;
  fault(line: FaultLine, ledger: Ledger): Promise<string[]>;
}

/** @returns undefined where there is no MongoDB */
export async function course({
  all = false,
  fault,
  waveforms = true,
  ...options
}: Course): Promise<Outcome | undefined> {
  const line = await FaultLine.start(options);
  if (line === undefined) return undefined;
  const ledger = new Ledger(line);
  const wrong: string[] = [];
  let keep = true;
  try {
    // Boxes have nothing to answer with at first.
    if (line.fleet !== undefined) await sleep(BUFFERED_MS);
    ledger.start();
    await ledger.moreMeasurements(20);
    await ledger.moreEvents(5);
    const notes = await fault(line, ledger);
    await ledger.moreEvents(5);
    await ledger.moreMeasurements(20);
    const rows = await ledger.settle({ all, waveforms });
    wrong.push(...line.deaths(), ...errorsIn(line.logs()));
    keep = wrong.length > 0 || rows.some((row) => row.lost > 0 || row.doubled > 0);
    if (keep) notes.push(`left to look at: ${line.workspace.directory}`);
    return { rows, wrong, notes };
  } finally {
    await line.stop({ keep });
  }
}

/** Lines that say that the code itself failed: no fault from outside explains these. */
function errorsIn(logs: string): string[] {
  return logs
    .split('\n')
    .filter((line) => /"level":60|unhandled|TypeError|ReferenceError|RangeError/.test(line))
    .slice(0, 5);
}
