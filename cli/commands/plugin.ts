/** `makai plugin new`, `check`, `run`, `test`: for plugin authors. */
import { basename } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { codeOf, messageOf } from '../../common/errors.js';
import { EXIT } from '../../common/report-error.js';
import { jsonLine, write } from '../../common/stdout.js';
import type { EventRequest, PluginIncident, PluginValue } from '../../plugins/sdk/plugin.js';
import { canAsk, confirm } from '../confirm.js';
import { positive, whole, whole0 } from '../number-arguments.js';
import { clean } from '../output.js';
import type { RecordingOptions } from '../plugin/recording.js';
import { type RecordingFlags, recordingOptions, withRecordingOptions } from '../recording-options.js';
import { duration } from '../status-text.js';
import { isoTime, time } from '../time.js';
import { register as registerTest } from './plugin-test.js';

interface ReplayFlags extends RecordingFlags {
  settings: Record<string, unknown>;
  dialect: '2' | '3' | 'mixed';
  boxes: number;
  firstId: number;
  start?: number;
  calibration?: number;
  nominal?: number;
  pad: number;
  long?: true;
  boxesFile?: string;
  json?: true;
}

/** How many requests are printed; the counters include all. */
const MAX_PRINTED = 100_000;
const MAX_VALUES = 1_000_000;

const RECORDINGS =
  'demo or quiet (scenarios that come with Makai), checkup (made to find mistakes), or a file, recognized by its content: JSON scenario, what `makai events export` and ' +
  '`makai measurements` write, text `box epoch_ms Vrms Hz`, CSV `device,t_s,vrms_V`, COMTRADE, PQDIF, WAV, CSV of samples, else raw 16-bit counts at 12 kHz (with --calibration)';

export function register(program: Command): void {
  const plugin = program
    .command('plugin')
    .description('Write, check and try analysis plugins (docs/plugin-tutorial.md).');
  plugin
    .command('new')
    .description('Create a new plugin: source, build, test and README, with the SDK that it uses.')
    .argument('<name>', 'letters, digits and hyphens', pluginName)
    .addOption(
      new Option('--lang <language>', 'TypeScript, JavaScript, AssemblyScript, C or Rust')
        .choices(['ts', 'js', 'as', 'c', 'rust'])
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
      .argument('<file>', '.js, .mjs, .cjs or .wasm file, or the name of a plugin that comes with Makai')
      .option('--replay <recording>', RECORDINGS, 'checkup'),
  ).action(check);
  withRecording(
    plugin
      .command('run')
      .description(
        'Replay a recording to a plugin and print its requests. The log and the counters go to stderr.',
      )
      .argument('<file>', '.js, .mjs, .cjs or .wasm file, or the name of a plugin that comes with Makai')
      .requiredOption('--replay <recording>', RECORDINGS)
      .option('--plot <file>', 'write what the plugin saw and returned as an HTML page with charts')
      .option('--watch', 'run again when the plugin, a file that it imports, or the recording changes'),
  ).action(runOrWatch);
  registerTest(plugin);
}

function withRecording(command: Command): Command {
  return withRecordingOptions(command)
    .option('--settings <JSON>', 'settings of the plugin', settings, {})
    .addOption(
      new Option(
        '--dialect <generation>',
        'generation of the simulated boxes that measure a waveform: Box 2, Box 3, or mixed (both, alternating)',
      )
        .choices(['2', '3', 'mixed'])
        .default('mixed'),
    )
    .option('--boxes <number>', 'number of boxes in a scenario', whole, 2)
    .option('--first-id <id>', 'id of the first box of a waveform', whole, 1001)
    .option(
      '--start <time>',
      'start time; without it that of the recording, or 2026-01-01 if it contains none',
      time,
    )
    .option('--calibration <counts>', 'calibration constant of raw counts, counts per volt', positive)
    .option(
      '--nominal <V>',
      'scale a recorded waveform so that its nominal voltage becomes this, V RMS',
      positive,
    )
    .option(
      '--pad <cycles>',
      'repeat the first cycle of a recorded waveform this many times before it, and the last cycle this many times after it',
      whole0,
      0,
    )
    .option(
      '--boxes-file <file>',
      'records of boxes that the plugin sees: location, nominal voltage and frequency, calibration (`makai boxes list --json`)',
    )
    .option('--long', 'play also a recording of more than a day of samples, without asking')
    .option('--json', 'NDJSON');
}

/** Asks on a terminal whether a recording is to be played that takes long. @throws what `play` throws otherwise */
async function asking<T>(flags: ReplayFlags, play: () => Promise<T>): Promise<T> {
  try {
    return await play();
  } catch (error) {
    if (codeOf(error) !== 'RECORDING_TOO_LONG' || !canAsk()) throw error;
    if (!(await confirm(`${clean(messageOf(error))}. Play it?`))) throw error;
    flags.long = true;
    return play();
  }
}

