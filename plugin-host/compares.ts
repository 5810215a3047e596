/** Whether a plugin compares boxes: a shipped one by the list of config/plugins.ts, one of your own by its manifest. */
import { existsSync } from 'node:fs';
import { comparesBoxes, type PluginEntry, resolvePlugin } from '../config/plugins.js';
import { readManifest } from './manifest.js';
import { manifestFile } from './module-graph.js';

/** False for an entry that cannot be used: whoever loads it says why. */
export function entryCompares({ path }: PluginEntry): boolean {
  const target = resolvePlugin(path);
  if (target.kind === 'shipped') return comparesBoxes(target.name);
  if (target.kind === 'refused' || !existsSync(manifestFile(target.path))) return false;
  try {
    return readManifest(target.path).compares;
  } catch {
    return false;
  }
}
