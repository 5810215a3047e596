/** Boxes: their findings, as the running daemons see them (docs/box-health.md). */
import { type BoxHealthReading, type BoxHealthRecord, readAllBoxHealth } from '../box-health/read.js';
import { type Deployment, each } from './deployment.js';
import { type Diagnosis, reporter } from './diagnosis.js';
import { listed, type Stored } from './stored.js';

const { ok, note, wrong } = reporter('boxes');
const clock = reporter('clock');

/** Findings that are listed one by one. */
const LISTED = 50;
/** A service that runs for so long has heard every box that sends. */
const ALL_HEARD_SECONDS = 300;
/** A box sends several times a second or once a second. */
const SILENT_MS = 5 * 60_000;
/** So many boxes, and this part of all, with the same fault of the clock: the clock of this machine is wrong. */
const MANY = 3;
const MOST = 0.5;

/** @param folder working folder of `makai up`; without it the default files */
export async function boxes(
  deployment: Deployment,
  folder: string | undefined,
  stored: Stored,
  certified: ReadonlySet<string>,
): Promise<Diagnosis[]> {
  if (each(deployment).every(({ running }) => running === undefined))
    return [note('boxes', 'nothing is known of their health, since no daemon replies', 'start the daemons')];
  const reading = await readAllBoxHealth(folder);
  const uptime = deployment['triggering-service'].running?.uptime_seconds ?? 0;
  return [
    ...boxDiagnoses(reading),
    ...neverHeard(reading, stored, uptime, certified),
    ...silent(reading),
    ...withoutRecord(reading, stored),
  ];
}

/** Boxes in use, by their records or by a certificate, that the triggering service has not heard since its start. */
export function neverHeard(
  { missing, records }: BoxHealthReading,
  { boxes: stored }: Stored,
  uptimeSeconds: number,
  certified: ReadonlySet<string> = new Set(),
): Diagnosis[] {
  if (uptimeSeconds < ALL_HEARD_SECONDS || missing.some(({ daemon }) => daemon === 'triggering-service'))
    return [];
  const heard = new Set(records.flatMap(({ box_id, stream }) => (stream === undefined ? [] : [box_id])));
  const notInUse = new Set(
    stored.filter(({ kind, unplugged }) => unplugged || kind !== undefined).map(({ box_id }) => box_id),
  );
  const isSilent = (id: string): boolean => !notInUse.has(id) && !heard.has(id);
  const recorded = stored.map(({ box_id }) => box_id).filter(isSilent);
  const others = [...certified].filter((id) => isSilent(id) && !recorded.includes(id));
  return [
    ...unheard(recorded, 'in use by the records in the store'),
    ...unheard(others, 'certified, so that they may connect'),
  ];
}

function unheard(ids: readonly string[], why: string): Diagnosis[] {
  if (ids.length === 0) return [];
  return [
    note(
      subjectOf(ids),
      `${why}, but not heard since the start of the triggering service`,
      '`makai boxes status` says why, as far as it can be known; one that is not in use: makai boxes set <id> --unplugged',
    ),
  ];
}

/** Boxes that were heard and are not any more. */
export function silent({ records }: BoxHealthReading, nowMs = Date.now()): Diagnosis[] {
  const ids = records
    .filter(({ stream }) => stream?.unplugged === false && nowMs - stream.heard_ms > SILENT_MS)
    .map(({ box_id }) => box_id);
  if (ids.length === 0) return [];
  return [
    wrong(
      subjectOf(ids),
      `heard before, but not for ${SILENT_MS / 60_000} min`,
      '`makai boxes status` says since when, and why as far as it can be known',
    ),
  ];
}

/** Boxes that send and have no record: their volts are those of the default calibration. */
export function withoutRecord(
  { records }: BoxHealthReading,
  { boxes: stored, isKnown }: Stored,
): Diagnosis[] {
  if (!isKnown) return [];
  const recorded = new Set(stored.map(({ box_id }) => box_id));
  const ids = records
    .filter(({ box_id, stream }) => stream !== undefined && !recorded.has(box_id))
    .map(({ box_id }) => box_id);
  if (ids.length === 0) return [];
  return [
    note(
      subjectOf(ids),
      'heard, but without a record in the store: no name, no place, and waveforms without calibration',
      `makai boxes add ${ids[0] ?? '<id>'} --name <name> --location <place> --calibration <counts per volt>`,
    ),
  ];
}

const subjectOf = (ids: readonly string[]): string => `${ids.length === 1 ? 'box' : 'boxes'} ${listed(ids)}`;

export function boxDiagnoses({ records }: BoxHealthReading): Diagnosis[] {
  const found = records.flatMap(({ box_id, findings }) =>
    findings.map(({ code, info, todo }) => wrong(`box ${box_id}`, `${code}: ${info}`, todo)),
  );
  const evidence = records
    .filter(hasEvidence)
    .map(({ box_id }) =>
      note(
        `box ${box_id}`,
        'its key has had two connections on one endpoint for longer than 90 s',
        `\`makai boxes health ${box_id}\` shows the addresses; is its memory card in use twice?`,
      ),
    );
  const all = [...ownClock(records), ...found, ...evidence];
  const more = all.length - LISTED;
  if (more > 0)
    return [
      ...all.slice(0, LISTED),
      wrong('boxes', `${more} more findings of boxes`, '`makai boxes health --findings` lists all'),
    ];
  if (all.length > 0) return all;
  if (records.length === 0) return [ok('boxes', 'the daemons have heard none yet')];
  return [ok('boxes', `${records.length} known to the daemons, none with a finding`)];
}

function hasEvidence({
  command_connections: commands,
  findings,
  measurement_connections: measurements,
}: BoxHealthRecord): boolean {
  const isTwice = measurements?.twice === true || commands?.twice === true;
  return isTwice && findings.every(({ code }) => code !== 'ID_IN_USE_TWICE');
}

function ownClock(records: readonly BoxHealthRecord[]): Diagnosis[] {
  const off = records.filter(({ findings }) => findings.some(({ code }) => code === 'CLOCK_OFFSET'));
  const ahead = off.filter(({ stream }) => (stream?.clock_offset_ms ?? 0) > 0).length;
  const same = Math.max(ahead, off.length - ahead);
  if (same < MANY || same < MOST * records.length) return [];
  const side = ahead === same ? 'ahead of' : 'behind';
  const message = `${same} of ${records.length} boxes are ${side} it: it is probably this clock that is wrong`;
  return [
    clock.wrong('this machine', message, 'check it with timedatectl, and synchronise it with a time server'),
  ];
}
