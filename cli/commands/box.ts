/** `makai box`: simulated OPQ Boxes of either generation, which replay recordings or a generated grid. */
import { type Command, Option } from 'commander';
import type { Box, Fleet } from '../../box/index.js';
import { systemClock as machineClock } from '../../common/clock.js';
import { EXIT } from '../../common/report-error.js';
import { jsonLine, write } from '../../common/stdout.js';
import { stopWithParent } from '../../daemon/parent.js';
import { positive, whole, whole0 } from '../number-arguments.js';
import { clean } from '../output.js';
import { type RecordingFlags, recordingOptions, withRecordingOptions } from '../recording-options.js';

interface Options extends RecordingFlags {
  count: number;
  firstId: number;
  dialect: '2' | '3' | 'mixed';
  keys?: string;
  serverKey?: string;
  config?: string;
  measurements: string;
  commands: string;
  replies: string;
  source?: string;
  nominal?: number;
  recordedNominal?: number;
  lineFrequency?: number;
  calibration?: number;
  keepFrequency?: true;
  pad: number;
  once?: true;
  speed: number;
  ago: number;
  buffer?: number;
  for?: number;
  json?: true;
}

/** How long queued replies and measurements may still be sent when boxes are switched off, ms. */
const LINGER_MS = 2000;

export function register(program: Command): void {
  const box = program
    .command('box')
    .description(
      'Run simulated OPQ Boxes until Ctrl-C. They replay a recording, or a grid that is generated from a scenario.',
    )
    .option('--count <boxes>', 'how many boxes', whole, 1)
    .option('--first-id <id>', 'id of the first box; the others follow', whole0, 1001)
    .addOption(
      new Option(
        '--dialect <generation>',
        'generation of the boxes: Box 2, Box 3, or mixed (both, alternating)',
      )
        .choices(['2', '3', 'mixed'])
        .default('2'),
    )
    .option(
      '--keys <dir>',
      'key directory, as `makai keys` makes it; a box without a key there gets a new key pair',
    )
    .option(
      '--server-key <file>',
      'public certificate of the server; without it the one in the key directory',
    )
    .option('--config <file>', "a Box 3's own JSON file: its id, keys and endpoints (one box)")
    .option('--measurements <endpoint>', 'triggering broker, `interface`', 'tcp://127.0.0.1:9880')
    .option('--commands <endpoint>', 'acquisition broker, `box_pub`', 'tcp://127.0.0.1:8194')
    .option('--replies <endpoint>', 'acquisition broker, `box_pull`', 'tcp://127.0.0.1:8196')
    .option(
      '--source <file>',
      'what to replay: demo or quiet (scenarios that come with Makai), or a file, recognized by its content: JSON scenario, COMTRADE, CSV, WAV, else raw 16-bit counts at 12 kHz; without it demo',
    );
  withRecordingOptions(box)
    .option(
      '--nominal <V>',
      'scale the recording so that its nominal voltage becomes this, V RMS; without it the voltage is not changed',
      positive,
    )
    .option(
      '--recorded-nominal <V>',
      'nominal voltage of the recording, V RMS; without it the median of its cycles',
      positive,
    )
    .option('--line-frequency <Hz>', 'nominal frequency of a recording that does not contain it', positive)
    .option('--calibration <counts>', 'calibration constant of the box, counts per volt', positive)
    .option(
      '--keep-frequency',
      'play a 50 Hz recording at its own speed; without it at 60/50 of its speed, so that one of its cycles is one cycle of the box',
    )
    .option(
      '--pad <cycles>',
      'repeat the first cycle this many times before the recording, and the last cycle this many times after it',
      whole0,
      0,
    )
    .option('--once', 'play once, then exit; otherwise repeat')
    .option('--speed <factor>', 'replay speed; 1 is real time', positive, 1)
    .option(
      '--ago <seconds>',
      'the clock of the boxes starts this long ago; with --speed it catches up',
      whole0,
      0,
    )
    .option(
      '--buffer <cycles>',
      'cycles that a box keeps; without it one hour (Box 2) or 3000 cycles (Box 3)',
      whole,
    )
    .option('--for <seconds>', 'exit after this time', positive)
    .option('--json', 'NDJSON: one line when ready, one with the counters at the end')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { startFleet } = await import('../../box/index.js');
  const ending = firstEnd(options.for);
  stopWithParent();
  const fleet = await startFleet(await fleetOptions(options));
  const killed = watch(fleet.boxes);
  const ids = fleet.boxes.map((box) => box.id);
  await write(
    options.json
      ? jsonLine({ ready: 'box', pid: process.pid, boxes: ids })
      : `${describe(ids)}, until Ctrl-C\n`,
  );
  const end = await Promise.race([ending, killed, ...(options.once ? [allEnded(fleet)] : [])]);
  const stats = fleet.stats;
  await fleet.stop(LINGER_MS);
  if (options.json) await write(jsonLine({ ended: end.why, ...end.details, ...stats }));
  else
    await write(
      `${end.why}: ${Object.entries(stats)
        .map(([name, value]) => `${value} ${name}`)
        .join(', ')}\n`,
    );
  if (end.why === 'killed')
    process.stderr.write(`box ${end.details.box} was killed by ${end.details.reason}\n`);
  // exit without waiting for messages that sockets still hold
  process.exit(end.why === 'killed' ? EXIT.failed : EXIT.done);
}

