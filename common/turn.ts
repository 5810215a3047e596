/** Work that must not overlap: each piece begins when the one before is over, whatever became of it. */
export class Turn {
  #last: Promise<unknown> = Promise.resolve();

  /** @throws what `work` throws */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** A turn for each key: work under one key does not overlap, that of different keys does. */
export class Turns {
  readonly #turns = new Map<string, { turn: Turn; users: number }>();

  /** @throws what `work` throws */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const one = this.#turns.get(key) ?? { turn: new Turn(), users: 0 };
    this.#turns.set(key, one);
    one.users += 1;
    try {
      return await one.turn.run(work);
    } finally {
      one.users -= 1;
      if (one.users === 0) this.#turns.delete(key);
    }
  }
}
