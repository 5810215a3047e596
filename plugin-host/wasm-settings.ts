/** Settings of a WebAssembly plugin as flat typed records (SETTING_RECORD of plugins/sdk/abi.ts), so that no plugin needs a JSON parser. */
import { ABI_SETTING_KINDS, SETTING_RECORD } from '../plugins/sdk/abi.js';
import { writeSettingRecord } from '../plugins/sdk/abi-records.js';
import { PluginRefused } from './loaded-plugin.js';

/** Far beyond what anybody writes by hand: it bounds the memory that the plugin must give. */
const MAX_SETTINGS = 10_000;
const MAX_DEPTH = 16;
const MAX_PATH_BYTES = 0xffff;

interface Setting {
  path: Uint8Array;
  text: Uint8Array;
  kind: number;
  value: number;
}

const encoder = new TextEncoder();
const NO_TEXT = new Uint8Array();

/**
 * Nested lists and objects become paths: `{"limits": [{"low": 1}]}` gives `limits` (a list of 1), `limits.0` (an object of 1), `limits.0.low`.
 * @returns the records one after the other; empty for no settings
 * @throws PluginRefused for a name with a dot or none, and for settings that are nested too deeply or too many
 */
export function encodeSettings(settings: Readonly<Record<string, unknown>>): Uint8Array {
  const flat: Setting[] = [];
  for (const [name, value] of Object.entries(settings)) flatten(name, name, value, 1, flat);
  const bytes = flat.reduce((sum, setting) => sum + bytesOf(setting), 0);
  const out = new Uint8Array(bytes);
  const view = new DataView(out.buffer);
  let at = 0;
  for (const setting of flat) {
    const { kind, path, text, value } = setting;
    const length = bytesOf(setting);
    const [pathBytes, textBytes] = [path.length, text.length];
    writeSettingRecord(view, at, { value, bytes: length, textBytes, pathBytes, kind });
    out.set(path, at + SETTING_RECORD.bytes);
    out.set(text, at + SETTING_RECORD.bytes + pathBytes);
    at += length;
  }
  return out;
}

function bytesOf({ path, text }: Setting): number {
  return 8 * Math.ceil((SETTING_RECORD.bytes + path.length + text.length) / 8);
}

function flatten(name: string, path: string, value: unknown, depth: number, flat: Setting[]): void {
  if (value === undefined) return;
  if (name === '' || name.includes('.')) {
    throw new PluginRefused(`setting "${path}": a name for a WebAssembly plugin has no dot and is not empty`);
  }
  if (depth > MAX_DEPTH) throw new PluginRefused(`setting "${path}": nested more than ${MAX_DEPTH} deep`);
  if (flat.length >= MAX_SETTINGS) throw new PluginRefused(`more than ${MAX_SETTINGS} settings`);
  const encoded = encoder.encode(path);
  if (encoded.length > MAX_PATH_BYTES)
    throw new PluginRefused(`setting "${path.slice(0, 80)}...": too long a name`);
  const isText = typeof value === 'string';
  const text = isText ? encoder.encode(value) : NO_TEXT;
  const items = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const kind = kindOf(value);
  flat.push({
    path: encoded,
    text,
    kind,
    value: isText || kind >= ABI_SETTING_KINDS.LIST ? items.length : Number(value),
  });
  for (const [key, item] of items) flatten(key, `${path}.${key}`, item, depth + 1, flat);
}

function kindOf(value: unknown): number {
  if (value === null) return ABI_SETTING_KINDS.NULL;
  if (Array.isArray(value)) return ABI_SETTING_KINDS.LIST;
  switch (typeof value) {
    case 'number':
      return ABI_SETTING_KINDS.NUMBER;
    case 'boolean':
      return ABI_SETTING_KINDS.FLAG;
    case 'string':
      return ABI_SETTING_KINDS.TEXT;
    default:
      return ABI_SETTING_KINDS.OBJECT;
  }
}
