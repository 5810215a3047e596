/** Boxes, their health, and locations. */
import { MakaiError } from '../../common/errors.js';
import { writeAudit } from '../../daemon/audit.js';
import { storeRecord } from '../../daemon/box-record.js';
import type { BoxDocument } from '../../store/store.js';
import { auditName, type Caller } from '../access/caller.js';
import type { Box, BoxChange, Location } from '../api/boxes.js';
import { byId, type KnownBoxes, locationNow } from '../boxes.js';
import { findingsOf } from '../daemons/daemons.js';
import type { Services } from '../services.js';
import type { Handlers } from './handler.js';

type BoxHandlers = Pick<
  Handlers,
  | 'listBoxes'
  | 'getBox'
  | 'addBox'
  | 'changeBox'
  | 'listBoxHealth'
  | 'getBoxHealth'
  | 'listLocations'
  | 'putLocation'
>;

export function boxHandlers(services: Services): BoxHandlers {
  const { boxes, daemons, limits, link, live } = services;
  const jsonOf = (known: KnownBoxes, id: string): Box => boxJson(services, known, id);
  const found = async (id: string): Promise<Box> => {
    const known = await boxes.known();
    if (!known.ids.includes(id) && live.last(id) === undefined) throw noBox(id);
    return jsonOf(known, id);
  };
  const change = (
    id: string,
    caller: Caller | undefined,
    work: (before: BoxDocument | undefined) => BoxDocument,
  ): Promise<Box> =>
    limits.changes.run(async () => {
      await link.read(async (store) => {
        const before = await store.box(id);
        const after = work(before);
        const command = before === undefined ? 'boxes add' : 'boxes set';
        const user = auditName(caller);
        await storeRecord(store, { command, user, before, after, nowMs: services.clock.now() });
      });
      boxes.forget();
      return found(id);
    });
  const locations = async (): Promise<Location[]> => {
    const known = await boxes.known();
    const described = await link.read((store) => store.locations());
    const at = new Map<string, string[]>(described.map(({ slug }) => [slug, []]));
    for (const box of known.records.values()) {
      const slug = locationNow(box);
      if (slug !== undefined) at.set(slug, [...(at.get(slug) ?? []), box.box_id]);
    }
    const bySlug = new Map(described.map((one) => [one.slug, one]));
    return [...at]
      .map(([slug, box_ids]) => ({ ...bySlug.get(slug), slug, box_ids: box_ids.sort(byId) }))
      .sort((a, b) => a.slug.localeCompare(b.slug));
  };
  return {
    listBoxes: async () => {
      const known = await boxes.known();
      const ids = [...new Set([...known.ids, ...live.heardIds()])].sort(byId);
      return { items: ids.map((id) => jsonOf(known, id)) };
    },
    getBox: ({ params }) => found(params.box_id),
    addBox: ({ body: { box_id, ...fields }, caller }) =>
      change(box_id, caller, (before) => {
        if (before !== undefined) throw new MakaiError('BOX_EXISTS', `box ${box_id} already has a record`);
        return changed({ box_id, calibration_constant: 1, unplugged: false }, fields);
      }),
    changeBox: ({ body, caller, params: { box_id } }) =>
      change(box_id, caller, (before) => {
        if (before === undefined) throw noBox(box_id);
        return changed(before, body);
      }),
    listBoxHealth: async () => {
      const { missing, records } = await daemons.boxHealth();
      return { items: records.map(healthJson), missing };
    },
    getBoxHealth: async ({ params: { box_id } }) => {
      const { missing, records } = await daemons.boxHealth(box_id);
      const [record] = records;
      return { ...healthJson(record ?? { box_id, findings: [] }), missing };
    },
    listLocations: async () => ({ items: await locations() }),
    putLocation: async ({ body, caller, params: { slug } }) => {
      await limits.changes.run(() =>
        link.read(async (store) => {
          const before = (await store.locations()).find((one) => one.slug === slug);
          const after = { slug, ...definedOnly(body) };
          await store.putLocation(after);
          const change = { command: 'locations set', subject: `location ${slug}`, before, after };
          await writeAudit(store, auditName(caller), change);
        }),
      );
      return (await locations()).find((one) => one.slug === slug) ?? { slug, box_ids: [] };
    },
  };
}

type HealthRecord = Awaited<ReturnType<Services['daemons']['boxHealth']>>['records'][number];
type Part = Record<string, unknown>;

function healthJson(record: HealthRecord) {
  const { command_connections, measurement_connections, replies, stream, waveforms } = record;
  return definedOnly({
    box_id: record.box_id,
    findings: findingsOf(record),
    stream: stream as Part | undefined,
    measurement_connections: measurement_connections as Part | undefined,
    command_connections: command_connections as Part | undefined,
    replies: replies as Part | undefined,
    waveforms: waveforms as Part | undefined,
  });
}

function noBox(id: string): MakaiError {
  return new MakaiError(
    'NOT_FOUND',
    `there is no box ${id}: it has no record and no data, and is not heard`,
    {
      hint: 'GET /boxes lists the boxes.',
    },
  );
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> } extends infer D
  ? { [K in keyof T as undefined extends T[K] ? never : K]: D[K & keyof D] } & {
      [K in keyof T as undefined extends T[K] ? K : never]?: D[K & keyof D];
    }
  : never;

/** Without fields that are undefined. */
export function definedOnly<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

function boxJson({ daemons, live }: Services, known: KnownBoxes, id: string): Box {
  const record = known.records.get(id);
  const { frequency, frequencyFrom, voltage, voltageFrom } = known.referenceOf(id);
  return definedOnly({
    calibration_constant: 1,
    unplugged: false,
    ...record,
    box_id: id,
    recorded: record !== undefined,
    reference: { voltage, frequency, voltage_from: voltageFrom, frequency_from: frequencyFrom },
    live: live.last(id),
    newest_ms: known.newest.get(id),
    findings: daemons.findingsOf(id),
  });
}

/** The record with what is to change; null removes a value. */
function changed(before: BoxDocument, change: BoxChange): BoxDocument {
  const next: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(change)) {
    if (value === null) delete next[name];
    else if (value !== undefined) next[name] = value;
  }
  return next as unknown as BoxDocument; // fields of the schema of the body, which are those of a record
}
