/** Coordinates of locations, for the map. */
import { useState } from 'preact/hooks';
import type { Location } from '../../../web-service/api/index.js';
import { parseCoordinates } from '../../logic/coordinates.js';
import { text } from '../../logic/text.js';
import { change, get } from '../api/client.js';
import { useLoad } from '../api/load.js';
import { ApiProblem } from '../api/problem.js';
import { useAction } from '../parts/action.js';
import { Card } from '../parts/card.js';
import { Empty, Shown } from '../parts/states.js';

export function Locations() {
  const locations = useLoad('locations', (signal) => get<{ items: Location[] }>('/locations', {}, signal));
  return (
    <Card title={text.admin.locations} flush>
      <Shown loaded={locations} lines={2}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={text.admin.noLocations} />
          ) : (
            <ul class="plain-list">
              {items.map((one) => (
                <Row key={one.slug} location={one} onDone={locations.reload} />
              ))}
            </ul>
          )
        }
      </Shown>
    </Card>
  );
}

function Row({ location, onDone }: { location: Location; onDone: () => void }) {
  const [coordinates, setCoordinates] = useState(location.coordinates?.join(', ') ?? '');
  const save = useAction(async () => {
    const parsed = parseCoordinates(coordinates);
    if (parsed === undefined) throw new ApiProblem(1, text.admin.badCoordinates);
    await change('PUT', `/locations/${encodeURIComponent(location.slug)}`, {
      coordinates: parsed,
      ...(location.description === undefined ? {} : { description: location.description }),
      ...(location.regions === undefined ? {} : { regions: location.regions }),
    });
    onDone();
    return text.box.saved;
  });
  return (
    <li>
      <form class="row" onSubmit={save.submit}>
        <strong>{location.slug}</strong>
        <span class="quiet">{location.box_ids.join(', ')}</span>
        <input
          aria-label={`${location.slug}: ${text.admin.coordinates}`}
          placeholder={text.admin.coordinates}
          value={coordinates}
          onInput={(event) => setCoordinates(event.currentTarget.value)}
        />
        <button type="submit" disabled={save.isBusy}>
          {text.admin.save}
        </button>
      </form>
      {save.outcome}
    </li>
  );
}
