/** A map of at most `limit` entries: past that the one that was set or used longest ago is forgotten. Iterates from the oldest to the newest. */
export class RecentMap<K, V extends NonNullable<unknown>> extends Map<K, V> {
  readonly #limit: number;
  #forgotten = 0;

  constructor(limit: number) {
    super();
    this.#limit = limit;
  }

  /** Entries that were forgotten because there were too many. */
  get forgotten(): number {
    return this.#forgotten;
  }

  override set(key: K, value: V): this {
    this.delete(key);
    super.set(key, value);
    if (this.size > this.#limit) {
      const oldest = this.keys().next();
      if (oldest.done !== true) this.delete(oldest.value);
      this.#forgotten += 1;
    }
    return this;
  }

  /** The value of a key, made where there is none; that counts as use, which `get` does not. */
  use(key: K, make: () => V): V {
    const value = this.get(key) ?? make();
    this.set(key, value);
    return value;
  }
}
