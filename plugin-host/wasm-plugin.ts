/** A WebAssembly plugin (ABI v2, plugins/sdk/abi.ts). Every address and length it gives is checked before it is used. */
import {
  ABI_HISTORY_KINDS,
  ABI_LOG_LEVELS,
  ABI_QUANTITIES,
  ABI_TRIGGER_TYPES,
  ABI_VERSION,
  BATCH_BYTES,
  BATCH_MEASUREMENTS,
  BOX_INFO_BYTES,
  BOX_INFO_RECORD,
  EVENT_REQUEST_RECORD,
  INCIDENT_RECORD,
} from '../plugins/sdk/abi.js';
import {
  readEventRequestRecord,
  readIncidentRecord,
  writeBoxInfoRecord,
  writeMeasurementRecords,
} from '../plugins/sdk/abi-records.js';
import type { PluginContext } from '../plugins/sdk/plugin.js';
import type { MeasurementColumns } from '../proto/columns.js';
import { batchesOf } from './history-batches.js';
import {
  MAX_BOX_IDS,
  MAX_DESCRIPTION,
  MAX_HISTORY_PIECES,
  MAX_LOG_LINE,
  MAX_REQUESTS_PER_CALL,
  MAX_RESULTS_PER_CALL,
  MAX_STATE_BYTES,
} from './limits.js';
import { type LoadedPlugin, PluginRefused } from './loaded-plugin.js';
import type { ResultCollector } from './result-collector.js';
import { boxAfter } from './site.js';
import { encodeSettings } from './wasm-settings.js';

const TRIGGER_NAMES = new Map(Object.entries(ABI_TRIGGER_TYPES).map(([name, number]) => [number, name]));
const QUANTITY_NAMES = new Map<number, string>(
  Object.entries(ABI_QUANTITIES).map(([name, number]) => [number, name]),
);
const MAX_LOCATION_BYTES = BOX_INFO_BYTES - BOX_INFO_RECORD.bytes;
const decoder = new TextDecoder();
const encoder = new TextEncoder();
const ERROR_LEVEL = ABI_LOG_LEVELS.indexOf('error');
/** Lines that say why a module refuses its settings. */
const MAX_REASONS = 5;

/** A function a module exports. All values of ABI v2 are numbers. */
type WasmFunction = (...values: number[]) => number | undefined;

interface Exports {
  memory: WebAssembly.Memory;
  makai_abi_version: WasmFunction;
  makai_alloc: WasmFunction;
  makai_configure: WasmFunction;
  makai_process: WasmFunction;
  makai_requests: WasmFunction;
  makai_unload?: WasmFunction;
  makai_history?: WasmFunction;
}

export class WasmPlugin implements LoadedPlugin {
  readonly name: string;
  readonly version: string;
  readonly language = 'webassembly';
  readonly warnings: readonly string[] = [];
  readonly #module: WebAssembly.Module;
  #exports: Exports | undefined;
  #context: PluginContext | undefined;
  #batch = 0;
  /** errors that it logs while it is configured: why it refuses its settings */
  #said: string[] | undefined;
  /** history that it asked for while it was configured */
  #wanted: { boxId: number; fromMs: number; toMs: number }[] = [];
  /** incidents and values of the call that goes on */
  #results: unknown[] = [];

  /** @param module one in which `inspectModule` found no problems */
  constructor(name: string, module: WebAssembly.Module) {
    this.name = name;
    this.#module = module;
    this.version = versionOf(module);
  }

  get memoryMb(): number | undefined {
    return this.#exports && this.#exports.memory.buffer.byteLength / 2 ** 20;
  }

