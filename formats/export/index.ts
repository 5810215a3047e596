/** The door of the folder: what a store holds, as files. */
export { type Chunk, EXPORT_FORMATS, type Exporter, type ExportFormat } from './chunks.js';
export { type DocumentKind, documentExporter } from './documents.js';
export type { BoxPart, EventParts } from './event-recording.js';
export { type ComtradeRevision, type EventExportOptions, eventExporter } from './events.js';
export { incidentExporter } from './incidents.js';
export { quoted } from './lines.js';
