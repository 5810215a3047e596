/** Asks a REP socket of another program, one question at a time. */
import { MakaiError, messageOf } from '../common/errors.js';
import { Turn } from '../common/turn.js';
import { connectTo } from './connect.js';
import { connecting, type Request } from './sockets.js';

export class Requester {
  readonly #endpoint: string;
  readonly #timeoutMs: number;
  #socket: Request | undefined;
  readonly #turn = new Turn();
  #stopped = false;

  constructor(endpoint: string, timeoutMs: number) {
    this.#endpoint = endpoint;
    this.#timeoutMs = timeoutMs;
  }

  /** @returns the first frame of the reply as text. @throws MakaiError TIMEOUT when nobody replies in time */
  ask(text: string): Promise<string> {
    return this.#turn.run(() => this.#ask(text));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#close();
    await this.#turn.run(() => Promise.resolve());
  }

  async #ask(text: string): Promise<string> {
    if (this.#stopped) throw new MakaiError('TIMEOUT', `${this.#endpoint} is not asked any more`);
    this.#socket ??= this.#open();
    try {
      await this.#socket.send(text);
      const [reply] = await this.#socket.receive();
      return reply?.toString('utf8') ?? '';
    } catch (error) {
      // A REQ socket that has no reply cannot ask again: the next question goes out on another.
      this.#close();
      throw new MakaiError('TIMEOUT', `${this.#endpoint} does not reply: ${messageOf(error)}`, {
        hint: 'Check that the other program runs and that the endpoint is right.',
        cause: error,
      });
    }
  }

  #open(): Request {
    const socket = connecting.request({ sendTimeout: this.#timeoutMs, receiveTimeout: this.#timeoutMs });
    connectTo(socket, this.#endpoint);
    return socket;
  }

  #close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }
}
