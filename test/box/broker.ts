/** Simple brokers for tests of a box: CURVE servers that admit everyone and keep what boxes send. */
import { Pull, type Socket, Subscriber, XPublisher } from 'zeromq';
import type { BoxEndpoints } from '../../box/endpoints.js';
import { type KeyPair, newKeyPair } from '../../keys/key.js';
import { bindWhenFree } from '../../zmq/bind-when-free.js';

export interface Broker {
  keys: KeyPair;
  endpoints: BoxEndpoints;
  /** receives the box's PUB; a SUB in place of the proxy */
  measurements: Subscriber;
  /** first frame 1 and a subscription when a box has connected */
  commands: XPublisher;
  replies: Pull;
  close(): void;
}

/** @param keys key pair of an earlier broker, to restart it at `endpoints` */
export async function openBroker(keys: KeyPair = newKeyPair(), endpoints?: BoxEndpoints): Promise<Broker> {
  const server = {
    curveServer: true,
    curvePublicKey: keys.publicKey,
    curveSecretKey: keys.secretKey.reveal(),
    linger: 0,
  };
  const measurements = new Subscriber({ ...server, receiveHighWaterMark: 100_000 });
  measurements.subscribe();
  const commands = new XPublisher({ ...server, verbosity: 'allSubsUnsubs' });
  const replies = new Pull(server);
  const bind = async (socket: Socket, endpoint: string | undefined): Promise<string> => {
    await bindWhenFree(socket, endpoint ?? 'tcp://127.0.0.1:*');
    return socket.lastEndpoint ?? '';
  };
  return {
    keys,
    endpoints: {
      measurements: await bind(measurements, endpoints?.measurements),
      commands: await bind(commands, endpoints?.commands),
      replies: await bind(replies, endpoints?.replies),
    },
    measurements,
    commands,
    replies,
    close() {
      for (const socket of [measurements, commands, replies]) if (!socket.closed) socket.close();
    },
  };
}

/** Waits for a subscription of a box, skips unsubscriptions, and returns its prefix. */
export async function subscribed(broker: Broker): Promise<string> {
  for (;;) {
    const [frame] = await broker.commands.receive();
    if (frame?.[0] === 1) return frame.subarray(1).toString();
  }
}
