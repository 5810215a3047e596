/** The writer program under way: what it has said so far, until it is killed. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Store } from '../../../store/store.js';
import { until } from '../../support/until.js';
import { all, bytesOf, counts } from '../contract/given.js';
import { startWriter } from './files.js';

export interface Said {
  measured?: number;
  numbered?: number;
  event?: number;
  waveform?: number;
  box?: number;
  length?: number;
}

export class LoadedWriter {
  readonly firstBox: number;
  readonly said: Said[] = [];
  readonly #writer: ReturnType<typeof startWriter>;
  readonly #closed: Promise<unknown>;
  #errors = '';

  /** @param firstBox writers of one store need boxes of their own: ten each */
  constructor(file: string, firstBox: number) {
    this.firstBox = firstBox;
    this.#writer = startWriter(file, String(firstBox));
    this.#closed = once(this.#writer, 'close');
    this.#writer.stderr.on('data', (text) => {
      this.#errors += text;
    });
    createInterface(this.#writer.stdout).on('line', (line) => this.said.push(JSON.parse(line) as Said));
  }

  get ids(): number[] {
    return this.said.flatMap(({ numbered }) => numbered ?? []);
  }

  /** Fulfilled when it has said `count` things more. */
  async says(count: number): Promise<void> {
    const enough = this.said.length + count;
    const hasSaid = async () => this.said.length >= enough || this.#writer.exitCode !== null;
    await until(`${count} more lines of a writer`, hasSaid, 300_000);
    assert.equal(this.#errors, '');
  }

  async kill(): Promise<void> {
    this.#writer.kill('SIGKILL');
    await this.#closed;
    assert.equal(this.#errors, '');
  }
}

/** All that was acknowledged is there. */
export async function assertKept(store: Store, said: readonly Said[], firstBox: number): Promise<void> {
  const measured = said.flatMap((line) => line.measured ?? []);
  const times = new Set((await all(store.measurements(String(firstBox)))).map((m) => m.timestamp_ms));
  // Box `firstBox` has entries 0, 10, ... of each batch.
  for (const at of measured)
    for (let i = 0; i < 60; i += 10) assert.ok(times.has(at + i), `${at + i} is missing`);
  for (const { event, waveform, box, length = 0 } of said) {
    if (event !== undefined) assert.ok(await store.event(event), `event ${event} is missing`);
    if (waveform === undefined) continue;
    const bytes = await store.waveform(`event_${waveform}_${box}`);
    assert.ok(bytes?.equals(bytesOf(counts(length, waveform))), `waveform of event ${waveform}, box ${box}`);
    assert.ok((await store.event(waveform))?.boxes_received.includes(String(box)));
  }
}
