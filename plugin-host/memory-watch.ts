/**
 * Watches the memory of the thread that it runs in: the JavaScript heap and the buffers outside it. It checks between calls of the plugin,
 * so that a leak ends that plugin alone. V8's own heap limit would end the whole process when a single allocation (a growing Map is enough)
 * is larger than what is left.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MIB = 2 ** 20;

export class MemoryWatch {
  readonly #limit: number;
  readonly #collect: () => void;
  readonly #base: number;

  /** Created before the plugin is loaded: memory in use then is not the plugin's. */
  constructor(limitMb: number) {
    this.#limit = limitMb * MIB;
    // The flag is one of the whole process. It stays set, because another thread may be between these two lines.
    setFlagsFromString('--expose-gc');
    this.#collect = runInNewContext('gc');
    this.#base = used();
  }

  /** MiB the plugin holds when that is more than its limit, else undefined. Garbage does not count. */
  outgrown(): number | undefined {
    if (used() - this.#base <= this.#limit) return undefined;
    this.#collect();
    const held = used() - this.#base;
    return held > this.#limit ? Math.ceil(held / MIB) : undefined;
  }
}

function used(): number {
  const statistics = getHeapStatistics();
  return statistics.used_heap_size + statistics.external_memory;
}
