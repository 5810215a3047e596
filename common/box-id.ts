/** Box ids: int32 in every message of both protocols (docs/wire-protocols.md). */

export const MAX_BOX_ID = 2 ** 31 - 1;

/** Whether a number can be the id of a box. */
export function isBoxId(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= MAX_BOX_ID;
}
