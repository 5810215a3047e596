/**
 * To which service and worker a box belongs: a function of the id alone, the same on every machine and in every version, so nothing has to
 * be exchanged. Consecutive ids stay together (`block`), because a worker subscribes by prefixes of decimal ids: see subscription-cover.ts.
 */

export interface OwnerOptions {
  /** services that share the boxes, and which of them this is, from 0 */
  of: number;
  index: number;
  /** workers of this service, and which of them this is, from 0 */
  workers: number;
  worker: number;
  /** consecutive ids that have one owner: a power of ten */
  block: number;
}

export class Owner {
  readonly #options: OwnerOptions;

  constructor(options: OwnerOptions) {
    this.#options = options;
  }

  /** @param boxId −1 for what is no id: one worker has to count it */
  owns(boxId: number): boolean {
    const { of, index, workers, worker, block } = this.#options;
    const mixed = boxId < 0 ? 0 : mix(Math.floor(boxId / block));
    return mixed % of === index && Math.floor(mixed / of) % workers === worker;
  }
}

/** Whether a box belongs to a service, to any of its workers. */
export function ownedByShare(boxId: number, of: number, index: number, block: number): boolean {
  return mix(Math.floor(boxId / block)) % of === index;
}

/** Spreads 32 bits over 32 bits, one to one: the finalizer of MurmurHash3 (Austin Appleby, public domain). */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
