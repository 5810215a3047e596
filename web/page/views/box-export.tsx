/** Downloads of a box's values over the range that is shown. */
import type { Range } from '../../logic/range.js';
import { text } from '../../logic/text.js';
import { apiUrl } from '../api/client.js';
import { Menu } from '../parts/menu.js';

const FORMATS = ['csv', 'parquet', 'pqdif', 'pqds', 'ndjson'] as const;

export function BoxExport({ boxId, range }: { boxId: string; range: Range }) {
  return (
    <Menu label={text.box.export} face={`${text.box.export} ▾`}>
      {() =>
        (['trends', 'measurements'] as const).map((kind) => (
          <>
            <p class="quiet" key={kind}>
              {text.box.exportKinds[kind]}
            </p>
            {FORMATS.map((format) => (
              <a
                class="button"
                key={`${kind} ${format}`}
                download
                href={apiUrl(`/boxes/${encodeURIComponent(boxId)}/export`, {
                  kind,
                  format,
                  from: Math.round(range.fromMs),
                  to: Math.round(range.toMs),
                })}
              >
                {text.event.formats[format]}
              </a>
            ))}
          </>
        ))
      }
    </Menu>
  );
}
