/** Options for reading a recording, shared by all commands that read one. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { positive } from './number-arguments.js';

export interface RecordingFlags {
  channel?: string;
  side?: 'primary' | 'secondary';
  timeColumn?: string;
  sampleRate?: number;
  separator?: string;
  decimal?: '.' | ',';
  encoding?: string;
  fullScale?: number;
}

export function withRecordingOptions(command: Command): Command {
  return command
    .option('--channel <name>', 'channel or column of the recording, by name or number')
    .addOption(
      new Option('--side <side>', 'COMTRADE: side of the instrument transformer').choices([
        'primary',
        'secondary',
      ]),
    )
    .option(
      '--time-column <name>',
      'CSV: column of times, by name or number; without it detected by its name or unit',
    )
    .option('--sample-rate <Hz>', 'CSV without a column of times', positive)
    .option(
      '--separator <sign>',
      'CSV: column separator, `tab` for a tab; without it detected from the rows',
      separator,
    )
    .addOption(
      new Option('--decimal <sign>', 'CSV: decimal sign; without it detected from the rows').choices([
        '.',
        ',',
      ]),
    )
    .option(
      '--encoding <name>',
      'text encoding, such as windows-1251 or gbk; without it detected from the bytes',
    )
    .option('--full-scale <V>', 'WAV: volts of full scale', positive);
}

function separator(text: string): string {
  if (text === 'tab' || text === '\\t') return '\t';
  if (text.length !== 1 || text === '"') throw new InvalidArgumentError('expected one character, or tab');
  return text;
}

/** The flags as options of `openPlayable`. */
export function recordingOptions(flags: RecordingFlags) {
  const { channel, side, timeColumn, sampleRate, separator: mark, decimal, encoding, fullScale } = flags;
  return {
    ...(channel !== undefined && { channel }),
    ...(side !== undefined && { side }),
    ...(timeColumn !== undefined && { timeColumn }),
    ...(sampleRate !== undefined && { sampleRate }),
    ...(mark !== undefined && { separator: mark }),
    ...(decimal !== undefined && { decimal }),
    ...(encoding !== undefined && { encoding }),
    ...(fullScale !== undefined && { fullScaleV: fullScale }),
  };
}
