/** A voltage of a file, as pieces to resample. */
import { secondsOf, type TimeBase, type Voltage } from '../../formats/index.js';
import type { Piece } from './resample.js';

/** Sections whose rates differ by at most this belong to one piece: the recorder followed the line frequency. */
const SAME_RATE = 0.05;

export function piecesOf({ values, time }: Pick<Voltage, 'values' | 'time'>): Piece[] {
  if (time.kind === 'stamps') return [{ samples: values, times: time.seconds }];
  return groupsOf(time).map(({ from, to, times }) => ({ samples: values.subarray(from, to), times }));
}

function groupsOf({ sections }: Extract<TimeBase, { kind: 'rates' }>) {
  const groups: { from: number; to: number; times: Float64Array }[] = [];
  let at = 0;
  for (let i = 0; i < sections.length; ) {
    let next = i + 1;
    while (next < sections.length && isNear(sections[next]?.rateHz, sections[next - 1]?.rateHz)) next += 1;
    const group = sections.slice(i, next);
    const count = group.reduce((sum, section) => sum + section.count, 0);
    const times = secondsOf({ kind: 'rates', startS: 0, sections: group });
    groups.push({ from: at, to: at + count, times });
    at += count;
    i = next;
  }
  return groups;
}

function isNear(rate = 0, other = 0): boolean {
  return Math.abs(rate / other - 1) <= SAME_RATE;
}
