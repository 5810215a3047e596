/** Replies on a ROUTER that does what a REP socket does (`bound.replier` in sockets.ts). */

/**
 * The frames that go before a reply: who asked, and those up to the empty one.
 * @returns undefined for a message without an empty frame, to which there is no reply; REP drops it as well (ZeroMQ RFC 28)
 */
export function envelopeOf(frames: readonly Buffer[]): Buffer[] | undefined {
  const delimiter = frames.findIndex((frame, i) => i > 0 && frame.length === 0);
  return delimiter === -1 ? undefined : frames.slice(0, delimiter + 1);
}
