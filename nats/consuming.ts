/** How messages of a stream are asked for. */

/**
 * A request for messages ends after this time and is made again, ms. Twice in this time its server says that it is still there. Where that does not come, another request
 * is made; where the consumer has no server at that moment, it is tried again after about this time. With the client's 30 s a partition waited for most of a minute
 * after a server of NATS was killed.
 */
const PULL_MS = 5000;

/** A stream or consumer that is gone ends the reading. */
export const CONSUMING = { expires: PULL_MS, abort_on_missing_resource: true } as const;
