/** What commands and the web service write into the audit log: who changed what. */
import { isDeepStrictEqual } from 'node:util';
import type { AuditDocument, AuditLog } from '../store/store.js';

type Fields = Record<string, unknown>;

export interface Change {
  /** such as `boxes set` */
  command: string;
  /** such as `box 1001` */
  subject: string;
  /** undefined: it is new */
  before?: object | undefined;
  /** undefined: it was deleted */
  after?: object | undefined;
}

/** Writes an entry with the fields that differ; nothing where none does. @param user who changed it */
export async function writeAudit(
  store: Pick<AuditLog, 'putAudit'>,
  user: string,
  { after, before, command, subject }: Change,
): Promise<void> {
  const [old, present] = differing(before, after);
  if (old === undefined && present === undefined) return;
  const entry: AuditDocument = {
    ...{ timestamp_ms: Date.now(), user, command, subject },
    ...(old === undefined ? {} : { before: old }),
    ...(present === undefined ? {} : { after: present }),
  };
  await store.putAudit(entry);
}

function differing(
  before: object | undefined,
  after: object | undefined,
): [Fields | undefined, Fields | undefined] {
  const [old, present] = [{ ...before } as Fields, { ...after } as Fields];
  if (before === undefined || after === undefined)
    return [before === undefined ? undefined : old, after === undefined ? undefined : present];
  const names = [...new Set([...Object.keys(old), ...Object.keys(present)])];
  const changed = names.filter((name) => !isDeepStrictEqual(old[name], present[name]));
  if (changed.length === 0) return [undefined, undefined];
  const pick = (fields: Fields): Fields =>
    Object.fromEntries(changed.flatMap((name) => (name in fields ? [[name, fields[name]]] : [])));
  return [pick(old), pick(present)];
}
