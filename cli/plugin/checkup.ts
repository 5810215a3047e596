/**
 * The recording that `makai plugin check` plays by itself: five minutes of twelve boxes of both generations with what plugins
 * stumble over. All voltages are about 120 V, 60 Hz, except where it says so.
 */
import { type MeasuredFrame, type ReplayRow, single } from '../../box/index.js';
import { frameOf } from './frames.js';

const SECONDS = 300;
/** The ends of the range of ids, and some between. */
const BOXES = [1, 2, 7, 77, 1000, 1001, 1002, 1003, 1004, 65_536, 4_000_000, 2_147_483_647];
const IDS = { noFrequency: 77, ahead: 1002, setBack: 1003, silent: 1004, dead: 1000 };

/** @param startMs Unix ms */
export function* checkup(startMs: number): Generator<MeasuredFrame> {
  for (let k = 0; k < SECONDS * 6; k++) {
    const s = k / 6;
    const arrivesMs = Math.round(startMs + 1000 * s);
    for (const [i, boxId] of BOXES.entries()) {
      const dialect = i % 2 === 0 ? 2 : 3;
      if (dialect === 3 && k % 6 !== 0) continue;
      if (boxId === IDS.silent && s >= 150 && s < 220) continue;
      const row = { ...valuesAt(s, boxId, k), boxId, timeMs: arrivesMs + clockOf(boxId, s) };
      if (dialect === 3 && s < 5) delete row.trans; // a Box 3 that was just switched on
      yield frameOf(row, dialect, arrivesMs);
    }
    if (k === 900) yield* flood(arrivesMs);
  }
}

/** More than one batch in a burst, as after a network outage: a late minute of one box. */
function* flood(arrivesMs: number): Generator<MeasuredFrame> {
  for (let k = 0; k < 1500; k++) {
    const timeMs = arrivesMs - 60_000 + 40 * k;
    yield frameOf({ boxId: IDS.silent, timeMs, ...normal(IDS.silent, k) }, 3, arrivesMs);
  }
}

function clockOf(boxId: number, s: number): number {
  if (boxId === IDS.ahead) return 60_000;
  if (boxId === IDS.setBack && s >= 100) return -600_000;
  return 0;
}

/** A noise that repeats, about -1 to 1. */
function wobble(a: number, b: number): number {
  return Math.sin(12.9898 * a + 78.233 * b);
}

function normal(boxId: number, k: number): Omit<ReplayRow, 'boxId' | 'timeMs'> {
  const rms = 120 + 0.3 * wobble(boxId % 1000, k);
  return {
    f: single(60 + 0.01 * wobble(1, k)),
    rms: { min: rms - 0.2, average: rms, max: rms + 0.2 },
    thd: single(0.02 + 0.002 * wobble(boxId % 1000, k + 1)),
    trans: single(1 + 0.3 * wobble(boxId % 1000, k + 2)),
  };
}

function valuesAt(s: number, boxId: number, k: number): Omit<ReplayRow, 'boxId' | 'timeMs'> {
  const values = normal(boxId, k);
  // 30 s: all boxes sag; the worst cycle is a single one's minimum
  if (s >= 30 && s < 31) values.rms = { min: 84, average: 101, max: 119 };
  // 60 s: some swell
  if (s >= 60 && s < 62 && boxId < 100) values.rms = single(133);
  // 80 s: the frequency falls and comes back
  if (s >= 80 && s < 90) values.f = single(60 - 0.7 * Math.sin((Math.PI * (s - 80)) / 10));
  // 98 to 102 s: a sag during which a clock is set back by ten minutes
  if (s >= 98 && s < 102 && boxId === IDS.setBack) values.rms = single(90);
  // 120 s: distortion and transients
  if (s >= 120 && s < 123) {
    values.thd = single(0.11);
    values.trans = single(14);
  }
  // from 149 s on: a sag before a box falls silent
  if (s >= 149 && boxId === IDS.silent && s < 150) values.rms = single(95);
  // 180 s: a dead input
  if (s >= 180 && s < 190 && boxId === IDS.dead) {
    values.f = single(Number.POSITIVE_INFINITY);
    values.rms = single(0);
    values.thd = single(Number.NaN);
  }
  // 200 to 270 s: an undervoltage longer than any box's memory
  if (s >= 200 && s < 270 && boxId === 1) values.rms = single(104);
  if (boxId === IDS.noFrequency) delete values.f;
  return values;
}
