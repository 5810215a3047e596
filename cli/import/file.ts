/** A file of another instrument: opened, read, its recordings imported one after the other. */
import { basename } from 'node:path';
import { type ImportOptions, importedFrom } from '../../formats/import/index.js';
import {
  type FileContent,
  type Opened,
  originalFiles,
  type ReadOptions,
  readOpened,
  readRaw,
  unreadable,
} from '../../formats/index.js';
import { originalHash } from '../../store/originals.js';
import type { Store } from '../../store/store.js';
import { openNamedRecording } from '../open-recording.js';
import type { ImportBoxes } from './boxes.js';
import { type ImportedEvent, importRecording } from './into-store.js';

export interface FileOptions extends ReadOptions, ImportOptions {
  boxIds?: readonly string[];
  /** counts per volt, for raw counts */
  calibration?: number;
}

/** A store keeps the file in one piece of memory. */
const MAX_BYTES = 500_000_000;

/**
 * @param warn gets what is odd in the file
 * @throws MakaiError RECORDING_INVALID with file and place
 */
export async function* importFile(
  store: Store,
  boxes: ImportBoxes,
  file: string,
  options: FileOptions,
  warn: (text: string) => void,
): AsyncGenerator<ImportedEvent> {
  const opened = openNamedRecording(file);
  const files = originalFiles(opened);
  const bytes = files.reduce((sum, one) => sum + one.bytes.length, 0);
  if (bytes > MAX_BYTES)
    throw unreadable({ file }, `${bytes} bytes, more than the ${MAX_BYTES} that a store keeps of a file`);
  const { recordings, warnings } = importedFrom(contentOf(opened, options), file, options);
  for (const text of warnings) warn(text);
  if (recordings.length === 0) {
    throw unreadable({ file }, 'no channel in volts in it', 'Name the channel of voltage (--channel).');
  }
  const { boxIds } = options;
  const source = { file, sha256: originalHash(files), files, ...(boxIds !== undefined && { boxIds }) };
  for (const recording of recordings) {
    const named = { ...recording, station: recording.station || stem(file) };
    yield await importRecording(store, boxes, source, named);
  }
}

function contentOf(opened: Opened, options: FileOptions): FileContent {
  if (opened.kind !== undefined || opened.looks !== 'binary') return readOpened(opened, options);
  if (options.calibration === undefined) {
    throw unreadable(
      { file: opened.file },
      'is no recording that can be read',
      'For raw 16-bit counts at 12 kHz give the calibration constant (--calibration) and the start (--start).',
    );
  }
  return readRaw(opened.bytes, opened.file, options.calibration);
}

/** A file that does not say where it was recorded is a station of its own name. */
function stem(file: string): string {
  return basename(file).replace(/(?:\.[^.]{1,8}){1,2}$/, '');
}
