/** Receiving from a zeromq socket without its one surprise. */
import { codeOf } from '../common/errors.js';

export interface Readable {
  receive(): Promise<Buffer[]>;
}

/**
 * The next message; undefined when there was none after all. libzmq may signal a socket as readable and then have nothing (a peer that
 * was cut off in the middle of a multipart message): zeromq.js passes that on as EAGAIN, although no time limit was set. A `for await`
 * over the socket would end there.
 * @throws zeromq's error when the socket is closed or broken
 */
export async function receiveMessage(socket: Readable): Promise<Buffer[] | undefined> {
  try {
    return await socket.receive();
  } catch (error) {
    if (codeOf(error) === 'EAGAIN') return undefined;
    throw error;
  }
}
