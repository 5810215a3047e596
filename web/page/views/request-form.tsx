/** Asks boxes for the waveforms of a window. */
import { useState } from 'preact/hooks';
import type { EventRequest } from '../../../web-service/api/index.js';
import { text } from '../../logic/text.js';
import { fromInput, toInput, zoneName } from '../../logic/time.js';
import { change } from '../api/client.js';
import { ApiProblem } from '../api/problem.js';
import { useAction } from '../parts/action.js';
import { linkTo, useChoices } from '../state.js';

export function RequestForm() {
  const { zone } = useChoices();
  const [from, setFrom] = useState(toInput(Date.now() - 10_000, zone));
  const [seconds, setSeconds] = useState('5');
  const [boxes, setBoxes] = useState('');
  const [description, setDescription] = useState('');
  const [id, setId] = useState<number>();
  const send = useAction(async () => {
    const fromMs = fromInput(from, zone);
    const length = Number(seconds);
    if (fromMs === undefined || !(length >= 0.1 && length <= 3600))
      throw new ApiProblem(1, text.events.requestBad);
    const body: EventRequest = {
      from_ms: fromMs,
      to_ms: fromMs + length * 1000,
      boxes: boxes.split(/[\s,;]+/).filter((one) => one !== ''),
      description,
    };
    const reply = await change<{ event_id: number }>('POST', '/events', body);
    setId(reply?.event_id);
    return reply === undefined ? undefined : text.events.requested(reply.event_id);
  });
  return (
    <form class="stack" onSubmit={send.submit}>
      <p class="quiet">{text.events.requestHint}</p>
      <div class="form">
        <label class="field">
          <span>
            {text.events.requestFrom} ({zoneName(Date.now(), zone)})
          </span>
          <input
            type="datetime-local"
            step="1"
            value={from}
            onInput={(e) => setFrom(e.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>{text.events.requestSeconds}</span>
          <input
            type="number"
            step="any"
            min="0.1"
            max="3600"
            value={seconds}
            onInput={(e) => setSeconds(e.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>{text.events.requestBoxes}</span>
          <input value={boxes} onInput={(e) => setBoxes(e.currentTarget.value)} />
        </label>
        <label class="field">
          <span>{text.events.requestDescription}</span>
          <input maxLength={500} value={description} onInput={(e) => setDescription(e.currentTarget.value)} />
        </label>
      </div>
      <div class="row">
        <button type="submit" class="primary" disabled={send.isBusy}>
          {text.events.requestSend}
        </button>
        {id === undefined ? null : <a href={linkTo('events', String(id))}>{text.event.title(id)}</a>}
      </div>
      {send.outcome}
    </form>
  );
}
