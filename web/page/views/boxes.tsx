/** All boxes, with their live values. */
import type { Box, Incident } from '../../../web-service/api/index.js';
import type { Route } from '../../logic/route.js';
import { text } from '../../logic/text.js';
import { get } from '../api/client.js';
import { useLoad } from '../api/load.js';
import type { Page } from '../api/pages.js';
import { Card } from '../parts/card.js';
import { Shown } from '../parts/states.js';
import { setParams, useRange } from '../state.js';
import { BoxTable } from './box-table.js';
import { NoBoxes } from './overview.js';

export function Boxes({ route }: { route: Route }) {
  const range = useRange(route);
  const filter = (route.params.get('q') ?? '').toLowerCase();
  const boxes = useLoad('boxes', (signal) => get<{ items: Box[] }>('/boxes', {}, signal), {
    refreshMs: 20_000,
  });
  const incidents = useLoad(
    `incidents ${range.key}`,
    (signal) =>
      get<Page<Incident>>('/incidents', { from: range.fromMs, to: range.toMs, limit: 1000 }, signal),
    { keep: true },
  );
  const matches = (box: Box): boolean =>
    filter === '' ||
    [box.box_id, box.name ?? '', box.location ?? '', ...box.findings.map(({ code }) => code)].some((one) =>
      one.toLowerCase().includes(filter),
    );
  return (
    <>
      <h1 class="hidden-text">{text.box.boxes}</h1>
      <Card
        title={text.box.boxes}
        flush
        tools={
          <input
            type="search"
            data-filter
            aria-label={text.events.filters}
            placeholder={text.boxes.filter}
            value={route.params.get('q') ?? ''}
            onInput={(event) => setParams({ q: event.currentTarget.value })}
          />
        }
      >
        <Shown loaded={boxes} lines={8}>
          {({ items }) =>
            items.length === 0 ? (
              <NoBoxes />
            ) : (
              <BoxTable boxes={items.filter(matches)} incidents={incidents.data} />
            )
          }
        </Shown>
      </Card>
    </>
  );
}
