import { freePorts } from '../../common/free-ports.js';

/** A TCP port that is free, for programs that cannot choose one themselves. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}
