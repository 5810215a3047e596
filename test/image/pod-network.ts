/** A network of pods: each has a namespace and an address of its own, and all are connected by a bridge in the namespace of the test. */
import { run } from '../support/command.js';

const PREFIX = '10.88.0';
/** Where services run that are no pods: MongoDB, the shared address of boxes. */
export const OUTSIDE = `${PREFIX}.1`;
export const SHARED = `${PREFIX}.9`;
const FIRST_POD = 20;

/** A server of NATS connects to no address of its own machine, so each has a namespace too. */
export function natsHost(index: number): string {
  return `${PREFIX}.${2 + index}`;
}

export class PodNetwork {
  readonly #name: string;
  readonly #pods: string[] = [];
  #given = 0;

  /** @param name of a namespace */
  constructor(name: string) {
    this.#name = name;
  }

  async open(): Promise<void> {
    await this.#ip('link', 'add', 'pods', 'type', 'bridge');
    for (const address of [OUTSIDE, SHARED]) await this.#ip('address', 'add', `${address}/24`, 'dev', 'pods');
    await this.#ip('link', 'set', 'pods', 'up');
  }

  /** An address that no pod had before. */
  address(): string {
    this.#given += 1;
    return `${PREFIX}.${FIRST_POD + this.#given}`;
  }

  /** @returns the namespace of the pod with this address */
  async add(address: string): Promise<string> {
    const last = address.split('.').at(-1);
    const pod = `${this.#name}-${last}`;
    await run(['ip', 'netns', 'add', pod]);
    this.#pods.push(pod);
    const link = `pod${last}`;
    await this.#ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pod);
    await this.#ip('link', 'set', link, 'master', 'pods', 'up');
    await run(['ip', '-n', pod, 'address', 'add', `${address}/24`, 'dev', 'eth0']);
    for (const one of ['lo', 'eth0']) await run(['ip', '-n', pod, 'link', 'set', one, 'up']);
    return pod;
  }

  async remove(): Promise<void> {
    for (const pod of this.#pods.splice(0)) await run(['ip', 'netns', 'delete', pod]);
  }

  async #ip(...args: string[]): Promise<void> {
    await run(['ip', '-n', this.#name, ...args]);
  }
}
