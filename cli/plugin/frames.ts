/** The measurements of a recording, as they would come in. */
import { framesOf, type MeasuredFrame, type ReplayRow } from '../../box/index.js';

/** A row as the frame that the daemon would receive. */
export function frameOf(row: ReplayRow, dialect: 2 | 3, arrivesMs = row.timeMs): MeasuredFrame {
  const frame = framesOf(row, dialect)[1];
  if (!(frame instanceof Uint8Array)) throw new TypeError('a measurement without its frame');
  return { timeMs: arrivesMs, frame };
}

/** Frames of all streams in order of time; frames of the same time in the order of their streams. */
export function* merge(streams: readonly Iterable<MeasuredFrame>[]): Generator<MeasuredFrame> {
  const heads = streams.flatMap((stream) => {
    const rest = stream[Symbol.iterator]();
    const first = rest.next();
    return first.done ? [] : [{ rest, next: first.value }];
  });
  while (heads.length > 0) {
    let at = 0;
    heads.forEach((head, i) => {
      if (head.next.timeMs < (heads[at]?.next.timeMs ?? 0)) at = i;
    });
    const head = heads[at];
    if (head === undefined) return;
    yield head.next;
    const following = head.rest.next();
    if (following.done) heads.splice(at, 1);
    else head.next = following.value;
  }
}
