/** A simulated box in a container that runs until it is stopped, whether or not it can connect. */
import assert from 'node:assert/strict';
import type { CommandResult } from '../../support/command.js';
import { until } from '../../support/until.js';
import type { Container } from '../container.js';

export class BackgroundBox {
  readonly #container: Container;
  readonly #id: string;
  readonly #ended: Promise<CommandResult>;
  #hasEnded = false;

  private constructor(container: Container, id: string, options: readonly string[]) {
    this.#container = container;
    this.#id = id;
    const box = `makai box --source quiet --keys /etc/opq/curve --first-id ${id} ${options.join(' ')}`;
    this.#ended = container
      .attempt('sh', '-c', `echo $$ >/run/box-${id}.pid; exec ${box} >${logOf(id)}`)
      .finally(() => {
        this.#hasEnded = true;
      });
  }

  /** @param options further options of `makai box` */
  static async start(container: Container, id: string, options: readonly string[]): Promise<BackgroundBox> {
    await container.run('rm', '-f', logOf(id));
    const box = new BackgroundBox(container, id, options);
    await until(`box ${id} is switched on`, async () => {
      if (box.#hasEnded) assert.fail(`the box ended: ${(await box.#ended).stderr}`);
      return (await container.attempt('grep', 'until Ctrl-C', logOf(id))).code === 0;
    });
    return box;
  }

  /** Switches it off. */
  async stop(): Promise<void> {
    await this.#container.attempt('sh', '-c', `kill -TERM $(cat /run/box-${this.#id}.pid)`);
    const { code, stderr } = await this.#ended;
    assert.equal(code, 0, stderr);
  }
}

const logOf = (id: string): string => `/run/box-${id}.log`;
