/**
 * The part of the WebAssembly JavaScript interface that is used here, with types: TypeScript has them only together with all of
 * the DOM, where a server's code could use `document` by mistake.
 */

export type WasmKind = 'function' | 'table' | 'memory' | 'global' | 'tag';

/** A compiled module; only the engine knows what is in it. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: 'WebAssembly.Module' | string;
}

export interface WasmMemory {
  /** changes, and the old one has no bytes any more, when the memory grows */
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** A function a module exports. All values of ABI v1 are numbers. */
export type WasmFunction = (...values: number[]) => number | undefined;

export interface WasmInstance {
  readonly exports: Record<string, unknown>;
}

interface WasmApi {
  Module: {
    new (bytes: Uint8Array<ArrayBuffer>): WasmModule;
    exports(module: WasmModule): { name: string; kind: WasmKind }[];
    imports(module: WasmModule): { module: string; name: string; kind: WasmKind }[];
    customSections(module: WasmModule, name: string): ArrayBuffer[];
  };
  Memory: new (descriptor: { initial: number; maximum?: number }) => WasmMemory;
  Instance: new (module: WasmModule, imports?: Record<string, Record<string, unknown>>) => WasmInstance;
  CompileError: new () => Error;
  LinkError: new () => Error;
  RuntimeError: new () => Error;
}

export const wasm: WasmApi = Reflect.get(globalThis, 'WebAssembly');