  async configure(settings: Record<string, unknown>, context: PluginContext): Promise<void> {
    this.#context = context;
    const instance = new WebAssembly.Instance(this.#module, {
      makai: { log: this.#log, now_ms: () => context.now(), ...this.#offered(context) },
    });
    const exports = instance.exports as unknown as Exports; // their kinds and types were checked by inspectModule
    this.#exports = exports;
    const version = exports.makai_abi_version();
    if (version !== ABI_VERSION) {
      throw new PluginRefused(
        `it was built for version ${version} of the ABI, and this makai has version ${ABI_VERSION}: build it again with the SDK ` +
          'that `makai plugin new` writes (copy its folder makai/ over yours)',
      );
    }
    const records = encodeSettings(settings);
    const at = this.#allocate(records.length);
    new Uint8Array(exports.memory.buffer).set(records, at);
    this.#said = [];
    const problem = exports.makai_configure(at, records.length) ?? 0;
    if (problem !== 0)
      throw new PluginRefused([`makai_configure returned error ${problem}`, ...this.#said].join(': '));
    this.#said = undefined;
    this.#batch = this.#allocate(BATCH_BYTES);
    await this.#handHistory(context);
  }

  /** What the module may call besides log and now_ms. */
  #offered(context: PluginContext) {
    return {
      box: (id: number, at: number): void => {
        const info = context.boxes.get(id >>> 0);
        const location = encoder.encode(info.location).subarray(0, MAX_LOCATION_BYTES);
        const view = this.#view(at >>> 0, BOX_INFO_BYTES, 'the place given to makai.box');
        const recorded = boxAfter(context.boxes.all(), info.boxId - 1)?.boxId === info.boxId ? 1 : 0;
        writeBoxInfoRecord(view, 0, { ...info, locationBytes: location.length, recorded });
        new Uint8Array(view.buffer, view.byteOffset + BOX_INFO_RECORD.bytes, MAX_LOCATION_BYTES).set(
          location,
        );
      },
      next_box: (after: number): number => boxAfter(context.boxes.all(), after)?.boxId ?? -1,
      history: (boxId: number, fromMs: number, toMs: number): number => {
        if (this.#said === undefined || !this.#exports?.makai_history) return 0;
        if (this.#wanted.length >= MAX_HISTORY_PIECES) return 0;
        this.#wanted.push({ boxId: boxId >>> 0, fromMs, toMs });
        return 1;
      },
      state_get: (at: number, room: number): number => {
        const kept = context.state.get();
        if (kept === undefined) return -1;
        const bytes = kept instanceof Uint8Array ? kept : encoder.encode(JSON.stringify(kept));
        const copied = bytes.subarray(0, Math.min(bytes.length, room >>> 0));
        const view = this.#view(at >>> 0, copied.length, 'the place given to makai.state_get');
        new Uint8Array(view.buffer, view.byteOffset, copied.length).set(copied);
        return bytes.length;
      },
      state_set: (at: number, bytes: number): number => {
        if (bytes >>> 0 > MAX_STATE_BYTES) return 1;
        const view = this.#view(at >>> 0, bytes >>> 0, 'the bytes given to makai.state_set');
        context.state.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice());
        return 0;
      },
      value: (name: number, length: number, boxId: number, timestampMs: number, value: number): void => {
        const series = this.#text(name, length, 'the name given to makai.value');
        this.#note({ kind: 'value', series, boxId: boxId >>> 0, timestampMs, value });
      },
      incident: (at: number): void => {
        const view = this.#view(at >>> 0, INCIDENT_RECORD.bytes, 'the record given to makai.incident');
        const record = readIncidentRecord(view, 0);
        const { boxId, deviation, endMs, startMs } = record;
        this.#note({
          kind: 'incident',
          boxId,
          deviation,
          endMs,
          startMs,
          class: this.#text(record.className, record.classBytes, 'the class of an incident'),
          quantity: QUANTITY_NAMES.get(record.quantity),
          description: this.#text(
            record.description,
            record.descriptionBytes,
            'the description of an incident',
          ),
        });
      },
    };
  }

  /** Results that are reported in a call are taken with its requests. */
  #note(result: unknown): void {
    if (this.#results.length < MAX_RESULTS_PER_CALL) this.#results.push(result);
  }

  #text(at: number, length: number, what: string): string {
    const bytes = Math.min(length >>> 0, 4 * MAX_DESCRIPTION);
    return decoder.decode(this.#view(at >>> 0, bytes, what));
  }

  /** What the module asked for while it was configured, in batches: measurements, then trends, of one box after the other. */
  async #handHistory(context: PluginContext): Promise<void> {
    const { makai_history } = this.#loaded();
    for (const { boxId, fromMs, toMs } of this.#wanted) {
      const { measurements, trends } = await context.history(boxId, fromMs, toMs);
      for (const [kind, rows] of [
        [ABI_HISTORY_KINDS.MEASUREMENT, measurements],
        [ABI_HISTORY_KINDS.TREND, trends],
      ] as const) {
        for (const columns of batchesOf(rows)) {
          const view = new DataView(this.#loaded().memory.buffer);
          writeMeasurementRecords(view, this.#batch, columns, columns.count);
          makai_history?.(this.#batch, columns.count, kind);
        }
      }
    }
    this.#wanted = [];
  }

  process(columns: MeasurementColumns, out: ResultCollector): void {
    const { memory, makai_process } = this.#loaded();
    if (columns.count > BATCH_MEASUREMENTS) throw new RangeError('a batch larger than its buffer');
    writeMeasurementRecords(new DataView(memory.buffer), this.#batch, columns, columns.count);
    this.#collect(makai_process(this.#batch, columns.count), out);
  }

  /** An empty batch: the plugin ends what only time can end, by `makai.now_ms`. */
  tick(_nowMs: number, out: ResultCollector): void {
    this.#collect(this.#loaded().makai_process(this.#batch, 0), out);
  }

  unload(out: ResultCollector): Promise<void> {
    this.#collect(this.#loaded().makai_unload?.(), out);
    this.#exports = undefined;
    return Promise.resolve();
  }

  /** Collects the requests whose number a call returned. */
  #collect(returned: number | undefined, out: ResultCollector): void {
    if (this.#results.length > 0) {
      out.addResults(this.#results);
      this.#results = [];
    }
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
      urgent: record.urgent === 1,
      ...(record.familyMs === 0 ? {} : { familyStartMs: record.startMs - record.familyMs }),
    };
  }

  #log = (level: number, at: number, length: number): void => {
    const name = ABI_LOG_LEVELS[level] ?? 'error';
    const bytes = Math.min(length >>> 0, 4 * MAX_LOG_LINE);
    const text = decoder.decode(this.#view(at >>> 0, bytes, 'the text given to makai.log'));
    if (level >= ERROR_LEVEL && this.#said && this.#said.length < MAX_REASONS) this.#said.push(text);
    this.#context?.log[name](text);
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
  return section ? decoder.decode(section.slice(0, 100)) : '';
}
