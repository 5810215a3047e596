/** Event requests on their way from a service to the acquisition broker: what one side may send the other accepts. */

/** Longest frame that a client may send to the acquisition broker, which disconnects a client that sends a longer one. */
export const MAX_REQUEST_BYTES = 65_536;

/** Boxes that one request may name: with ids and a description of the longest form it fits in MAX_REQUEST_BYTES. */
export const MAX_BOXES_PER_REQUEST = 10_000;

/**
 * Defaults of the configuration. In a sag of the whole grid each box may get an event of its own, so `acceptedBurst` is as many as the broker
 * remembers boxes of one kind (it stores some thousand events per second). `sentBurst` is lower by 25 s of `perSecond`: requests may be
 * delayed that long on the way without being too many when they arrive together.
 */
export const REQUESTS = { acceptedBurst: 20_000, sentBurst: 15_000, perSecond: 200 } as const;
