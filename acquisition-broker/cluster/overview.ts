/** What this broker says of itself when `makai status --cluster` asks all of them. */
import { encodeReply } from '../../nats/broker-overview.js';
import { DIALECTS } from '../../proto/index.js';
import type { ConnectedBoxes } from '../boxes/connected-boxes.js';
import type { OpenRequests } from '../open-requests/open-requests.js';
import type { BoxesElsewhere } from './boxes-elsewhere.js';

export function overviewOf(
  member: string,
  name: string,
  {
    boxes,
    open,
  }: { boxes: Pick<ConnectedBoxes, 'idsHere' | 'anonymousHere'>; open: Pick<OpenRequests, 'count'> },
  elsewhere: Pick<BoxesElsewhere, 'members'>,
): Uint8Array {
  return encodeReply({
    ...{ name, member, open_requests: open.count, hears: elsewhere.members },
    boxes: Object.fromEntries(
      DIALECTS.map((dialect) => {
        const known = boxes.idsHere(dialect).length;
        return [dialect.name, { known, connections: Math.max(known, boxes.anonymousHere(dialect)) }];
      }),
    ),
  });
}
