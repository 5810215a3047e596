/** PQDIF files (IEEE Std 1159.3-2003 and 2019): each observation is a recording. */
import { Budget } from '../budget.js';
import { unreadable } from '../problems.js';
import type { FileContent, Recording } from '../recording.js';
import { Warnings } from '../warnings.js';
import { type DataSource, dataSource, type MonitorSettings, monitorSettings } from './definitions.js';
import { containerMetadata, observationMetadata, sourceMetadata } from './metadata.js';
import { readObservation } from './observation.js';
import { records } from './records.js';

/**
 * Reads a PQDIF file.
 * @param bytes the whole file
 * @param file its name, for messages
 * @throws MakaiError RECORDING_INVALID with file and byte for what cannot be read
 */
export function readPqdif(bytes: Uint8Array, file: string): FileContent {
  const warnings = new Warnings();
  const budget = new Budget(bytes.length);
  const content: Recording[] = [];
  let revision: string | undefined;
  let container: Record<string, string> = {};
  let source: (DataSource & { metadata: Record<string, string> }) | undefined;
  let settings: MonitorSettings | undefined;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const record of records(buffer, file, warnings, budget)) {
    if (record.kind === 'container') {
      container = containerMetadata(record.content);
      revision = versionOf(record.content);
    } else if (record.kind === 'source') {
      const read = dataSource(record.content);
      source = { ...read, metadata: sourceMetadata(record.content, read) };
      settings = undefined;
    } else if (record.kind === 'settings') settings = monitorSettings(record.content);
    else {
      if (source === undefined) throw record.content.error('an observation stands before any data source');
      const recording = readObservation(record.content, { source, settings, budget });
      const metadata = { ...container, ...source.metadata, ...observationMetadata(record.content) };
      content.push({ ...recording, metadata });
    }
  }
  if (content.length === 0) {
    throw unreadable(
      { file },
      'the file has no observation',
      'It holds only the description of an instrument.',
    );
  }
  return {
    format: 'pqdif',
    ...(revision === undefined ? {} : { revision }),
    recordings: content,
    warnings: warnings.all,
  };
}

/** tagVersionInfo: major and minor of the writer, then of the oldest reader that can read it. */
function versionOf(container: Parameters<typeof containerMetadata>[0]): string | undefined {
  const vector = container.vector('tagVersionInfo');
  if (vector === undefined || vector.type !== 'UNS_INTEGER4' || vector.count < 2) return undefined;
  const { bytes } = container.body;
  return `${bytes.readUInt32LE(vector.valueAt)}.${bytes.readUInt32LE(vector.valueAt + 4)}`;
}
