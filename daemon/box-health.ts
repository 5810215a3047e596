/**
 * The health of boxes, one record per box, put together from what each running daemon serves (`GET /box-health`): daemons know nothing of each other, so
 * whoever reads it does that.
 */
import { BOX_FINDING_CODES, BOX_FINDINGS, type BoxFinding, worseFirst } from '../common/box-findings.js';
import { GATEWAY_BOX_ID } from '../common/box-id.js';
import { messageOf } from '../common/errors.js';
import type { Kind } from '../config/kinds.js';
import { parseStatusEndpoint } from '../config/types.js';
import { readBoxHealth } from './status/client.js';

/** The daemons that boxes connect to, and the one that gets their measurements. */
export const HEALTH_DAEMONS = [
  'triggering-service',
  'triggering-broker',
  'acquisition-broker',
] as const satisfies readonly Kind[];
export type HealthDaemon = (typeof HEALTH_DAEMONS)[number];
/** Reads meters, where there are any: one that does not reply is not missing. */
const METER_DAEMON = 'gateway';

/** One box. What a daemon that does not reply would say is left out; what is in each part is that daemon's own. */
export interface CollectedBoxHealth {
  box_id: string;
  /** worst first; `todo` says what to do */
  findings: (BoxFinding & { todo: string })[];
  /** from the triggering service */
  stream?: object;
  /** from the triggering broker: the measurement connection of the box's key */
  measurement_connections?: object;
  /** from the acquisition broker: the command and reply connections of the box's key */
  command_connections?: object;
  replies?: object;
  /** from the acquisition broker: bytes of waveforms today */
  waveforms?: object;
  /** from the gateway, of a meter */
  meter?: object;
}

export interface CollectedReading {
  /** worst first, then by id */
  records: CollectedBoxHealth[];
  /** daemons that did not reply, and why */
  missing: { daemon: HealthDaemon; reason: string }[];
}

/**
 * Asks the daemons.
 * @param endpointOf `status` of a daemon. What it throws is a reason why the daemon is missing
 * @param boxId only this one
 */
export async function collectBoxHealth(
  endpointOf: (daemon: HealthDaemon | typeof METER_DAEMON) => string,
  boxId?: string,
): Promise<CollectedReading> {
  const records = new Map<string, CollectedBoxHealth>();
  const missing: CollectedReading['missing'] = [];
  const parts = await Promise.all(
    ([...HEALTH_DAEMONS, METER_DAEMON] as const).map(async (daemon) => {
      try {
        const address = parseStatusEndpoint(endpointOf(daemon));
        if (address === undefined) throw new Error('its configuration has no status server');
        return { daemon, parts: await readBoxHealth(address, boxId) };
      } catch (error) {
        if (daemon !== METER_DAEMON) missing.push({ daemon, reason: messageOf(error) });
        return { daemon, parts: [] };
      }
    }),
  );
  for (const { daemon, parts: ofDaemon } of parts) for (const part of ofDaemon) add(records, daemon, part);
  const sorted = [...records.values()].sort(
    (a, b) => worseFirst(a.findings, b.findings) || Number(a.box_id) - Number(b.box_id),
  );
  return { records: sorted, missing };
}

/** A daemon of another version may serve something else: only what has the shape of a record is taken. */
function add(records: Map<string, CollectedBoxHealth>, daemon: string, part: unknown): void {
  if (!isPart(part)) return;
  const { box_id, findings, connections, meter, replies, stream, waveforms } = part;
  // The connection of the gateway, under which no box sends.
  if (box_id === String(GATEWAY_BOX_ID)) return;
  const record: CollectedBoxHealth = records.get(box_id) ?? { box_id, findings: [] };
  const known = findings.filter(({ code }) => BOX_FINDING_CODES.includes(code));
  record.findings.push(...known.map((finding) => ({ ...finding, todo: BOX_FINDINGS[finding.code].todo })));
  record.findings.sort((a, b) => worseFirst([a], [b]));
  if (stream !== undefined) record.stream = stream;
  if (meter !== undefined) record.meter = meter;
  if (replies !== undefined) record.replies = replies;
  if (waveforms !== undefined) record.waveforms = waveforms;
  if (connections !== undefined && daemon === 'triggering-broker')
    record.measurement_connections = connections;
  if (connections !== undefined && daemon === 'acquisition-broker') record.command_connections = connections;
  records.set(box_id, record);
}

interface Part {
  box_id: string;
  findings: BoxFinding[];
  connections?: object;
  meter?: object;
  replies?: object;
  stream?: object;
  waveforms?: object;
}

function isPart(value: unknown): value is Part {
  return (
    typeof value === 'object' &&
    value !== null &&
    'box_id' in value &&
    typeof value.box_id === 'string' &&
    'findings' in value &&
    Array.isArray(value.findings) &&
    value.findings.every((one) => typeof one === 'object' && one !== null && 'code' in one)
  );
}
