/** Filters of the list. They are in the address, so a link shows the other person the same list. */

import { useState } from 'preact/hooks';
import { className, text } from '../../logic/text.js';
import type { Query } from '../api/client.js';
import { setParams } from '../state.js';

const CLASSES = Object.keys(text.classes);
const TYPES = Object.keys(text.eventType);
const NUMBERS = ['min_duration_s', 'max_duration_s', 'min_magnitude_pu', 'max_magnitude_pu'] as const;
const ALL = ['box', 'location', 'class', 'type', 'has_waveform', ...NUMBERS] as const;

const LABEL: Record<(typeof NUMBERS)[number], string> = {
  min_duration_s: text.events.minDuration,
  max_duration_s: text.events.maxDuration,
  min_magnitude_pu: text.events.minMagnitude,
  max_magnitude_pu: text.events.maxMagnitude,
};

/** Parameters that the API takes for this list; what is not valid is left out, and stays in its field. */
export function filterQuery(params: URLSearchParams, isEvents: boolean): Query {
  const query: Query = {};
  const box = params.get('box') ?? '';
  if (/^\d{1,10}$/.test(box)) query.box = box;
  for (const key of ['location', 'class', ...(isEvents ? ['type', 'has_waveform'] : [])]) {
    query[key] = params.get(key) ?? undefined;
  }
  if (isEvents) return query;
  for (const key of NUMBERS) {
    const value = params.get(key);
    if (value !== null && value !== '' && Number(value) >= 0) query[key] = Number(value);
  }
  return query;
}

export function hasFilter(params: URLSearchParams): boolean {
  return ALL.some((key) => (params.get(key) ?? '') !== '');
}

export function Filters({ isEvents, params }: { isEvents: boolean; params: URLSearchParams }) {
  const value = (key: string): string => params.get(key) ?? '';
  const set = (key: string) => (event: { currentTarget: { value: string } }) =>
    setParams({ [key]: event.currentTarget.value });
  const [isOpen, setOpen] = useState(hasFilter(params));
  return (
    <form
      class={isOpen ? 'filters' : 'filters folded'}
      onSubmit={(event) => event.preventDefault()}
      aria-label={text.events.filters}
    >
      <button type="button" class="phone-only" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {text.events.filters}
      </button>
      <label class="field">
        <span>{text.events.class}</span>
        <select data-filter value={value('class')} onChange={set('class')}>
          <option value="">{text.events.any}</option>
          {CLASSES.map((name) => (
            <option key={name} value={name}>
              {className(name)}
            </option>
          ))}
        </select>
      </label>
      {isEvents ? (
        <label class="field">
          <span>{text.events.type}</span>
          <select value={value('type')} onChange={set('type')}>
            <option value="">{text.events.any}</option>
            {TYPES.map((name) => (
              <option key={name} value={name}>
                {text.eventType[name]}
              </option>
            ))}
          </select>
        </label>
      ) : null}
      <label class="field">
        <span>{text.events.box}</span>
        <input inputMode="numeric" size={10} value={value('box')} onChange={set('box')} />
      </label>
      <label class="field">
        <span>{text.events.location}</span>
        <input size={12} value={value('location')} onChange={set('location')} />
      </label>
      {isEvents
        ? null
        : NUMBERS.map((key) => (
            <label class="field" key={key}>
              <span>{LABEL[key]}</span>
              <input type="number" step="any" min="0" value={value(key)} onChange={set(key)} />
            </label>
          ))}
      {isEvents ? (
        <label class="check">
          <input
            type="checkbox"
            checked={value('has_waveform') === 'true'}
            onChange={(event) =>
              setParams({ has_waveform: event.currentTarget.checked ? 'true' : undefined })
            }
          />
          {text.events.withWaveform}
        </label>
      ) : null}
      {hasFilter(params) ? (
        <button
          type="button"
          onClick={() => setParams(Object.fromEntries(ALL.map((key) => [key, undefined])))}
        >
          {text.events.clear}
        </button>
      ) : null}
    </form>
  );
}
