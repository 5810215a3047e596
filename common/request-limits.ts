/** Event requests on their way from a service to the acquisition broker: what one side may send the other takes. */

/** Boxes that one request may name: with ids and description of the greatest length it is within `limits.request_bytes` (65,536) of the broker. */
export const MAX_BOXES_PER_REQUEST = 10_000;

/**
 * Defaults of the configuration. Where the whole grid sags each box may have an event of its own, so `takenAtOnce` is as many as the broker
 * remembers boxes of one kind (it numbers and stores some thousand a second). What is sent at once is less by 25 s of `perSecond`: so long
 * may requests be held up between the two without being too many when they arrive together.
 */
export const REQUESTS = { takenAtOnce: 20_000, sentAtOnce: 15_000, perSecond: 200 } as const;
