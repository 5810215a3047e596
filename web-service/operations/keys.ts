/** Keys of boxes: in the brokers' folder of certificates where the configuration names it, else in the records of the boxes. */
import { basename, dirname, join } from 'node:path';
import { MakaiError } from '../../common/errors.js';
import { writeAudit } from '../../daemon/audit.js';
import { readPending } from '../../daemon/pending-keys.js';
import { parsePublicKey } from '../../keys/key.js';
import { type KeyLayout, keyLayout, REVOKED_FOLDER } from '../../keys/layout.js';
import { acceptKey, listKeys, revokeBox } from '../../keys/manage.js';
import { auditName, type Caller } from '../access/caller.js';
import type { Keys } from '../api/system.js';
import { byId } from '../boxes.js';
import type { Services } from '../services.js';
import type { Handlers } from './handler.js';

type KeyHandlers = Pick<Handlers, 'listKeys' | 'listPendingKeys' | 'acceptKey' | 'revokeKey'>;

const BROKERS = ['triggering-broker', 'acquisition-broker'] as const;

export function keyHandlers(services: Services): KeyHandlers {
  const { boxes, clock, daemons, limits, link, settings } = services;
  const layout = layoutOf(settings.clientCerts);
  const all = async (): Promise<Keys> => {
    const records = [...(await boxes.known()).records.values()];
    const stored = records.flatMap(({ box_id, public_key }) =>
      public_key === undefined
        ? []
        : [{ box_id, state: 'allowed' as const, public_key, from: 'store' as const }],
    );
    if (layout === undefined) return { items: stored, bad: [] };
    const { bad, keys } = await listKeys(layout);
    const items = keys.flatMap(({ box_id, public_key, state }) =>
      state === 'allowed' || state === 'revoked'
        ? [{ ...(box_id === null ? {} : { box_id }), state, public_key, from: 'certificate' as const }]
        : [],
    );
    return {
      items: [...items, ...stored].sort((a, b) => byId(a.box_id ?? '', b.box_id ?? '')),
      bad: bad.map(({ reason }) => reason),
    };
  };
  const ofBox = async (boxId: string) => (await all()).items.filter(({ box_id }) => box_id === boxId);
  /** Which keys of a box are allowed: before and after a change. */
  const allowedOf = async (boxId: string) => ({
    allowed_keys: (await ofBox(boxId))
      .filter(({ state }) => state === 'allowed')
      .map(({ public_key }) => public_key),
  });
  /** Makes a change of a box's keys, and writes who made it. */
  const change = <T>(
    command: 'keys accept' | 'keys revoke',
    boxId: string,
    caller: Caller | undefined,
    work: () => Promise<T>,
  ): Promise<T> =>
    limits.changes.run(async () => {
      const before = await allowedOf(boxId);
      const result = await work();
      const entry = { command, subject: `box ${boxId}`, before, after: await allowedOf(boxId) };
      await link.read((store) => writeAudit(store, auditName(caller), entry));
      return result;
    });
  return {
    listKeys: all,
    listPendingKeys: async () => {
      const endpoints = BROKERS.map((kind) => ({ kind, endpoint: daemons.endpointOf(kind) }));
      const { keys, silent } = await readPending(
        endpoints.map(({ endpoint }) => endpoint),
        layout,
      );
      const allowed = new Set(
        (await all()).items.filter(({ state }) => state === 'allowed').map((one) => one.public_key),
      );
      const missing = silent.map((reason) => ({
        daemon: endpoints.find(({ endpoint }) => reason.startsWith(`${endpoint}: `))?.kind ?? '',
        reason,
      }));
      return { items: keys.filter(({ public_key }) => !allowed.has(public_key)), missing };
    },
    acceptKey: ({ body: { box_id, public_key, replace, restore }, caller }) =>
      change('keys accept', box_id, caller, async () => {
        if (layout !== undefined) {
          await acceptKey(layout, public_key, box_id, { replace, restore });
          return { box_id, state: 'allowed', public_key, from: 'certificate' };
        }
        const key = parsePublicKey(public_key, 'public_key');
        await link.read(async (store) => {
          const known = await store.boxes();
          const other = known.find((box) => box.public_key === key && box.box_id !== box_id);
          if (other !== undefined)
            throw new MakaiError(
              'KEY_FILE_IO',
              `this key is box ${other.box_id}'s: two boxes cannot share a key`,
            );
          const box = known.find((one) => one.box_id === box_id);
          if (box?.public_key !== undefined && box.public_key !== key && !replace)
            throw new MakaiError('KEY_FILE_IO', `box ${box_id} has another key`, {
              hint: 'Send "replace": true if the old key is to go.',
            });
          await store.putBox({
            ...(box ?? {
              box_id,
              calibration_constant: 1,
              unplugged: false,
              location_start_time_ms: clock.now(),
            }),
            public_key: key,
          });
        });
        boxes.forget();
        return { box_id, state: 'allowed', public_key: key, from: 'store' };
      }),
    revokeKey: ({ body: { box_id }, caller }) =>
      change('keys revoke', box_id, caller, async () => {
        const before = (await ofBox(box_id)).filter(({ state }) => state === 'allowed');
        if (before.length === 0)
          throw new MakaiError('NOT_FOUND', `box ${box_id} has no key that is allowed`);
        if (layout !== undefined && before.some(({ from }) => from === 'certificate'))
          await revokeBox(layout, box_id);
        if (before.some(({ from }) => from === 'store')) {
          await link.read(async (store) => {
            const { public_key, ...box } = (await store.box(box_id)) ?? {
              box_id,
              calibration_constant: 1,
              unplugged: false,
            };
            // Its record says that it is not allowed; the folder says so too, also where the key is allowed again by mistake.
            if (layout !== undefined && public_key !== undefined) await revokeBox(layout, box_id, public_key);
            await store.putBox(box);
          });
          boxes.forget();
        }
        return { items: await ofBox(box_id) };
      }),
  };
}

/** @param folder of public certificates */
function layoutOf(folder: string | undefined): KeyLayout | undefined {
  if (folder === undefined) return undefined;
  const layout = keyLayout(dirname(folder));
  if (basename(folder) === 'public_keys') return layout;
  return {
    ...layout,
    publicDirectory: folder,
    revokedDirectory: join(folder, REVOKED_FOLDER),
    serverPublic: join(folder, basename(layout.serverPublic)),
    nextServerPublic: join(folder, basename(layout.nextServerPublic)),
    boxPublic: (boxId) => join(folder, basename(layout.boxPublic(boxId))),
  };
}
