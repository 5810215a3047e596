/** Opens the recording that a command line names. */
import { messageOf } from '../common/errors.js';
import { type Opened, openRecording, unreadable } from '../formats/index.js';

/** @throws MakaiError RECORDING_INVALID, also where the system refuses the file */
export function openNamedRecording(file: string): Opened {
  try {
    return openRecording(file);
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw unreadable({ file }, `cannot be read: ${messageOf(error)}`, 'Check the path.');
  }
}
