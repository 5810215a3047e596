/** `makai boxes health`: a table of all boxes, everything of one box, or NDJSON. */
import { MakaiError } from '../../common/errors.js';
import { EXIT } from '../../common/report-error.js';
import { write } from '../../common/stdout.js';
import { parseBoxId } from '../../keys/certificate.js';
import { type Column, clean, print } from '../output.js';
import { describeDetails, duration } from '../status-text.js';
import { isoTime } from '../time.js';
import { checkWorkingFolder } from '../working-folder.js';
import { type BoxHealthReading, type BoxHealthRecord, HEALTH_DAEMONS, readAllBoxHealth } from './read.js';

export interface HealthOptions {
  dir?: string;
  findings?: true;
  json?: true;
}

/** Prints the health of all boxes, or of one. The exit code is 1 if the triggering service does not reply. */
export async function printBoxHealth(idText: string | undefined, options: HealthOptions): Promise<void> {
  const id = idText === undefined ? undefined : parseBoxId(idText, 'box id');
  checkWorkingFolder(options.dir);
  const reading = await readAllBoxHealth(options.dir, id);
  for (const { daemon, reason } of reading.missing)
    process.stderr.write(`${clean(`${daemon} does not reply: ${reason}`)}\n`);
  if (reading.missing.length === HEALTH_DAEMONS.length) throw noDaemon();
  const records = options.findings
    ? reading.records.filter(({ findings }) => findings.length > 0)
    : reading.records;
  if (id !== undefined && records.length === 0) throw unknownBox(id, reading);
  if (id === undefined || options.json) await print(records, columns(Date.now()), options);
  else for (const record of records) await write(`${describe(record).join('\n')}\n`);
  if (reading.missing.some(({ daemon }) => daemon === 'triggering-service')) process.exitCode = EXIT.failed;
}

function noDaemon(): MakaiError {
  return new MakaiError('TIMEOUT', 'no daemon replies, so nothing is known of the boxes', {
    hint: 'Start the daemons; for those of `makai up` name its working folder with --dir. `makai boxes list` shows the records in the store.',
  });
}

function unknownBox(id: string, { missing }: BoxHealthReading): MakaiError {
  return new MakaiError(
    'NOT_FOUND',
    `no daemon has heard of box ${id}${missing.length > 0 ? '; not all replied' : ''}`,
    {
      hint: 'It has sent nothing since the daemons started: check its power and network; `makai keys pending` lists keys that were refused.',
    },
  );
}

function columns(nowMs: number): Column<BoxHealthRecord>[] {
  const age = (ms: number | undefined): string | undefined =>
    ms === undefined ? undefined : `${duration(Math.max(0, (nowMs - ms) / 1000))} ago`;
  return [
    { title: 'box', value: ({ box_id }) => box_id, right: true },
    { title: 'findings', value: ({ findings }) => findings.map(({ code }) => code).join(' ') },
    { title: 'heard', value: ({ stream }) => age(stream?.heard_ms), right: true },
    { title: 'per s', value: ({ stream }) => stream?.per_second?.toFixed(1), right: true },
    { title: 'usual', value: ({ stream }) => stream?.usual_per_second?.toFixed(1), right: true },
    { title: 'clock s', value: ({ stream }) => seconds(stream?.clock_offset_ms), right: true },
    { title: 'spread s', value: ({ stream }) => seconds(stream?.clock_spread_ms), right: true },
    { title: 'repeated', value: ({ stream }) => stream?.repeated_times, right: true },
    { title: 'dropped', value: ({ stream }) => stream && sum(stream.dropped), right: true },
    {
      title: 'invalid %',
      value: ({ stream }) => stream && (100 * stream.invalid_share).toFixed(1),
      right: true,
    },
    {
      title: 'flagged %',
      value: ({ stream }) => stream && (100 * stream.flagged_share).toFixed(1),
      right: true,
    },
    { title: 'missed', value: ({ replies }) => replies?.missed, right: true },
    { title: 'last reply', value: ({ replies }) => age(replies?.last_reply_ms), right: true },
    {
      title: 'MB today',
      value: ({ waveforms }) => waveforms && (waveforms.stored_bytes / 1e6).toFixed(1),
      right: true,
    },
    { title: 'address', value: (record) => addressesOf(record).join(' ') },
  ];
}

/** Newest first, of all brokers, each once. */
function addressesOf({
  command_connections: commands,
  measurement_connections: measurements,
}: BoxHealthRecord): string[] {
  const all = [...(measurements?.addresses ?? []), ...(commands?.addresses ?? [])];
  return [...new Set(all.map(({ address }) => address))];
}

function seconds(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : (ms / 1000).toFixed(1);
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

/** Times as dates, findings with what to do. */
function describe({ box_id, findings, ...parts }: BoxHealthRecord): string[] {
  const head = [`box ${box_id}: ${findings.length === 0 ? 'no finding' : ''}`.trimEnd()];
  for (const { code, info, since_ms, todo } of findings) {
    head.push(`  ${code} since ${isoTime(since_ms)}: ${info}`, `    do: ${todo}`);
  }
  return [...head.map(clean), ...describeDetails(withDates(parts)).map((line) => `  ${line}`)];
}

/** Fields that are points in time. */
const TIMES = new Set(['heard_ms', 'last_step_at_ms', 'last_ms', 'last_reply_ms']);

function withDates(values: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]): [string, unknown] => {
      if (TIMES.has(name) && typeof value === 'number') return [name.replace(/_ms$/, ''), isoTime(value)];
      if (Array.isArray(value))
        return [name, value.map((one) => (typeof one === 'object' && one !== null ? withDates(one) : one))];
      return [name, typeof value === 'object' && value !== null ? withDates(value) : value];
    }),
  );
}
