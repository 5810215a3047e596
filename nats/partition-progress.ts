/**
 * What this process knows of the batches of one partition, from one reader of it to the next: a batch that waits for the store is not taken twice, one that the store
 * has is not handed out again, and where the consumer was deleted reading goes on after what the store has. Sequences count within one stream: when it was
 * made again, all of this is forgotten.
 */

/** Acknowledged batches that are remembered: if an acknowledgement was lost with the connection, the batch comes again. */
const REMEMBERED = 4096;

/** A batch, by which a stream is known again: under its number there is what was received at this time, Unix ms. */
export interface Mark {
  seq: number;
  timeMs: number;
}

/** What is known when a reader begins. */
export interface Beginning {
  /** names this very stream */
  stream: string;
  /** it has lost its end, by a power failure: batches that come have numbers that were given before */
  isCut: boolean;
  /** up to here an owner has acknowledged everything */
  floor: number;
  /** names the reader's consumer */
  consumer: string;
  /** the consumer has delivered nothing before */
  isNew: boolean;
}

export class PartitionProgress<Message> {
  #stream = '';
  /** rises when everything is forgotten: the sequences from then on are those of another stream */
  #epoch = 0;
  /** handed out and not acknowledged: the message through which the server hears of it */
  readonly #open = new Map<number, Message>();
  /** delivered and not acknowledged, also those that nobody here has any more */
  readonly #unfinished = new Set<number>();
  /** those that were acknowledged last, in a ring */
  readonly #acknowledged = new Float64Array(REMEMBERED);
  #acknowledgements = 0;
  #highest = 0;
  /** the highest one that was delivered here */
  #mark: Mark | undefined;
  /** up to here every batch was delivered */
  #complete = 0;
  /**
   * the next delivery, as the consumer counts them; undefined, until the next reader begins: one was lost with a connection and comes again, or the consumer had
   * delivered before
   */
  #next: number | undefined;
  #reader = 0;
  /** the newest reader's consumer, and the last delivery that came from it */
  #consumer = '';
  #deliveries = 0;

  /** Batches that were handed out and not acknowledged. */
  get unacknowledged(): number {
    return this.#open.size;
  }

  /** The stream that this is about; empty: none yet. */
  get stream(): string {
    return this.#stream;
  }

  /** Up to here the store has everything of the partition; 0: nothing is known. */
  get floor(): number {
    let floor = this.#complete;
    for (const seq of this.#unfinished) floor = Math.min(floor, seq - 1);
    return floor;
  }

  /** The highest batch that was delivered here. */
  get mark(): Mark | undefined {
    return this.#mark;
  }

  /** Whether a consumer knows less than it did: the servers that kept it were restarted. @param deliveries how many it says that it has made */
  isReset(consumer: string, deliveries: number): boolean {
    return consumer === this.#consumer && deliveries < this.#deliveries;
  }

  /** A reader begins. @returns a number for this reader */
  begin({ consumer, floor, isCut, isNew, stream }: Beginning): number {
    if (stream !== this.#stream || isCut) {
      this.#stream = stream;
      this.#epoch += 1;
      this.#open.clear();
      this.#unfinished.clear();
      this.#acknowledged.fill(0);
      this.#highest = 0;
      this.#mark = undefined;
      this.#complete = 0;
    }
    this.#highest = Math.max(this.#highest, floor);
    this.#complete = Math.max(this.#complete, floor);
    this.#next = isNew ? 1 : undefined;
    if (isNew || consumer !== this.#consumer) this.#deliveries = 0;
    this.#consumer = consumer;
    this.#settle(floor);
    this.#reader += 1;
    return this.#reader;
  }

  /** Whether `floor` rises by itself: all deliveries were counted, and somebody here has every batch that is not acknowledged. */
  get isCounted(): boolean {
    return this.#next !== undefined && this.#unfinished.size === this.#open.size;
  }

  /** The consumer says up to where everything was acknowledged. @param reader whose consumer it is */
  acknowledged(floor: number, reader: number): void {
    if (reader !== this.#reader) return;
    this.#complete = Math.max(this.#complete, floor);
    this.#settle(floor);
  }

  #settle(floor: number): void {
    for (const seq of this.#unfinished) if (seq <= floor) this.#unfinished.delete(seq);
  }

  /**
   * @param delivery which delivery of the consumer this is, from 1. If a number is missing, a batch was lost on its way and will be delivered again later; a new consumer
   * must not begin behind it
   * @param reader what `begin` gave the reader that got it; the newest one's unless given
   * @param timeMs when the stream received it, Unix ms
   * @returns `new`: to be handed out; `open`: it was, and is not stored yet; `stored`: to be acknowledged; `reset`: its consumer has begun again, and is to be replaced by one
   * that begins behind what is stored
   */
  delivered(
    seq: number,
    message: Message,
    delivery: number,
    reader = this.#reader,
    timeMs = 0,
  ): 'new' | 'open' | 'stored' | 'reset' {
    if (reader === this.#reader) {
      if (delivery <= this.#deliveries) {
        // It stays so until a new consumer begins, whatever this one has delivered meanwhile.
        this.#deliveries = Number.POSITIVE_INFINITY;
        return 'reset';
      }
      this.#deliveries = delivery;
      if (delivery === this.#next) {
        this.#next += 1;
        this.#complete = Math.max(this.#complete, seq);
      } else this.#next = undefined;
    }
    if (this.#mark === undefined || seq > this.#mark.seq) this.#mark = { seq, timeMs };
    if (this.#open.has(seq)) {
      this.#open.set(seq, message);
      return 'open';
    }
    if (seq <= this.#highest && this.#acknowledged.includes(seq)) return 'stored';
    this.#highest = Math.max(this.#highest, seq);
    this.#open.set(seq, message);
    this.#unfinished.add(seq);
    return 'new';
  }

  /** Of the sequences that are given out now. */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * The store has it.
   * @param epoch when it was delivered
   * @returns through which the server is to hear of it; undefined: its stream is not the one of now
   */
  stored(seq: number, epoch = this.#epoch): Message | undefined {
    const message = epoch === this.#epoch ? this.#open.get(seq) : undefined;
    if (message === undefined) return undefined;
    this.#open.delete(seq);
    this.#unfinished.delete(seq);
    this.#acknowledged[this.#acknowledgements % REMEMBERED] = seq;
    this.#acknowledgements += 1;
    return message;
  }

  /** Nobody here has it any more: it is handed out again when it comes again. */
  left(seq: number, epoch = this.#epoch): Message | undefined {
    if (epoch !== this.#epoch) return undefined;
    const message = this.#open.get(seq);
    this.#open.delete(seq);
    return message;
  }
}