async function fleetOptions(options: Options) {
  const { DEFAULT_SCENARIO, openPlayable, systemClock } = await import('../../box/index.js');
  const { createLogger } = await import('../../common/log.js');
  const { calibration, source, nominal, recordedNominal, lineFrequency } = options;
  const who = options.config === undefined ? await fromKeys(options) : await fromBox3File(options.config);
  const calibrationConstant =
    calibration ?? ('calibrationConstant' in who ? who.calibrationConstant : undefined);
  const { sourceAt, warnings } = openPlayable(source ?? DEFAULT_SCENARIO, {
    keepFrequency: options.keepFrequency === true,
    padCycles: options.pad,
    ...recordingOptions(options),
    ...(nominal !== undefined && { nominalV: nominal }),
    ...(recordedNominal !== undefined && { recordedNominalV: recordedNominal }),
    ...(lineFrequency !== undefined && { lineFrequencyHz: lineFrequency }),
    ...(calibrationConstant !== undefined && { calibrationConstant }),
  });
  for (const warning of warnings) process.stderr.write(`warning: ${clean(warning)}\n`);
  return {
    ...who.fleet,
    sourceFor: sourceAt,
    loop: options.once !== true,
    clock: systemClock(options.speed, options.ago === 0 ? undefined : Date.now() - options.ago * 1000),
    log: createLogger('box', 'warn'),
    ...(options.buffer !== undefined && { bufferCycles: options.buffer }),
  };
}

async function fromKeys(options: Options) {
  const { keyLayout } = await import('../../keys/layout.js');
  const { readPublicCertificate } = await import('../../keys/files.js');
  const layout = keyLayout(options.keys);
  const server = await readPublicCertificate(options.serverKey ?? layout.serverPublic);
  const ids = Array.from({ length: options.count }, (_, i) => options.firstId + i);
  const pairs = new Map(
    await Promise.all(ids.map(async (id) => [id, await pairOf(layout.boxSecret(String(id)))] as const)),
  );
  const missing = [...pairs].filter(([, pair]) => pair === undefined).map(([id]) => id);
  if (missing.length > 0) {
    const whose =
      missing.length === 1 ? `box ${missing[0]}` : `${missing.length} boxes, the first ${missing[0]}`;
    process.stderr.write(
      `no key in ${layout.privateDirectory} for ${whose}: a new one is used, which an allow-list refuses\n`,
    );
  }
  const dialect =
    options.dialect === 'mixed' ? ('mixed' as const) : options.dialect === '2' ? (2 as const) : (3 as const);
  return {
    fleet: {
      count: options.count,
      firstId: options.firstId,
      dialect,
      serverPublicKey: server.publicKey,
      keysFor: (id: number) => pairs.get(id),
      endpoints: { measurements: options.measurements, commands: options.commands, replies: options.replies },
    },
  };
}

async function pairOf(file: string) {
  const { isThere } = await import('../../common/is-there.js');
  const { readSecretCertificate } = await import('../../keys/files.js');
  return isThere(file, 'KEY_FILE_IO') ? readSecretCertificate(file) : undefined;
}

async function fromBox3File(file: string) {
  const { readBox3Settings } = await import('../../box/box3-settings.js');
  const {
    id,
    keys,
    freshKeys,
    serverPublicKey,
    endpoints,
    bufferCycles,
    measurementWindowCycles,
    calibrationConstant,
  } = readBox3Settings(file);
  if (freshKeys)
    process.stderr.write(
      `${file} has no keys: a new key pair is used, which an allow-list refuses until it is in that file\n`,
    );
  return {
    fleet: {
      count: 1,
      firstId: id,
      dialect: 3 as const,
      serverPublicKey,
      keysFor: () => keys,
      endpoints,
      bufferCycles,
      box3: { measurementWindowCycles },
    },
    calibrationConstant,
  };
}

interface End {
  why: 'killed' | 'ended' | 'signal' | 'time';
  details: Record<string, unknown>;
}

function firstEnd(seconds: number | undefined): Promise<End> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => resolve({ why: 'signal', details: { signal } }));
    }
    if (seconds !== undefined)
      machineClock.after(seconds * 1000, () => resolve({ why: 'time', details: {} }));
  });
}

function watch(boxes: readonly Box[]): Promise<End> {
  return new Promise((resolve) => {
    for (const box of boxes) {
      box.once('killed', (reason) => resolve({ why: 'killed', details: { box: box.id, reason } }));
    }
  });
}

async function allEnded({ boxes }: Fleet): Promise<End> {
  await Promise.all(boxes.map((box) => new Promise<void>((resolve) => box.once('ended', () => resolve()))));
  return { why: 'ended', details: {} };
}

function describe(ids: readonly number[]): string {
  const [first, last] = [ids[0], ids[ids.length - 1]];
  return ids.length === 1 ? `box ${first}` : `${ids.length} boxes, ${first} to ${last}`;
}
