/** What `makai status --cluster` does: the stream of measurements in NATS, and the services that share it, on whichever machines they are. */

import { MakaiError, messageOf } from '../common/errors.js';
import { EXIT } from '../common/report-error.js';
import { jsonLine, write } from '../common/stdout.js';
import { KINDS } from '../config/kinds.js';
import { loadConfig } from '../config/load.js';
import { locateConfigFile } from '../config/locate.js';
import type { NatsServers } from '../config/settings.js';
import { connectOnce } from '../nats/link.js';
import { type Overview, readOverview } from '../nats/overview.js';
import type { HeardBrokers } from '../stream/brokers.js';
import { brokerFaults, brokersText } from './cluster-brokers.js';
import { type Column, clean, plural, sizeText, table } from './output.js';
import { duration } from './status-text.js';

/** Partitions with the most batches that wait. */
const SHOWN = 5;

/**
 * Prints it, what is wrong first. The exit code is 1 if something is.
 * @throws MakaiError NATS_UNAVAILABLE; CONFIG_INVALID where no settings of this machine name NATS servers
 */
export async function printCluster(options: {
  dir?: string | undefined;
  all?: true | undefined;
  json?: true | undefined;
}): Promise<void> {
  const connection = await connectOnce(natsOf(options.dir), 'makai status');
  let overview: Overview;
  try {
    overview = await readOverview(connection);
  } catch (error) {
    // No JetStream, no right to read, or no reply while the servers elect a leader.
    throw new MakaiError('NATS_UNAVAILABLE', `${connection.getServer()}: JetStream: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    await connection.close();
  }
  const wrong = faults(overview);
  await write(
    options.json ? jsonLine({ ...overview, wrong }) : text(overview, wrong, options.all === true, Date.now()),
  );
  if (wrong.length > 0) process.exitCode = EXIT.failed;
}

/** The services' user may read more than those of the brokers: its settings come first. */
const KINDS_WITH_NATS = [
  'triggering-service',
  'analysis-service',
  'gateway',
  'triggering-broker',
  'acquisition-broker',
] as const;

function natsOf(folder: string | undefined): NatsServers {
  for (const kind of KINDS_WITH_NATS) {
    const file = locateConfigFile(kind, folder);
    const inline = folder === undefined && process.env[KINDS[kind].variable] !== undefined;
    if (file === undefined && !inline) continue;
    const { nats } = loadConfig(kind, inline ? undefined : file).settings;
    // An acquisition broker's has the servers beside other settings.
    if (nats !== undefined) return 'user' in nats ? nats : nats.servers;
  }
  throw new MakaiError(
    'CONFIG_INVALID',
    'no triggering service, analysis service, gateway or broker of this machine has the setting nats',
    {
      hint: 'there is no cluster without it (docs/cluster.md); `makai status` shows the daemons of this machine',
    },
  );
}

/** What is wrong with a cluster, one sentence each. */
export function faults({ acquisition, followers, partitions, services, stream }: Overview): string[] {
  const found: string[] = [];
  if (stream === undefined)
    found.push('the stream is not there: no triggering broker with the setting nats has run yet');
  for (const { lag, name, offline, current } of stream?.servers ?? []) {
    if (offline) found.push(`NATS server ${name} is offline`);
    else if (!current) found.push(`NATS server ${name} is ${plural(lag, 'operation')} behind`);
  }
  const known = stream?.servers.length ?? 0;
  if (stream !== undefined && known > 0 && known < stream.replicas)
    found.push(`the stream is on ${known} of ${stream.replicas} servers`);
  if (stream !== undefined && known > 0 && !stream.servers.some(({ leader }) => leader))
    found.push('the stream has no leader: measurements wait at the brokers');
  const free = partitions.filter(({ owner }) => owner === undefined);
  if (services.length === 0) found.push('no triggering service reads the stream');
  else if (free.length > 0)
    found.push(
      `nobody reads ${plural(free.length, 'partition')}: ${free.map(({ partition }) => partition).join(', ')}`,
    );
  for (const { elected, kind, services: of } of followers) {
    const divided = of.reduce((sum, one) => sum + one.partitions, 0);
    if (elected === undefined)
      found.push(
        kind === 'gateway'
          ? 'no gateway is active: nobody is notified'
          : 'no analysis service looks after groups and outages',
      );
    for (const { hears, name } of of) found.push(...unheard(kind, name, hears, name === elected));
    if (kind === 'analysis-service' && of.length > 0 && divided < partitions.length)
      found.push(`no analysis service has ${plural(partitions.length - divided, 'partition')} of the boxes`);
  }
  if (acquisition !== undefined) found.push(...brokerFaults(acquisition));
  return found;
}

/** @param isElected of several analysis services only the elected one looks for outages */
function unheard(kind: string, name: string, hears: HeardBrokers | undefined, isElected: boolean): string[] {
  const outages = isElected
    ? 'no new outage is reported meanwhile'
    : 'it would report no new outage if it were elected';
  const lost = kind === 'gateway' ? 'live values of its boxes are missing' : outages;
  const who = kind === 'gateway' ? 'gateway' : 'analysis service';
  return (hears?.missing ?? []).map(
    (endpoint) => `${who} ${name} does not hear the triggering broker ${endpoint}: ${lost}`,
  );
}

type Service = Overview['services'][number];
type Partition = Overview['partitions'][number];

const SERVICES: Column<Service>[] = [
  { title: 'service', value: ({ name }) => name },
  { title: 'partitions', value: ({ partitions }) => partitions.length, right: true },
  { title: 'waiting', value: ({ waiting }) => waiting, right: true },
  { title: 'unacknowledged', value: ({ unacknowledged }) => unacknowledged, right: true },
];

const PARTITION_COLUMNS: Column<Partition>[] = [
  { title: 'partition', value: ({ partition }) => partition, right: true },
  { title: 'service', value: ({ owner }) => owner ?? 'nobody' },
  { title: 'waiting', value: ({ waiting }) => waiting, right: true },
  { title: 'unacknowledged', value: ({ unacknowledged }) => unacknowledged, right: true },
];

function text(overview: Overview, wrong: readonly string[], all: boolean, nowMs: number): string {
  const { elected, followers, partitions, services, stream } = overview;
  const parts = wrong.map((line) => `WRONG  ${clean(line)}\n`);
  if (stream !== undefined) {
    const { batches, bytes, max_bytes, oldest_ms, replicas, servers } = stream;
    const age = oldest_ms === undefined ? '' : `, the oldest ${duration((nowMs - oldest_ms) / 1000)} old`;
    parts.push(
      `stream: ${plural(batches, 'batch', 'batches')}, ${sizeText(bytes)} of ${sizeText(max_bytes)}${age}\n`,
    );
    const names = servers.map(({ leader, name }) => (leader ? `${name} (leader)` : name));
    parts.push(clean(`replicas: ${replicas}${names.length > 0 ? `, on ${names.join(', ')}` : ''}`), '\n');
  }
  if (services.length > 0) parts.push('\n', table(SERVICES, services));
  if (elected !== undefined) parts.push(clean(`plugins that compare boxes run in ${elected}`), '\n');
  for (const { elected = 'none', kind, services: of } of followers) {
    if (kind === 'gateway') {
      const others = of.map(({ name }) => name).filter((name) => name !== elected);
      const waiting = others.length > 0 ? `; standing by: ${others.join(', ')}` : '';
      const hears = of.find((one) => one.name === elected && one.hears !== undefined)?.hears;
      const heard =
        hears === undefined
          ? ''
          : `, hears ${hears.connected} of ${plural(hears.brokers, 'triggering broker')}`;
      parts.push(clean(`active gateway: ${elected}${heard}${waiting}`), '\n');
      continue;
    }
    const names = of.map(({ name, partitions: count }) => `${name} (${plural(count, 'partition')})`);
    parts.push(clean(`analysis services: ${names.join(', ')}; groups and outages: ${elected}`), '\n');
  }
  parts.push(...brokersText(overview));
  const behind = partitions.filter(({ waiting }) => waiting > 0).toSorted((a, b) => b.waiting - a.waiting);
  if (all) parts.push('\n', table(PARTITION_COLUMNS, partitions));
  else if (behind.length > 0)
    parts.push(
      '\n',
      table(PARTITION_COLUMNS, behind.slice(0, SHOWN)),
      behind.length > SHOWN
        ? `and ${plural(behind.length - SHOWN, 'more partition')}: makai status --cluster --all\n`
        : '',
    );
  return parts.join('');
}
