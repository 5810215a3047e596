/** A WebAssembly plugin (ABI v1, plugins/sdk/abi.ts). Every address and length it gives is checked before it is used. */
import {
  ABI_LOG_LEVELS,
  ABI_TRIGGER_TYPES,
  ABI_VERSION,
  BATCH_BYTES,
  BATCH_MEASUREMENTS,
  EVENT_REQUEST_RECORD,
} from '../plugins/sdk/abi.js';
import { readEventRequestRecord, writeMeasurementRecords } from '../plugins/sdk/abi-records.js';
import type { PluginContext } from '../plugins/sdk/plugin.js';
import type { MeasurementColumns } from '../proto/columns.js';
import { MAX_BOX_IDS, MAX_DESCRIPTION, MAX_LOG_LINE, MAX_REQUESTS_PER_CALL } from './limits.js';
import { type LoadedPlugin, PluginRefused } from './loaded-plugin.js';
import type { RequestCollector } from './request-collector.js';
import { encodeSettings } from './wasm-settings.js';

const TRIGGER_NAMES = new Map(Object.entries(ABI_TRIGGER_TYPES).map(([name, number]) => [number, name]));
const decoder = new TextDecoder();

/** A function a module exports. All values of ABI v1 are numbers. */
type WasmFunction = (...values: number[]) => number | undefined;

interface Exports {
  memory: WebAssembly.Memory;
  makai_abi_version: WasmFunction;
  makai_alloc: WasmFunction;
  makai_configure: WasmFunction;
  makai_process: WasmFunction;
  makai_requests: WasmFunction;
  makai_unload?: WasmFunction;
}

export class WasmPlugin implements LoadedPlugin {
  readonly name: string;
  readonly version: string;
  readonly language = 'webassembly';
  readonly #module: WebAssembly.Module;
  #exports: Exports | undefined;
  #context: PluginContext | undefined;
  #batch = 0;

  /** @param module one in which `inspectModule` found no problems */
  constructor(name: string, module: WebAssembly.Module) {
    this.name = name;
    this.#module = module;
    this.version = versionOf(module);
  }

  get memoryMb(): number | undefined {
    return this.#exports && this.#exports.memory.buffer.byteLength / 2 ** 20;
  }

  configure(settings: Record<string, unknown>, context: PluginContext): Promise<void> {
    this.#context = context;
    const instance = new WebAssembly.Instance(this.#module, {
      makai: { log: this.#log, now_ms: () => context.now() },
    });
    const exports = instance.exports as unknown as Exports; // their kinds and types were checked by inspectModule
    this.#exports = exports;
    const version = exports.makai_abi_version();
    if (version !== ABI_VERSION) {
      throw new PluginRefused(`makai_abi_version() is ${version}; this host speaks ${ABI_VERSION}`);
    }
    const records = encodeSettings(settings);
    const at = this.#allocate(records.length);
    new Uint8Array(exports.memory.buffer).set(records, at);
    const problem = exports.makai_configure(at, records.length) ?? 0;
    if (problem !== 0) throw new PluginRefused(`makai_configure returned error ${problem}`);
    this.#batch = this.#allocate(BATCH_BYTES);
    return Promise.resolve();
  }

  process(columns: MeasurementColumns, out: RequestCollector): void {
    const { memory, makai_process } = this.#loaded();
    if (columns.count > BATCH_MEASUREMENTS) throw new RangeError('a batch larger than its buffer');
    writeMeasurementRecords(new DataView(memory.buffer), this.#batch, columns, columns.count);
    this.#collect(makai_process(this.#batch, columns.count), out);
  }

  /** An empty batch: the plugin ends what only time can end, by `makai.now_ms`. */
  tick(_nowMs: number, out: RequestCollector): void {
    this.#collect(this.#loaded().makai_process(this.#batch, 0), out);
  }

  unload(out: RequestCollector): Promise<void> {
    this.#collect(this.#loaded().makai_unload?.(), out);
    this.#exports = undefined;
    return Promise.resolve();
  }

  /** Collects the requests whose number a call returned. */
  #collect(returned: number | undefined, out: RequestCollector): void {
    const asked = (returned ?? 0) >>> 0;
    if (asked === 0) return;
    const records = (this.#loaded().makai_requests() ?? 0) >>> 0;
    // Beyond the limit nothing is read, so only what may be read must lie in memory.
    const bytes = Math.min(asked, MAX_REQUESTS_PER_CALL) * EVENT_REQUEST_RECORD.bytes;
    const view = this.#view(records, bytes, `makai_requests() with ${asked} requests`);
    const admitted = out.admit(asked);
    for (let i = 0; i < admitted; i++) out.add(this.#requestAt(view, i * EVENT_REQUEST_RECORD.bytes));
  }

  #requestAt(view: DataView, at: number): unknown {
    const record = readEventRequestRecord(view, at);
    const boxCount = Math.min(record.boxCount, MAX_BOX_IDS + 1); // one too many is refused with its reason
    const boxes = this.#view(record.boxIds, 4 * boxCount, 'the box ids of a request');
    const boxIds = Array.from({ length: boxCount }, (_, i) => boxes.getUint32(4 * i, true));
    // In UTF-8 a character has up to 4 bytes.
    const bytes = Math.min(record.descriptionBytes, 4 * MAX_DESCRIPTION);
    return {
      startMs: record.startMs,
      endMs: record.endMs,
      boxIds,
      triggerType: TRIGGER_NAMES.get(record.triggerType),
      percentMagnitude: record.percentMagnitude,
      description: decoder.decode(this.#view(record.description, bytes, 'the description of a request')),
      requestData: record.requestData !== 0,
    };
  }

  #log = (level: number, at: number, length: number): void => {
    const name = ABI_LOG_LEVELS[level] ?? 'error';
    const bytes = Math.min(length >>> 0, 4 * MAX_LOG_LINE);
    this.#context?.log[name](decoder.decode(this.#view(at >>> 0, bytes, 'the text given to makai.log')));
  };

  #allocate(bytes: number): number {
    const at = (this.#loaded().makai_alloc(bytes) ?? 0) >>> 0;
    if (at === 0) throw new PluginRefused(`makai_alloc(${bytes}) gave no memory`);
    if (at % 8 !== 0) throw new PluginRefused(`makai_alloc gave address ${at}, which is not a multiple of 8`);
    this.#view(at, bytes, `makai_alloc(${bytes})`);
    return at;
  }

  /** The plugin's bytes from `at`. @throws RangeError when they are not all in its memory */
  #view(at: number, length: number, what: string): DataView {
    const { buffer } = this.#loaded().memory;
    if (length > buffer.byteLength || at > buffer.byteLength - length) {
      throw new RangeError(
        `${what}: ${length} bytes at address ${at} are outside its memory of ${buffer.byteLength}`,
      );
    }
    return new DataView(buffer, at, length);
  }

  #loaded(): Exports {
    if (!this.#exports) throw new Error('the plugin is not configured');
    return this.#exports;
  }
}

/** What the module says in its custom section `makai.version`, if it has one. */
function versionOf(module: WebAssembly.Module): string {
  const [section] = WebAssembly.Module.customSections(module, 'makai.version');
  return section ? decoder.decode(section.slice(0, 100)) : `abi ${ABI_VERSION}`;
}
