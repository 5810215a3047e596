/** Writes the picture of a replay. */
import { writeFileSync } from 'node:fs';
import { openPluginRecording, type RecordingOptions } from '../recording.js';
import { type Plotted, plotPage } from './page.js';
import { seenIn } from './seen.js';

/**
 * Reads the recording once more, because what the plugin saw stays in its thread.
 * @param file HTML, written or replaced
 * @param recording name or file, and how to read it, as the plugin was given it
 * @throws MakaiError RECORDING_INVALID, and errors of the file system
 */
export function writePlot(
  file: string,
  recording: { name: string; options: RecordingOptions },
  returned: Omit<Plotted, 'seen'>,
): void {
  const seen = seenIn(openPluginRecording(recording.name, recording.options));
  writeFileSync(file, plotPage({ ...returned, seen }));
}
