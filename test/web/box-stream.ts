/** The stream as the triggering broker publishes it, of boxes that the test makes up; and a web service of this process that listens to it. */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Publisher } from 'zeromq';
import { measurement } from '../../proto/index.js';
import { freePort } from '../support/free-port.js';
import { type GivenWeb, startWeb, type WebOptions } from '../web-service/given.js';
import { PAGE } from './first-view.js';

export class BoxStream {
  readonly endpoint: string;
  readonly #socket = new Publisher({ linger: 0 });
  #isOver = false;
  #done: Promise<void> = Promise.resolve();
  /** rounds so far: the voltage of a round is 110 V and a hundredth for each */
  rounds = 0;

  private constructor(endpoint: string) {
    this.endpoint = endpoint;
  }

  static async start(boxes: number): Promise<BoxStream> {
    const stream = new BoxStream(`tcp://127.0.0.1:${await freePort()}`);
    await stream.#socket.bind(stream.endpoint);
    stream.#done = stream.#send(boxes);
    return stream;
  }

  async #send(boxes: number): Promise<void> {
    const of = (average: number) => ({ min: average, max: average, average });
    while (!this.#isOver) {
      this.rounds += 1;
      const metrics = { rms: of(110 + (this.rounds % 1000) / 100), f: of(60), thd: of(0.02) };
      for (let boxId = 1001; boxId < 1001 + boxes; boxId += 1) {
        const bytes = measurement.encode({ boxId, timestampMs: Date.now(), metrics });
        await this.#socket.send([String(boxId), bytes]);
      }
      await sleep(400);
    }
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#done;
    this.#socket.close();
  }
}

export interface GivenPage {
  web: GivenWeb;
  stream: BoxStream;
  stop(): Promise<void>;
}

/** The built page on a store of its own. */
export async function startPage(
  boxes: number,
  { settings, ...options }: WebOptions = {},
): Promise<GivenPage> {
  const stream = await BoxStream.start(boxes);
  const web = await startWeb({
    ...options,
    settings: { zmq_trigger_endpoint: stream.endpoint, ...settings },
    pageFolder: PAGE,
  });
  return {
    web,
    stream,
    stop: async () => {
      await stream.stop();
      await web.service.stop();
      await web.store.close();
      await rm(web.directory, { recursive: true });
    },
  };
}
