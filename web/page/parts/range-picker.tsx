/** The time range of all views: a preset, or two times; arrows move it. */
import { useState } from 'preact/hooks';
import { PRESETS, type Preset, panned, parseRange, rangeParams, resolveRange } from '../../logic/range.js';
import type { Route } from '../../logic/route.js';
import { text } from '../../logic/text.js';
import { dateTime, fromInput, toInput, zoneName } from '../../logic/time.js';
import { setParams, setRange, useChoices } from '../state.js';
import { Menu } from './menu.js';

const ALL = { fromMs: 0, toMs: 7_258_118_400_000 };

/** Moves the range by half its length. */
export function moveRange(params: URLSearchParams, share: number): void {
  const range = panned(resolveRange(parseRange(params), Date.now()), share, ALL);
  setParams(rangeParams({ kind: 'fixed', ...range }), true);
}

export function RangePicker({ route }: { route: Route }) {
  const { zone } = useChoices();
  const choice = parseRange(route.params);
  const face =
    choice.kind === 'last'
      ? text.range.presets[choice.preset]
      : `${dateTime(choice.fromMs, zone, 'minute')} – ${dateTime(choice.toMs, zone, 'minute')}`;
  return (
    <div class="row">
      <button
        type="button"
        class="plain phone-hide"
        aria-label={text.range.earlier}
        onClick={() => moveRange(route.params, -0.5)}
      >
        ‹
      </button>
      <Menu label={`${text.range.label}: ${face}`} face={`${face} ▾`}>
        {(close) => <Choices route={route} onDone={close} />}
      </Menu>
      <button
        type="button"
        class="plain phone-hide"
        aria-label={text.range.later}
        onClick={() => moveRange(route.params, 0.5)}
      >
        ›
      </button>
    </div>
  );
}

function Choices({ route, onDone }: { route: Route; onDone: () => void }) {
  const { zone } = useChoices();
  const choice = parseRange(route.params);
  const range = resolveRange(choice, Date.now());
  const [from, setFrom] = useState(toInput(range.fromMs, zone));
  const [to, setTo] = useState(toInput(range.toMs, zone));
  const [isWrong, setWrong] = useState(false);
  const apply = (event: Event): void => {
    event.preventDefault();
    const [fromMs, toMs] = [fromInput(from, zone), fromInput(to, zone)];
    if (fromMs === undefined || toMs === undefined || fromMs >= toMs) {
      setWrong(true);
      return;
    }
    setRange({ kind: 'fixed', fromMs, toMs });
    onDone();
  };
  return (
    <>
      {(Object.keys(PRESETS) as Preset[]).map((preset) => (
        <button
          type="button"
          key={preset}
          aria-pressed={choice.kind === 'last' && choice.preset === preset}
          onClick={() => {
            setRange({ kind: 'last', preset });
            onDone();
          }}
        >
          {text.range.presets[preset]}
        </button>
      ))}
      <hr />
      <form onSubmit={apply} class="form">
        <label class="field">
          <span>
            {text.range.from} ({zoneName(range.fromMs, zone)})
          </span>
          <input
            type="datetime-local"
            step="1"
            value={from}
            onInput={(e) => setFrom(e.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>
            {text.range.to} ({zoneName(range.toMs, zone)})
          </span>
          <input type="datetime-local" step="1" value={to} onInput={(e) => setTo(e.currentTarget.value)} />
        </label>
        {isWrong ? <p role="alert">{text.range.wrong}</p> : null}
        <button type="submit" class="primary">
          {text.range.apply}
        </button>
      </form>
    </>
  );
}
