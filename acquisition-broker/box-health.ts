/** What the acquisition broker knows of the health of boxes, as it serves it: connections of their keys, and their replies. */
import { type BrokerBoxHealth, boxConnections, sortRecords } from '../daemon/broker-box-health.js';
import type { Access } from '../keys/access.js';
import type { BoxReplies } from './boxes/box-replies.js';
import type { BoxBudget } from './budget/waveform-budget.js';
import type { Core } from './core.js';

export interface AcquisitionBoxHealth extends BrokerBoxHealth {
  replies?: BoxReplies;
  /** bytes of waveforms today, and windows that it was not asked for because of them */
  waveforms?: Omit<BoxBudget, 'box_id'>;
}

/**
 * @param endpoints of the sockets that boxes connect to
 * @param boxId only this one
 */
export async function boxHealth(
  { boxFindings, boxReplies, budget }: Pick<Core, 'boxFindings' | 'boxReplies' | 'budget'>,
  { gate }: Access,
  endpoints: readonly string[],
  boxId?: number,
): Promise<AcquisitionBoxHealth[]> {
  const records = new Map<string, AcquisitionBoxHealth>();
  for (const record of await boxConnections(gate.connections, endpoints, boxId))
    records.set(record.box_id, record);
  const add = (id: number, more: Partial<AcquisitionBoxHealth>): void => {
    const box_id = String(id);
    const { box_id: _, ...waveforms } = budget.of(id) ?? { box_id };
    const used = 'refused' in waveforms ? { waveforms } : {};
    const before = records.get(box_id) ?? { box_id };
    records.set(box_id, { ...before, findings: boxFindings.of(id), ...used, ...more });
  };
  for (const [id, replies] of boxReplies.list(boxId)) add(id, { replies });
  for (const { boxId: id } of boxFindings.list()) if (boxId === undefined || id === boxId) add(id, {});
  return sortRecords([...records.values()]);
}
