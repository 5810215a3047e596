/** The health of all boxes as the service serves it: what the stream shows, with the findings of everybody, worst first. */
import { worseFirst } from '../../common/box-findings.js';
import type { Core } from '../core.js';
import type { BoxHealth } from './record.js';

/** @param boxId only this one */
export function boxHealth(
  { boxFindings, intake }: Pick<Core, 'boxFindings' | 'intake'>,
  boxId?: number,
): BoxHealth[] {
  return [...intake.health.records(boxId)]
    .map((record) => ({ ...record, findings: boxFindings.of(Number(record.box_id)) }))
    .sort((a, b) => worseFirst(a.findings, b.findings) || Number(a.box_id) - Number(b.box_id));
}
