/** What the elected service writes down in NATS: how far it has come, and the requests that it is about to make. */
import { z } from 'zod';
import type { EventRequest } from '../../plugins/sdk/plugin.js';

const requestSchema = z.object({
  startMs: z.number(),
  endMs: z.number(),
  boxIds: z.array(z.number()),
  triggerType: z.enum(['FREQUENCY_SAG', 'FREQUENCY_SWELL', 'VOLTAGE_SAG', 'VOLTAGE_SWELL', 'OTHER']),
  percentMagnitude: z.number(),
  description: z.string(),
  requestData: z.boolean(),
  urgent: z.boolean().optional(),
  familyStartMs: z.number().optional(),
});

const recordSchema = z.object({
  v: z.literal(1),
  /** of the lease of who wrote it */
  revision: z.number().int(),
  /** name of who wrote it, for people */
  service: z.string(),
  /** what seconds up to this end gave has been made, but for what is in `open`; Unix ms */
  doneMs: z.number(),
  /** may have been made or not, if whoever wrote it was killed */
  open: z.array(z.object({ plugin: z.string(), request: requestSchema })),
});

export interface OpenPluginRequest {
  plugin: string;
  request: EventRequest;
}
export type ElectedRecord = Omit<z.infer<typeof recordSchema>, 'open'> & {
  open: readonly OpenPluginRequest[];
};

export function encodeRecord(record: ElectedRecord): Buffer {
  return Buffer.from(JSON.stringify(record));
}

/** @returns undefined for what is no record */
export function decodeRecord(data: Uint8Array): ElectedRecord | undefined {
  try {
    const { data: found } = recordSchema.safeParse(JSON.parse(Buffer.from(data).toString('utf8')));
    return found && { ...found, open: found.open.map(openOf) };
  } catch {
    return undefined; // no JSON
  }
}

/** Without members that are undefined. */
function openOf({ plugin, request }: z.infer<typeof recordSchema>['open'][number]): OpenPluginRequest {
  const { familyStartMs, urgent, ...rest } = request;
  return {
    plugin,
    request: {
      ...rest,
      ...(urgent === undefined ? {} : { urgent }),
      ...(familyStartMs === undefined ? {} : { familyStartMs }),
    },
  };
}
