/** How many messages may be under way: none without a connection. */

export class Window {
  readonly #waiting: { enter: () => void; fail: (error: Error) => void }[] = [];
  #size: number;
  #open = false;
  #underWay = 0;
  #ended: Error | undefined;

  constructor(size: number) {
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  /** There is a connection. */
  open(size: number): void {
    this.#size = Math.max(1, size);
    this.#open = true;
    this.#admit();
  }

  /** It is lost. Those under way stay so. */
  close(): void {
    this.#open = false;
  }

  /** Nobody enters any more. */
  end(error: Error): void {
    this.#ended = error;
    for (const { fail } of this.#waiting.splice(0)) fail(error);
  }

  /** @returns what to call when the message is confirmed. @throws what `end` was given */
  async enter(): Promise<() => void> {
    if (this.#ended !== undefined) throw this.#ended;
    if (!this.#open || this.#underWay >= this.#size || this.#waiting.length > 0)
      await new Promise<void>((enter, fail) => {
        this.#waiting.push({ enter, fail });
      });
    else this.#underWay += 1;
    return () => {
      this.#underWay -= 1;
      this.#admit();
    };
  }

  #admit(): void {
    while (this.#open && this.#underWay < this.#size) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#underWay += 1;
      next.enter();
    }
  }
}
