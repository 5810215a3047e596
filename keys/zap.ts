/**
 * The ZAP handler: libzmq asks it, in every handshake with a CURVE server socket, whether the client's key may connect.
 *
 * libzmq knows one handler per process (inproc://zeromq.zap.01), so the handler is shared: each daemon opens a gate under a
 * domain of its own, the first gate starts the handler and the last one stops it. Open the gate before binding the
 * sockets, close it after them, and set `zapEnforceDomain`: without a handler libzmq would otherwise let everyone in.
 */
import { pause, systemClock } from '../common/clock.js';
import type { Logger } from '../common/log.js';
import { Turn } from '../common/turn.js';
import { bindWhenFree } from '../zmq/bind-when-free.js';
import { bound, type Router } from '../zmq/sockets.js';
import type { AllowList } from './allow-list.js';
import { Gate, NEXT_DOMAIN } from './gate.js';
import { parseZapRequest, ZAP_ENDPOINT, type ZapRequest, type ZapStatus, zapReply } from './zap-message.js';

const AFTER_ERROR_MS = 100;

const gates = new Map<string, Gate>();
let handler: Handler | undefined;
/** Starting and stopping the handler, one after the other. */
const turn = new Turn();

/**
 * Opens a gate under a domain of its own in this process.
 * @param name  begins the domain, e.g. 'triggering-broker'
 */
export async function openGate(name: string, allow: AllowList, log: Logger): Promise<Gate> {
  let domain = name;
  for (let number = 2; gates.has(domain); number += 1) domain = `${name}-${number}`;
  const gate = new Gate(domain, allow, log, () => closeGate(gate));
  gates.set(domain, gate);
  try {
    await turn.run(async () => {
      handler ??= await Handler.start(log);
    });
  } catch (error) {
    gates.delete(domain);
    throw error;
  }
  return gate;
}

async function closeGate(gate: Gate): Promise<void> {
  if (gates.get(gate.domain) !== gate) return;
  gates.delete(gate.domain);
  await turn.run(async () => {
    if (gates.size > 0) return;
    const last = handler;
    handler = undefined;
    await last?.stop();
  });
}

/** A domain without a gate is a socket that is being closed: its client may come back. */
function decide(request: ZapRequest): { status: ZapStatus; userId: string } {
  const isNext = request.domain.endsWith(NEXT_DOMAIN);
  const domain = isNext ? request.domain.slice(0, -NEXT_DOMAIN.length) : request.domain;
  return gates.get(domain)?.decide(request, isNext) ?? { status: 300, userId: '' };
}

class Handler {
  readonly #socket: Router;
  readonly #done: Promise<void>;

  static async start(log: Logger): Promise<Handler> {
    const socket = bound.inProcess();
    await bindWhenFree(socket, ZAP_ENDPOINT);
    return new Handler(socket, log);
  }

  private constructor(socket: Router, log: Logger) {
    this.#socket = socket;
    this.#done = this.#run(log);
  }

  async stop(): Promise<void> {
    this.#socket.close();
    await this.#done;
  }

  async #run(log: Logger): Promise<void> {
    while (!this.#socket.closed) {
      try {
        const [peer, delimiter, ...frames] = await this.#socket.receive();
        const request = parseZapRequest(frames);
        if (peer === undefined || delimiter === undefined || request === undefined) continue;
        const { status, userId } = decide(request);
        await this.#socket.send([peer, delimiter, ...zapReply(request.requestId, status, userId)]);
      } catch (error) {
        if (this.#socket.closed) return;
        log.error({ err: error }, 'ZAP handler failed');
        await pause(systemClock, AFTER_ERROR_MS);
      }
    }
  }
}
