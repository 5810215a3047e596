/** Files: events, values and incidents in every format of formats/. */
import { MakaiError } from '../../common/errors.js';
import {
  type Chunk,
  type DocumentKind,
  documentExporter,
  type EventParts,
  type Exporter,
  type ExportFormat,
  eventExporter,
  incidentExporter,
} from '../../formats/export/index.js';
import { int16Of } from '../../formats/little-endian.js';
import { MAX_EXPORT_MS } from '../api/reports.js';
import { byId } from '../boxes.js';
import { onePart, zipped } from '../files/bundle.js';
import { RequestError } from '../http/problems.js';
import { Download } from '../http/replies.js';
import type { Services } from '../services.js';
import type { Waveforms } from '../waveforms/load.js';
import type { Handlers } from './handler.js';
import { incidentFilter, storeQuery } from './incidents.js';

type ExportHandlers = Pick<Handlers, 'exportEvent' | 'exportValues' | 'exportIncidents'>;

/** Formats that are one file whatever is in it. */
const ONE_FILE: Partial<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
};
const ZIP = 'application/zip';
const BINARY = 'application/octet-stream';

export function exportHandlers(
  { boxes, clock, limits, link, log }: Services,
  waveforms: Waveforms,
): ExportHandlers {
  /** The download counts until it is sent, or given up. */
  const download = async (
    name: string,
    format: ExportFormat,
    isOneFile: boolean,
    chunks: AsyncIterable<Chunk>,
  ) => {
    const leave = await limits.exports.enter();
    const type = ONE_FILE[format];
    const extension = isOneFile ? (EXTENSION[format] ?? format) : 'zip';
    const pieces = isOneFile ? onePart(chunks) : zipped(chunks, clock.now());
    return new Download(`${name}.${extension}`, isOneFile ? (type ?? BINARY) : ZIP, pieces, leave);
  };
  return {
    exportEvent: async ({ params: { event_id }, query: { box, format } }) => {
      const event = await link.read((store) => store.event(event_id));
      if (event === undefined)
        throw new MakaiError('NOT_FOUND', `there is no event ${event_id}; it may have expired`);
      const name = box === undefined ? `event_${event_id}` : `event_${event_id}_${box}`;
      if (format === 'original') {
        const original = await link.read((store) => store.original(event_id));
        if (original === undefined || original.files.length === 0)
          throw new MakaiError('NOT_FOUND', `event ${event_id} was not imported: it has no original`);
        const chunks = original.files.map(({ bytes, name: file }) => ({
          file: plain(file),
          bytes,
          last: true,
        }));
        return download(`${name}_original`, 'wav', false, each(chunks));
      }
      const nominal = (await link.read((store) => store.makaiConfig()))?.triggering.default_ref_f;
      const known = await boxes.known();
      const boxEvents = (await waveforms.boxEvents(event_id))
        .filter(({ box_id }) => box === undefined || box_id === box)
        .sort((a, b) => byId(a.box_id, b.box_id));
      if (boxEvents.length === 0)
        throw new MakaiError(
          'NOT_FOUND',
          event.waveforms_deleted_ms === undefined
            ? `event ${event_id} has no waveform${box === undefined ? '' : ` of box ${box}`}`
            : `the waveforms of event ${event_id} were deleted: the store had reached store_max_bytes`,
        );
      const exporter = eventExporter(format, {
        ...(nominal === undefined ? {} : { nominalFrequencyHz: nominal }),
        nowMs: clock.now(),
        skipped: (text) => log.info({ eventId: event_id, format, text }, 'a waveform is not in an export'),
      });
      const parts = async (): Promise<EventParts> => {
        const read = [];
        for (const boxEvent of boxEvents) {
          const bytes = await link.read((store) => store.waveform(boxEvent.data_fs_filename));
          if (bytes !== undefined)
            read.push({ boxEvent, box: known.records.get(boxEvent.box_id), counts: int16Of(bytes) });
        }
        return { event, boxes: read };
      };
      const chunks = exported(exporter, one(parts));
      return download(name, format, format === 'pqdif' || ONE_FILE[format] !== undefined, chunks);
    },
    exportValues: async ({ params: { box_id }, query: { format, from, kind, to } }) => {
      if (to <= from || to - from > MAX_EXPORT_MS) {
        const message = `expected a time after from, by ${MAX_EXPORT_MS / 86_400_000} days at most`;
        throw new RequestError(`to: ${message}`, [{ path: 'to', message }]);
      }
      const exporter = documentExporter(kind, format, box_id, clock.now());
      const chunks = exported(exporter, link.store[kind](box_id, { fromMs: from, toMs: to }));
      const isOneFile = ONE_FILE[format] !== undefined || format === 'parquet';
      return download(`${kind satisfies DocumentKind}_${box_id}`, format, isOneFile, chunks);
    },
    exportIncidents: async ({ query: { format, from, to, ...filters } }) => {
      const known = await boxes.known();
      const range = {
        ...(from === undefined ? {} : { fromMs: from }),
        ...(to === undefined ? {} : { toMs: to }),
      };
      const isChosen = incidentFilter(filters, known);
      const incidents = chosen(link.store.incidents({ ...storeQuery(filters), ...range }), isChosen);
      return download('incidents', format, true, exported(incidentExporter(format), incidents));
    },
  };
}

const EXTENSION: Partial<Record<ExportFormat, string>> = { pqdif: 'pqd' };

async function* exported<T>(exporter: Exporter<T>, items: AsyncIterable<T>): AsyncGenerator<Chunk> {
  for await (const item of items) yield* exporter.add(item);
  yield* exporter.finish();
}

async function* one<T>(read: () => Promise<T>): AsyncGenerator<T> {
  yield await read();
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function* chosen<T>(
  items: AsyncIterable<T>,
  isChosen: ((item: T) => boolean) | undefined,
): AsyncGenerator<T> {
  for await (const item of items) if (isChosen === undefined || isChosen(item)) yield item;
}

/** The name of a file without what would lead out of a folder. */
function plain(name: string): string {
  const text = name.replace(/[/\\\p{Cc}]/gu, '_');
  return text === '' || text === '.' || text === '..' ? '_' : text;
}
