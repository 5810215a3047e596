/** Everything that is known of the boxes: certificates, records, and what the running daemons heard. */
import type { BoxDocument } from '../../store/documents.js';
import { type BoxHealthRecord, readAllBoxHealth } from '../box-health/read.js';
import { type Deployment, examine } from '../doctor/deployment.js';
import { type Fields, fieldsAt, rowsAt, text } from '../doctor/reading.js';
import { readStored } from '../doctor/stored.js';
import { certifiedIds } from './expected.js';
import { HEARD_MS, type KnownBox, type Strangers, whyNot } from './why.js';

/** One box, with the names that it has in `--json`. */
export interface BoxStatusRow {
  box_id: string;
  name?: string;
  /** a certificate, or a key in the store that is read, names it */
  expected: boolean;
  /** it has a record in the store; null: the store could not be read */
  record: boolean | null;
  unplugged: boolean;
  /** `meter`: the gateway reads it over MQTT */
  kind?: 'meter';
  /** within the last minute; a meter within the time that its settings say */
  heard: boolean;
  /** Unix ms */
  last_ms?: number;
  per_second?: number;
  findings: string[];
  addresses: string[];
  why?: string;
}

export interface BoxStatusReading {
  /** worst first: expected and not heard, then with findings, then without a record, then by id */
  rows: BoxStatusRow[];
  strangers: Strangers;
  /** daemons that do not reply */
  missing: string[];
}

const BROKERS = ['triggering-broker', 'acquisition-broker'] as const;

/** @param folder working folder of `makai up`; without it the default files */
export async function readBoxStatus(
  folder: string | undefined,
  nowMs = Date.now(),
): Promise<BoxStatusReading> {
  const [deployment, health] = await Promise.all([examine(folder), readAllBoxHealth(folder)]);
  const stored = await readStored(deployment);
  const certified = await certifiedIds(deployment, stored);
  const records = new Map(
    stored.boxes.filter(({ kind }) => kind !== 'import').map((box) => [box.box_id, box]),
  );
  const healths = new Map(health.records.map((record) => [record.box_id, record]));
  const strangers = strangersOf(deployment, new Set(health.missing.map(({ daemon }) => daemon)));
  const ids = new Set([...certified, ...records.keys(), ...healths.keys(), ...strangers.refusedIds]);
  const rows = [...ids].map((id): BoxStatusRow => {
    const [record, of] = [records.get(id), healths.get(id)];
    const box: KnownBox = {
      ...{ id, certified: certified.has(id) || acceptsAll(deployment), health: of },
      ...{
        recorded: stored.isKnown ? record !== undefined : undefined,
        unplugged: record?.unplugged ?? false,
      },
    };
    return rowOf(box, record, strangers, nowMs);
  });
  return {
    rows: rows.sort(worst),
    strangers,
    missing: health.missing.map(({ daemon, reason }) => `${daemon}: ${reason}`),
  };
}

/** A meter sends as often as it likes; one that may be silent for ever was heard if it ever was, ms. */
function heardWithin(health: BoxHealthRecord | undefined): number {
  const meter = health?.meter;
  if (meter === undefined) return HEARD_MS;
  return meter.silent_after_ms === 0 ? Number.POSITIVE_INFINITY : meter.silent_after_ms;
}

function acceptsAll(deployment: Deployment): boolean {
  return deployment['triggering-broker'].settings?.allow.any === true;
}

function rowOf(
  box: KnownBox,
  record: BoxDocument | undefined,
  strangers: Strangers,
  nowMs: number,
): BoxStatusRow {
  const { health, id, recorded, unplugged } = box;
  const name = record?.name;
  const kind = record?.kind === 'meter' ? record.kind : undefined;
  const stream = health?.stream;
  const addresses = [health?.measurement_connections, health?.command_connections].flatMap((connections) =>
    (connections?.addresses ?? []).map(({ address }) => address),
  );
  const why = whyNot(box, strangers, nowMs);
  return {
    box_id: id,
    ...(name === undefined ? {} : { name }),
    expected: box.certified,
    record: recorded ?? null,
    unplugged,
    ...(kind === undefined ? {} : { kind }),
    heard: stream !== undefined && nowMs - stream.heard_ms <= heardWithin(box.health),
    ...(stream === undefined ? {} : { last_ms: stream.heard_ms }),
    ...(stream?.per_second === undefined ? {} : { per_second: stream.per_second }),
    findings: (health?.findings ?? []).map(({ code }) => code),
    addresses: [...new Set(addresses)],
    ...(why === undefined ? {} : { why }),
  };
}

/** Connections and ids that no box of ours explains, from the status of the daemons. */
function strangersOf(deployment: Deployment, missing: ReadonlySet<string>): Strangers {
  const details = BROKERS.map((kind): Fields => deployment[kind].running?.details ?? {});
  const addresses = (path: string): string[] =>
    details.flatMap((of) => rowsAt(of, path).flatMap((row) => text(row, 'address') ?? []));
  const service = deployment['triggering-service'].running?.details ?? {};
  const refused = rowsAt(fieldsAt(service, 'refused_ids'), 'newest').flatMap(({ box_id }) =>
    typeof box_id === 'string' || typeof box_id === 'number' ? [String(box_id)] : [],
  );
  return {
    wrongServerKey: [...new Set(addresses('wrong_server_key'))],
    refusedKeys: [...new Set(addresses('access.gate.pending'))],
    refusedIds: new Set(refused),
    brokers: {
      measurements: !missing.has('triggering-broker'),
      commands: !missing.has('acquisition-broker'),
    },
  };
}

function worst(a: BoxStatusRow, b: BoxStatusRow): number {
  const rank = ({ findings, record, why }: BoxStatusRow): number =>
    why !== undefined ? 0 : findings.length > 0 ? 1 : record === false ? 2 : 3;
  return rank(a) - rank(b) || Number(a.box_id) - Number(b.box_id);
}
