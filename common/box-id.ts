/** Box ids: int32 in every message of both protocols (docs/wire-protocols.md). */

export const MAX_BOX_ID = 2 ** 31 - 1;

/** The id in the sample settings of existing boxes: a box that has it was most likely never given one of its own. */
export const DEFAULT_BOX_ID = 0;

/**
 * Ids from here up are no boxes: channels of other instruments' recordings (`makai import`) and meters that the gateway reads over MQTT. Which of them a record
 * is, its `kind` says.
 */
export const FIRST_OTHER_ID = 1_000_000_000;

/** The id in the gateway's certificate, with whose key the measurements of all meters come. No box has it. */
export const GATEWAY_BOX_ID = FIRST_OTHER_ID - 1;

/** Whether a value can be the id of a box. */
export function isBoxId(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_BOX_ID;
}
