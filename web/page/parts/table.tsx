/** A table that a keyboard moves through: j and k or the arrows select a row, Enter opens it. The first cell of a row has its link. */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { isTyping, moved } from '../../logic/select.js';
import { text } from '../../logic/text.js';
import { go } from '../state.js';
import { Scroll } from './scroll.js';

export interface Column<T> {
  key: string;
  title: string;
  isNumber?: boolean;
  /** left out on a phone; `narrow`: on a tablet too */
  phoneHidden?: boolean | 'narrow';
  class?: (row: T) => string;
  cell: (row: T) => ComponentChildren;
}

export function Table<T>({
  label,
  columns,
  rows,
  keyOf,
  hrefOf,
  onKeys = true,
}: {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  hrefOf?: (row: T) => string | undefined;
  /** false: the keys of the page move through another table of the view */
  onKeys?: boolean;
}) {
  const [selected, setSelected] = useState<string>();
  const body = useRef<HTMLTableSectionElement>(null);
  useEffect(() => {
    if (!onKeys || hrefOf === undefined) return undefined;
    const listener = (event: KeyboardEvent): void => {
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(target)) return;
      if (document.querySelector('dialog[open]') !== null || target?.closest('.chart, .menu') != null) return;
      const index = rows.findIndex((row) => keyOf(row) === selected);
      const row = rows[index];
      if (
        event.key === 'Enter' &&
        row !== undefined &&
        (target === document.body || body.current?.contains(target) === true)
      ) {
        const href = hrefOf(row);
        if (href !== undefined && target?.tagName !== 'A') go(href);
        return;
      }
      if (!['j', 'k'].includes(event.key) && body.current?.contains(target) !== true) return;
      const next = moved(event.key, index, rows.length);
      const nextRow = next === undefined ? undefined : rows[next];
      if (next === undefined || nextRow === undefined) return;
      event.preventDefault();
      setSelected(keyOf(nextRow));
      const element = body.current?.rows[next];
      element?.querySelector('a')?.focus({ preventScroll: true });
      element?.scrollIntoView({ block: 'nearest' });
    };
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, [rows, selected, onKeys, hrefOf, keyOf]);
  return (
    <Scroll label={text.table.region(label)}>
      <table>
        <thead>
          <tr>
            {columns.map(({ isNumber, key, phoneHidden, title }) => (
              <th key={key} scope="col" class={classes(isNumber === true && 'number', hiding(phoneHidden))}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row) => (
            <Row
              key={keyOf(row)}
              row={row}
              columns={columns}
              href={hrefOf?.(row)}
              isSelected={keyOf(row) === selected}
              onSelect={() => setSelected(keyOf(row))}
            />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Row<T>({
  row,
  columns,
  href,
  isSelected,
  onSelect,
}: {
  row: T;
  columns: readonly Column<T>[];
  href: string | undefined;
  isSelected: boolean;
  onSelect: () => void;
}) {
  const click = (event: MouseEvent): void => {
    const target = event.target instanceof Element ? event.target : undefined;
    if (href === undefined || target?.closest('a, button, input, select') != null) return;
    if (getSelection()?.type === 'Range') return;
    go(href);
  };
  return (
    <tr
      class={href === undefined ? '' : 'open'}
      aria-selected={isSelected}
      onClick={click}
      onFocusCapture={onSelect}
    >
      {columns.map((column, i) => {
        const names = classes(
          column.isNumber === true && 'number',
          hiding(column.phoneHidden),
          column.class?.(row) ?? false,
        );
        const cell = column.cell(row);
        return (
          <td key={column.key} class={names}>
            {i === 0 && href !== undefined ? <a href={href}>{cell}</a> : cell}
          </td>
        );
      })}
    </tr>
  );
}

function hiding(phoneHidden: Column<never>['phoneHidden']): string {
  return phoneHidden === 'narrow' ? 'narrow-hide' : phoneHidden === true ? 'phone-hide' : '';
}

function classes(...names: (string | false)[]): string {
  return names.filter((name) => name !== false && name !== '').join(' ');
}
