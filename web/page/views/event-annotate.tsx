/** Remarks of people on the incidents of the event. */
import { useState } from 'preact/hooks';
import type { EventDetail } from '../../../web-service/api/index.js';
import { text } from '../../logic/text.js';
import { change } from '../api/client.js';
import { useAction } from '../parts/action.js';
import { Card } from '../parts/card.js';
import { classesText } from '../parts/incident-table.js';
import { useMay } from '../session.js';
import { useGuard } from '../state.js';

export function EventAnnotations({ event, onChanged }: { event: EventDetail; onChanged: () => void }) {
  const mayAnnotate = useMay('operator');
  const [remark, setRemark] = useState('');
  const [incident, setIncident] = useState('');
  useGuard(remark.trim() !== '');
  const chosen = incident === '' ? String(event.incidents[0]?.incident_id ?? '') : incident;
  const save = useAction(async () => {
    await change('POST', `/incidents/${chosen}/annotations`, { remark });
    setRemark('');
    onChanged();
    return text.box.saved;
  });
  const remarks = event.incidents.flatMap((one) =>
    one.annotations.map((line) => ({ line, box: one.box_id, id: one.incident_id })),
  );
  return (
    <Card title={text.event.annotate}>
      {remarks.length === 0 ? <p class="quiet">{text.event.noAnnotations}</p> : null}
      <ul class="plain-list remarks">
        {remarks.map(({ box, id, line }) => (
          <li key={`${id} ${line}`}>
            {line} <span class="quiet">({text.box.inText(box)})</span>
          </li>
        ))}
      </ul>
      {mayAnnotate && event.incidents.length > 0 ? (
        <form class="stack" onSubmit={save.submit}>
          {event.incidents.length > 1 ? (
            <label class="field">
              <span>{text.event.annotateWhat}</span>
              <select value={chosen} onChange={(e) => setIncident(e.currentTarget.value)}>
                {event.incidents.map((one) => (
                  <option key={one.incident_id} value={String(one.incident_id)}>
                    {one.box_id}: {classesText(one)}
                  </option>
                ))}
              </select>
            </label>
          ) : null}
          <label class="field">
            <span>{text.event.annotation}</span>
            <textarea
              id="remark"
              rows={2}
              maxLength={1000}
              required
              value={remark}
              onInput={(e) => setRemark(e.currentTarget.value)}
            />
          </label>
          <div class="row">
            <button type="submit" class="primary" disabled={save.isBusy || remark.trim() === ''}>
              {text.event.save}
            </button>
          </div>
          {save.outcome}
        </form>
      ) : null}
    </Card>
  );
}
