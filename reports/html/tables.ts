/** Tables of a report. Cells are HTML: whoever makes them escapes. */
import type { StatementItem, Verdict } from '../statement.js';
import { escaped, fixed } from './text.js';

export interface Column<Row> {
  title: string;
  cell(row: Row): string;
  /** align to the right, for numbers; `t`: a time, not broken into lines */
  kind?: 'n' | 't';
}

export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], caption = ''): string {
  const attribute = (kind: Column<Row>['kind']): string => (kind === undefined ? '' : ` class="${kind}"`);
  const head = columns.map(({ kind, title }) => `<th${attribute(kind)}>${escaped(title)}</th>`).join('');
  const body = rows
    .map(
      (row) =>
        `<tr>${columns.map(({ cell, kind }) => `<td${attribute(kind)}>${cell(row)}</td>`).join('')}</tr>`,
    )
    .join('\n');
  const title = caption === '' ? '' : `<caption>${escaped(caption)}</caption>`;
  return `<div class="wide"><table>${title}<thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

/** Numbers behind a chart, closed at first. */
export function details(summary: string, content: string): string {
  return `<details><summary>${escaped(summary)}</summary>${content}</details>`;
}

const SIGNS: Record<Verdict, string> = { kept: '✓', 'not kept': '✗', 'not measured': '–' };

/** A verdict with sign, word and colour. */
export function verdict(value: Verdict): string {
  return `<span class="${value.replace(' ', '-')}">${SIGNS[value]} ${value}</span>`;
}

export function statementTable(items: readonly StatementItem[], caption: string): string {
  const hasRange = items.some(({ lowest }) => lowest !== undefined);
  return table<StatementItem>(
    [
      { title: 'Quantity', cell: ({ quantity }) => quantity },
      { title: 'Rule', cell: ({ rule }) => escaped(rule) },
      { title: 'Verdict', cell: (item) => verdict(item.verdict) },
      { title: 'Found', cell: found, kind: 'n' },
      ...(hasRange ? [{ title: 'Lowest to highest', cell: range, kind: 'n' as const }] : []),
      { title: 'Judged', cell: ({ basis }) => escaped(basis) },
    ],
    items,
    caption,
  );
}

function found({ found: figure }: StatementItem): string {
  if (figure === undefined) return '';
  const unit = figure.unit.startsWith('%') ? ' %' : ` ${figure.unit}`;
  return `${fixed(figure.value, figure.value === 100 ? 0 : 2)}${unit}`;
}

const UNITS: Record<StatementItem['quantity'], { unit: string; factor: number; decimals: number }> = {
  voltage: { unit: 'V', factor: 1, decimals: 1 },
  frequency: { unit: 'Hz', factor: 1, decimals: 3 },
  THD: { unit: '%', factor: 100, decimals: 1 },
  flicker: { unit: '', factor: 1, decimals: 2 },
  unbalance: { unit: '%', factor: 1, decimals: 1 },
};

function range({ highest, lowest, quantity }: StatementItem): string {
  if (lowest === undefined || highest === undefined) return '';
  const { decimals, factor, unit } = UNITS[quantity];
  return `${fixed(factor * lowest, decimals)} … ${fixed(factor * highest, decimals)} ${unit}`;
}
