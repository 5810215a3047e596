/** Asks for an event each second and writes down what the daemons accept: what comes out of the triggering broker, and every `evnew`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Push, Subscriber } from 'zeromq';
import { decodeStream, requestEvent } from '../../../../proto/index.js';
import type { Line } from './line.js';

const WINDOW_MS = 500;
/** The window ended so long ago: every box has it. */
const AGO_MS = 1_500;
const BOXES_ASKED = 5;

export class Load {
  /** `box time` of each measurement that came out of the triggering broker */
  readonly measurements = new Set<string>();
  readonly events: number[] = [];
  asked = 0;
  readonly #line: Line;
  readonly #sockets: { close(): void }[] = [];
  readonly #stop = new AbortController();
  #asking: Promise<void> | undefined;

  constructor(line: Line) {
    this.#line = line;
  }

  start(): void {
    const { workspace } = this.#line;
    this.#listen(workspace.endpoints.backend, '', ([, frame]) => {
      if (frame === undefined) return;
      const { dialect, message } = decodeStream(frame);
      const [box, time] = dialect === 2 ? [message.id, message.time] : [message.boxId, message.timestampMs];
      this.measurements.add(`${box} ${time}`);
    });
    this.#listen(workspace.endpoints.notices, 'evnew', ([, number]) => {
      this.events.push(Number(String(number)));
    });
    this.#asking = this.#ask();
  }

  /** No more events are asked for. */
  async quiet(): Promise<void> {
    this.#stop.abort();
    await this.#asking;
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }

  async #ask(): Promise<void> {
    const socket = new Push({ linger: 0 });
    this.#sockets.push(socket);
    socket.connect(this.#line.config('acquisition-broker', 'backend_pull'));
    const ids = [...this.#line.boxes.keys()];
    while (!this.#stop.signal.aborted) {
      const endMs = Date.now() - AGO_MS;
      const boxIds = Array.from(
        { length: BOXES_ASKED },
        (_, i) => ids[(this.asked * BOXES_ASKED + i) % ids.length] ?? 0,
      );
      await socket.send(
        requestEvent.encode({
          startMs: endMs - WINDOW_MS,
          endMs,
          triggerType: 'OTHER',
          percentMagnitude: 1,
          boxIds: [...new Set(boxIds)],
          requestee: 'outage test',
          description: `request ${this.asked}`,
          requestData: true,
        }),
      );
      this.asked += 1;
      await sleep(1_000, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  #listen(endpoint: string, topic: string, take: (frames: Buffer[]) => void): void {
    const socket = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
    this.#sockets.push(socket);
    socket.subscribe(topic);
    socket.connect(endpoint);
    const read = async (): Promise<void> => {
      for await (const frames of socket) take(frames);
    };
    read().catch(() => undefined);
  }
}
