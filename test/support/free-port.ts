import { freePorts } from '../../common/free-ports.js';

/** A TCP port that is free on every address and given to no other test, for programs that cannot choose one themselves, or that come back at the same one. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}
