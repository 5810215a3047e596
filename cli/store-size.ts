/** What `makai store size` does. */
import { jsonLine, write } from '../common/stdout.js';
import { type SizePart, type SizeQuestion, sizeAfter, sizeParts } from '../store/size.js';
import { sizeText, table } from './output.js';

export interface SizeChoice {
  boxes: number;
  events: number;
  boxesPerEvent?: number;
  seconds: number;
  measurementDays: number;
  eventDays?: number;
  json?: true;
}

const SPANS = [
  ['after a day', 1],
  ['after a year', 365],
  ['after ten years', 3650],
] as const;

export async function printSize(options: SizeChoice): Promise<void> {
  const question: SizeQuestion = {
    ...options,
    boxesPerEvent: options.boxesPerEvent ?? options.boxes,
    eventDays: options.eventDays,
  };
  const parts = sizeParts(question);
  if (options.json) {
    const totals = SPANS.map(([, days]) => ({ days, bytes: Math.round(sizeAfter(parts, days)) }));
    return await write(jsonLine({ parts, totals }));
  }
  const rows = [...parts.map((part) => [part]), parts];
  await write(
    table(
      [
        { title: 'kind', value: (row) => (row.length === 1 ? (row[0]?.what ?? '') : 'in all') },
        { title: 'kept', value: keptFor },
        ...SPANS.map(([title, days]) => ({
          title,
          value: (row: readonly SizePart[]) => sizeText(sizeAfter(row, days)),
          right: true,
        })),
      ],
      rows,
    ),
  );
}

function keptFor(row: readonly SizePart[]): string {
  if (row.length !== 1) return '';
  const days = row[0]?.days;
  return days === undefined ? 'for good' : `${days} days`;
}
