/** Makes the record of a box that has not been heard yet. */
import { useState } from 'preact/hooks';
import { text } from '../../logic/text.js';
import { change } from '../api/client.js';
import { useAction } from '../parts/action.js';
import { Card } from '../parts/card.js';

export function NewBox() {
  const [id, setId] = useState('');
  const [name, setName] = useState('');
  const add = useAction(async () => {
    await change('POST', '/boxes', { box_id: id, ...(name.trim() === '' ? {} : { name }) });
    setId('');
    setName('');
    return text.admin.boxAdded(id);
  });
  return (
    <Card title={text.admin.newBox}>
      <form class="stack" onSubmit={add.submit}>
        <div class="row">
          <label class="field">
            <span>{text.admin.boxId}</span>
            <input
              inputMode="numeric"
              pattern="[0-9]{1,10}"
              size={10}
              required
              value={id}
              onInput={(event) => setId(event.currentTarget.value)}
            />
          </label>
          <label class="field">
            <span>{text.box.fields.name}</span>
            <input maxLength={100} value={name} onInput={(event) => setName(event.currentTarget.value)} />
          </label>
          <button type="submit" class="primary align-end" disabled={add.isBusy}>
            {text.admin.addBox}
          </button>
        </div>
        {add.outcome}
      </form>
    </Card>
  );
}
