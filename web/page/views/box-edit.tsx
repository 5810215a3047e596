/** The record of a box: name, location, calibration, nominal values. Changes are kept until they are saved or discarded. */
import { useState } from 'preact/hooks';
import type { Box, BoxChange } from '../../../web-service/api/index.js';
import { type BoxDraft, changeOf, draftOf } from '../../logic/box-draft.js';
import { hertz, volts } from '../../logic/numbers.js';
import { text } from '../../logic/text.js';
import { change } from '../api/client.js';
import { useAction } from '../parts/action.js';
import { useGuard } from '../state.js';

const NUMBERS: ReadonlySet<keyof BoxDraft> = new Set([
  'calibration_constant',
  'nominal_voltage',
  'nominal_frequency',
]);

const FIELDS = [
  'name',
  'description',
  'location',
  'calibration_constant',
  'nominal_voltage',
  'nominal_frequency',
] as const;

export function BoxEdit({ box, onSaved }: { box: Box; onSaved: () => void }) {
  const [draft, setDraft] = useState<BoxDraft>(draftOf(box));
  const [base, setBase] = useState(box);
  const changes = changeOf(base, draft);
  const isChanged = Object.keys(changes).length > 0;
  useGuard(isChanged);
  // what others saved meanwhile is taken over while nothing is changed here
  if (!isChanged && base !== box && JSON.stringify(draftOf(base)) !== JSON.stringify(draftOf(box))) {
    setBase(box);
    setDraft(draftOf(box));
  }
  const save = useAction(async () => {
    const path = box.recorded ? `/boxes/${encodeURIComponent(box.box_id)}` : '/boxes';
    const body: BoxChange & { box_id?: string } = box.recorded ? changes : { box_id: box.box_id, ...changes };
    const saved = await change<Box>(box.recorded ? 'PATCH' : 'POST', path, body);
    if (saved !== undefined) {
      setBase(saved);
      setDraft(draftOf(saved));
    }
    onSaved();
    return text.box.saved;
  });
  const set = (patch: Partial<BoxDraft>): void => {
    save.clear();
    setDraft({ ...draft, ...patch });
  };
  const hints: Partial<Record<keyof BoxDraft, string>> = {
    nominal_voltage: text.box.applies(
      volts(box.reference.voltage),
      text.box.referenceFrom[box.reference.voltage_from],
    ),
    nominal_frequency: text.box.applies(
      hertz(box.reference.frequency),
      text.box.referenceFrom[box.reference.frequency_from],
    ),
  };
  return (
    <form class="stack" onSubmit={save.submit}>
      {box.recorded ? null : <p class="quiet">{text.box.notRecorded}</p>}
      <div class="form">
        {FIELDS.map((field) => (
          <div class="field" key={field}>
            <label htmlFor={`box-${field}`}>{text.box.fields[field]}</label>
            {NUMBERS.has(field) ? (
              <input
                type="number"
                step="any"
                id={`box-${field}`}
                value={draft[field]}
                onInput={(event) => set({ [field]: event.currentTarget.value })}
              />
            ) : (
              <input
                id={`box-${field}`}
                maxLength={1000}
                value={draft[field]}
                onInput={(event) => set({ [field]: event.currentTarget.value })}
              />
            )}
            {hints[field] === undefined ? null : <span class="quiet">{hints[field]}</span>}
          </div>
        ))}
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={draft.unplugged}
          onInput={(event) => set({ unplugged: event.currentTarget.checked })}
        />
        {text.box.fields.unplugged}
      </label>
      <div class="row">
        <button type="submit" class="primary" disabled={!(isChanged || !box.recorded) || save.isBusy}>
          {text.box.save}
        </button>
        <button type="button" disabled={!isChanged} onClick={() => setDraft(draftOf(base))}>
          {text.box.discard}
        </button>
      </div>
      {save.outcome}
    </form>
  );
}
