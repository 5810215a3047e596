/** libzmq's own proxy, in a thread of its own. */
import { Proxy as NativeProxy, type XPublisher, type XSubscriber } from 'zeromq';

export interface RunningProxy {
  /** fulfilled when it has ended and both sockets are closed; rejected when it ended by an error */
  readonly ended: Promise<void>;
  terminate(): void;
}

/** Passes messages from `front` to `back` and subscriptions back. It must be ended before the process exits, or the process hangs. */
export function runProxy(front: XSubscriber, back: XPublisher): RunningProxy {
  const proxy = new NativeProxy(front, back);
  return { ended: proxy.run(), terminate: () => proxy.terminate() };
}
