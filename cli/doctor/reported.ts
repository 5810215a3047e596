/** What the running daemons report about themselves, judged: that the doctor reaches a database does not mean that the daemon does. */
import type { Diagnosis } from './diagnosis.js';
import type { Report } from './report.js';
import { handshakes, sources } from './reported-access.js';
import { drops } from './reported-drops.js';
import { followers, pluginLosses, stream, unheard } from './reported-flow.js';
import { gateway } from './reported-gateway.js';
import { kafka } from './reported-kafka.js';
import { nats } from './reported-nats.js';
import { spool, storeSize, storeUp } from './reported-store.js';

export type { Report };

const JUDGEMENTS: readonly ((report: Report, nowMs: number) => Diagnosis[])[] = [
  storeUp,
  storeSize,
  spool,
  sources,
  handshakes,
  stream,
  nats,
  followers,
  unheard,
  gateway,
  kafka,
  drops,
  pluginLosses,
];

/** Nothing where nothing is to be said. */
export function judge(report: Report, nowMs = Date.now()): Diagnosis[] {
  return JUDGEMENTS.flatMap((judgement) => judgement(report, nowMs));
}