function replayOptions(flags: ReplayFlags): RecordingOptions {
  const { dialect, boxes, firstId, start, calibration, nominal, pad } = flags;
  return {
    dialect: dialect === 'mixed' ? dialect : dialect === '2' ? 2 : 3,
    boxes,
    firstId,
    ...(start !== undefined && { startMs: start }),
    padCycles: pad,
    ...(flags.boxesFile !== undefined && { boxesFile: flags.boxesFile }),
    isLongAllowed: flags.long === true,
    ...(calibration !== undefined && { calibrationConstant: calibration }),
    ...(nominal !== undefined && { nominalV: nominal }),
    ...recordingOptions(flags),
  };
}

async function create(
  name: string,
  options: { lang: 'ts' | 'js' | 'as' | 'c' | 'rust'; dir?: string },
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
  const report = await asking(flags, () =>
    checkPlugin(file, {
      settings: flags.settings,
      recording: flags.replay,
      options: replayOptions(flags),
      logged: (line) => void process.stderr.write(`${clean(line)}\n`),
    }),
  );
  if (flags.json) await write(jsonLine(report));
  else await write((await import('../plugin/report.js')).reportText(report));
  if (report.problems.length > 0) process.exitCode = EXIT.failed;
}

type RunFlags = ReplayFlags & { replay: string; plot?: string; watch?: true };

async function runOrWatch(file: string, flags: RunFlags): Promise<void> {
  if (flags.watch !== true) return run(file, flags);
  const { again, watchedFiles } = await import('../plugin/again.js');
  await again(watchedFiles(file, flags.replay, flags.boxesFile), () => run(file, flags));
}

async function run(file: string, flags: RunFlags): Promise<void> {
  const [
    { resolvePlugin },
    { replay },
    { DEFAULT_PLUGIN_LIMITS },
    { incidentTable, requestTable, seriesTable, totalsLines },
  ] = await Promise.all([
    import('../../plugin-host/resolve-plugin.js'),
    import('../plugin/replay.js'),
    import('../../plugin-host/limits.js'),
    import('../plugin/report.js'),
  ]);
  const found: EventRequest[] = [];
  const incidents: PluginIncident[] = [];
  const values: PluginValue[] = [];
  const { memoryMb, eventsPerHour } = DEFAULT_PLUGIN_LIMITS;
  const progress = progressLine();
  const result = await asking(flags, () =>
    replay(
      {
        file: resolvePlugin(file),
        settings: flags.settings,
        memoryMb,
        eventsPerHour,
        recording: flags.replay,
        options: replayOptions(flags),
        speed: false,
      },
      {
        loaded: ({ warnings }) => {
          for (const warning of warnings) process.stderr.write(`warn: ${clean(warning)}\n`);
        },
        progress: progress.show,
        log: (level, text) => void process.stderr.write(`${level}: ${clean(text)}\n`),
        results: (results) => {
          incidents.push(...results.incidents.slice(0, MAX_PRINTED - incidents.length));
          values.push(...results.values.slice(0, MAX_VALUES - values.length));
        },
        requests: (requests) => void found.push(...requests.slice(0, MAX_PRINTED - found.length)),
      },
    ),
  );
  progress.clear();
  if (flags.plot !== undefined) {
    const { writePlot } = await import('../plugin/plot/write.js');
    const problem = result.kind === 'failed' ? result.problem : undefined;
    const returned = { plugin: basename(file), requests: found, incidents, values, problem };
    writePlot(flags.plot, { name: flags.replay, options: replayOptions(flags) }, returned);
  }
  for (const result of flags.json ? [...found, ...incidents, ...values] : []) await write(jsonLine(result));
  for (const lines of flags.json ? [] : [requestTable(found), incidentTable(incidents), seriesTable(values)])
    if (lines.length > 0) await write(`${lines.join('\n')}\n`);
  if (result.kind === 'done') {
    const { refused, problem } = result.totals;
    for (const line of totalsLines(result.totals)) process.stderr.write(`${line}\n`);
    if (refused > 0) process.stderr.write(`${refused} requests were refused: ${problem}\n`);
  } else {
    const when = result.at === undefined ? '' : ` at ${isoTime(result.at)} of the recording`;
    process.stderr.write(`error: the plugin stopped${when}: ${clean(result.problem)}\n`);
    for (const frame of result.stack?.split('\n') ?? []) process.stderr.write(`  ${clean(frame)}\n`);
    process.exitCode = EXIT.failed;
  }
}

/** How far a long replay is, on a terminal. */
function progressLine() {
  const isTerminal = process.stderr.isTTY === true;
  return {
    show: (seconds: number, measurements: number): void => {
      if (isTerminal)
        process.stderr.write(`\r\x1b[K${duration(seconds)} played, ${measurements} measurements`);
    },
    clear: (): void => {
      if (isTerminal) process.stderr.write('\r\x1b[K');
    },
  };
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
