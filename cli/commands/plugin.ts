/** `makai plugin new`, `check`, `run`: for plugin authors. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../../common/report-error.js';
import { jsonLine, write } from '../../common/stdout.js';
import type { EventRequest } from '../../plugins/sdk/plugin.js';
import { positive, whole, whole0 } from '../number-arguments.js';
import { clean } from '../output.js';
import type { RecordingOptions } from '../plugin/recording.js';
import { type RecordingFlags, recordingOptions, withRecordingOptions } from '../recording-options.js';

interface ReplayFlags extends RecordingFlags {
  settings: Record<string, unknown>;
  dialect: '2' | '3' | 'mixed';
  boxes: number;
  firstId: number;
  start: number;
  calibration?: number;
  nominal?: number;
  pad: number;
  json?: true;
}

/** How many requests are printed; the counters include all. */
const MAX_PRINTED = 100_000;

const RECORDINGS =
  'demo or quiet (scenarios that ship), checkup (made to find weak places), or a file, known by its content: JSON scenario, text `box epoch_ms Vrms Hz`, ' +
  'CSV `device,t_s,vrms_V`, COMTRADE, WAV, CSV of samples, else raw 16-bit counts at 12 kHz (with --calibration)';

export function register(program: Command): void {
  const plugin = program
    .command('plugin')
    .description('Write, check and try analysis plugins (docs/plugin-tutorial.md).');
  plugin
    .command('new')
    .description('Scaffold a new plugin: source, build, test and README, with the SDK that it uses.')
    .argument('<name>', 'letters, digits and hyphens', pluginName)
    .addOption(
      new Option('--lang <language>', 'TypeScript, AssemblyScript, C or Rust')
        .choices(['ts', 'as', 'c', 'rust'])
        .makeOptionMandatory(),
    )
    .option('--dir <folder>', 'target folder; without it a folder with the name of the plugin')
    .action(create);
  withRecording(
    plugin
      .command('check')
      .description(
        'Check that the daemon can use a plugin: load it, replay a recording and report what is wrong. The exit code is 1 if something is wrong.',
      )
      .argument('<file>', '.js or .wasm file, or the name of a plugin that ships')
      .option('--replay <recording>', RECORDINGS, 'checkup'),
  ).action(check);
  withRecording(
    plugin
      .command('run')
      .description(
        'Replay a recording to a plugin and print its requests. The log and the counters go to stderr.',
      )
      .argument('<file>', '.js or .wasm file, or the name of a plugin that ships')
      .requiredOption('--replay <recording>', RECORDINGS),
  ).action(run);
}

function withRecording(command: Command): Command {
  return withRecordingOptions(command)
    .option('--settings <JSON>', 'settings of the plugin', settings, {})
    .addOption(
      new Option(
        '--dialect <generation>',
        'which kind of box measures a waveform: Box 2, Box 3, or alternately both',
      )
        .choices(['2', '3', 'mixed'])
        .default('mixed'),
    )
    .option('--boxes <number>', 'number of boxes in a scenario', whole, 2)
    .option('--first-id <id>', 'id of the first box of a waveform', whole, 1001)
    .option(
      '--start <time>',
      'start time of a recording that does not contain it',
      time,
      Date.UTC(2026, 0, 1),
    )
    .option('--calibration <counts>', 'calibration constant of raw counts, counts per volt', positive)
    .option(
      '--nominal <V>',
      'scale a recorded waveform so that its nominal voltage becomes this, V RMS',
      positive,
    )
    .option(
      '--pad <cycles>',
      'repeat the first cycle of a recorded waveform so often before it, and the last cycle after it',
      whole0,
      0,
    )
    .option('--json', 'NDJSON');
}

function replayOptions(flags: ReplayFlags): RecordingOptions {
  const { dialect, boxes, firstId, start, calibration, nominal, pad } = flags;
  return {
    dialect: dialect === 'mixed' ? dialect : dialect === '2' ? 2 : 3,
    boxes,
    firstId,
    startMs: start,
    padCycles: pad,
    ...(calibration !== undefined && { calibrationConstant: calibration }),
    ...(nominal !== undefined && { nominalV: nominal }),
    ...recordingOptions(flags),
  };
}

async function create(
  name: string,
  options: { lang: 'ts' | 'as' | 'c' | 'rust'; dir?: string },
): Promise<void> {
  const { newPlugin, STEPS } = await import('../plugin/new.js');
  const { folder, built } = newPlugin(name, options.lang, options.dir ?? name);
  const { build, test } = STEPS[options.lang];
  const steps = [`cd ${folder}`, ...build, test, `makai plugin run ${built} --replay demo`];
  await write(
    `${folder}: a plugin that requests the waveforms of voltage sags\n\nnext:\n${steps.map((step) => `  ${step}\n`).join('')}`,
  );
}

async function check(file: string, flags: ReplayFlags & { replay: string }): Promise<void> {
  const { checkPlugin } = await import('../plugin/check.js');
  const report = await checkPlugin(file, {
    settings: flags.settings,
    recording: flags.replay,
    options: replayOptions(flags),
  });
  if (flags.json) await write(jsonLine(report));
  else await write((await import('../plugin/report.js')).reportText(report));
  if (report.problems.length > 0) process.exitCode = EXIT.failed;
}

async function run(file: string, flags: ReplayFlags & { replay: string }): Promise<void> {
  const [{ resolvePlugin }, { replay }, { DEFAULT_PLUGIN_LIMITS }, { requestTable, totalsLines }] =
    await Promise.all([
      import('../../plugin-host/resolve-plugin.js'),
      import('../plugin/replay.js'),
      import('../../plugin-host/limits.js'),
      import('../plugin/report.js'),
    ]);
  const found: EventRequest[] = [];
  const { memoryMb } = DEFAULT_PLUGIN_LIMITS;
  const result = await replay(
    {
      file: resolvePlugin(file),
      settings: flags.settings,
      memoryMb,
      recording: flags.replay,
      options: replayOptions(flags),
      speed: false,
    },
    {
      loaded: () => undefined,
      log: (level, text) => void process.stderr.write(`${level}: ${clean(text)}\n`),
      requests: (requests) => void found.push(...requests.slice(0, MAX_PRINTED - found.length)),
    },
  );
  for (const request of flags.json ? found : []) await write(jsonLine(request));
  if (!flags.json && found.length > 0) await write(`${requestTable(found).join('\n')}\n`);
  if (result.kind === 'done') {
    const { refused, problem } = result.totals;
    for (const line of totalsLines(result.totals)) process.stderr.write(`${line}\n`);
    if (refused > 0) process.stderr.write(`${refused} requests were refused: ${problem}\n`);
  } else {
    const when = result.at === undefined ? '' : ` at ${new Date(result.at).toISOString()} of the recording`;
    process.stderr.write(`error: the plugin stopped${when}: ${clean(result.problem)}\n`);
    process.exitCode = EXIT.failed;
  }
}

function settings(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('expected JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidArgumentError('expected a JSON object');
  }
  return { ...value };
}

function pluginName(text: string): string {
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(text)) {
    throw new InvalidArgumentError(
      'expected lower-case letters, digits and hyphens, a letter first, at most 40 characters',
    );
  }
  return text;
}

function time(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isSafeInteger(value))
    throw new InvalidArgumentError('expected a time, such as 2026-01-01T00:00:00Z');
  return value;
}
