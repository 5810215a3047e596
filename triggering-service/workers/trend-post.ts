/** Gathers the trends of a worker for the main thread, which writes them to the store. */
import type { Trend, TrendOutput, WindowOf } from '../trends/windows.js';

/** Late measurements name the same window again and again; this many different windows are sent in one message. */
const MAX_NAMED = 1000;

export type SendTrends = (closed: { trend: Trend; of: WindowOf }[], fromStore: WindowOf[]) => void;

export class TrendPost implements TrendOutput {
  readonly #send: SendTrends;
  readonly #named = new Map<string, WindowOf>();
  #closed: { trend: Trend; of: WindowOf }[] = [];

  constructor(send: SendTrends) {
    this.#send = send;
  }

  closed(trend: Trend, of: WindowOf): void {
    this.#closed.push({ trend, of });
    if (this.#closed.length >= MAX_NAMED) this.flush();
  }

  fromStore(of: WindowOf): void {
    this.#named.set(`${of.boxId}/${of.window}`, of);
    if (this.#named.size >= MAX_NAMED) this.flush();
  }

  flush(): void {
    if (this.#closed.length + this.#named.size === 0) return;
    this.#send(this.#closed, [...this.#named.values()]);
    this.#closed = [];
    this.#named.clear();
  }
}
