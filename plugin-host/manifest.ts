/**
 * What a plugin says of itself in a file beside it, `<name>.manifest.json`: the same in every language. Its settings are checked by the
 * JSON Schema in it before the plugin is given them, so that `makai config check`, `makai plugin check` and the daemon report the same.
 */
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../common/errors.js';
import { type Finding, findingLine } from '../config/findings.js';
import { settingsFindings } from '../config/plugin-settings.js';
import type { PluginContext, SecondSummary } from '../plugins/sdk/plugin.js';
import type { MeasurementColumns } from '../proto/columns.js';
import { type LoadedPlugin, PluginRefused } from './loaded-plugin.js';
import { manifestFile } from './module-graph.js';
import type { ResultCollector } from './result-collector.js';

/** What a plugin can read. */
const READS = ['f', 'rms', 'thd', 'trans', 'flags', 'boxes', 'thresholds', 'history', 'state'] as const;

/** Largest manifest: it is read at one time, also by the thread that checks a configuration. */
const MAX_BYTES = 1_000_000;

const manifestSchema = z.strictObject({
  name: z.string().min(1).max(100).optional(),
  version: z.string().min(1).max(100).optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
  reads: z.array(z.enum(READS)).optional(),
  compares: z.boolean().optional(),
});

export interface Manifest {
  name: string | undefined;
  version: string | undefined;
  /** of all settings, an object */
  settings: z.ZodType | undefined;
  reads: readonly string[];
  /** it compares boxes: where several services divide them it runs in one, on summaries (docs/cluster.md) */
  compares: boolean;
}

/** @throws PluginRefused for a manifest with mistakes */
export function readManifest(plugin: string): Manifest {
  const file = manifestFile(plugin);
  const refused = (problem: string, cause?: unknown) =>
    new PluginRefused(`${basename(file)}: ${problem}`, { cause });
  let content: unknown;
  try {
    const stats = statSync(file);
    if (!stats.isFile()) throw new Error('not a file');
    if (stats.size > MAX_BYTES)
      throw new Error(`has ${stats.size} bytes; a manifest may have up to ${MAX_BYTES / 1e6} MB`);
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw refused(messageOf(error), error);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw refused('expected an object');
  const { data } = manifestSchema.safeParse(content);
  if (!data)
    throw refused(
      settingsFindings(manifestSchema, { ...content }, [])
        .map(findingLine)
        .join('; '),
    );
  const { compares = false, name, version, reads = [] } = data;
  if (data.settings && data.settings.type !== 'object') throw refused('settings: expected "type": "object"');
  try {
    const settings = data.settings && z.fromJSONSchema(data.settings);
    return { compares, name, version, reads, settings };
  } catch (error) {
    throw refused(`settings: ${messageOf(error)}`, error);
  }
}

/**
 * What is wrong with settings by the manifest beside a plugin.
 * @param at path of the plugin's entry in the configuration
 */
export function manifestFindings(
  plugin: string,
  { settings: schema }: Manifest,
  settings: Readonly<Record<string, unknown>>,
  at: readonly PropertyKey[] = [],
): Finding[] {
  const by = basename(manifestFile(plugin));
  return (schema ? settingsFindings(schema, settings, at) : []).map((finding) => ({
    ...finding,
    message: `${finding.message} (by ${by})`,
  }));
}

/** A plugin with what its manifest says: name and version in place of its own, and settings that were checked. */
export class DescribedPlugin implements LoadedPlugin {
  readonly name: string;
  readonly version: string;
  readonly reads: readonly string[];
  readonly summary: ((summary: SecondSummary, out: ResultCollector) => void) | undefined;
  readonly #plugin: LoadedPlugin;
  readonly #file: string;
  readonly #manifest: Manifest;

  /** @param file of the plugin */
  constructor(plugin: LoadedPlugin, file: string, manifest: Manifest) {
    const { name, version, reads } = manifest;
    this.#plugin = plugin;
    this.#file = file;
    this.#manifest = manifest;
    this.name = name ?? plugin.name;
    this.version = version ?? plugin.version;
    this.reads = reads;
    this.summary = plugin.summary;
  }

  get language() {
    return this.#plugin.language;
  }

  get warnings() {
    return this.#plugin.warnings;
  }

  get memoryMb() {
    return this.#plugin.memoryMb;
  }

  /** Defaults of the schema are filled in. */
  async configure(settings: Record<string, unknown>, context: PluginContext): Promise<void> {
    const mistakes = manifestFindings(this.#file, this.#manifest, settings);
    if (mistakes.length > 0) throw new PluginRefused(mistakes.map(findingLine).join('; '));
    const filled: unknown = this.#manifest.settings?.parse(settings) ?? settings;
    await this.#plugin.configure(Object.fromEntries(Object.entries(Object(filled))), context);
  }

  process(columns: MeasurementColumns, out: ResultCollector): void {
    this.#plugin.process(columns, out);
  }

  tick(nowMs: number, out: ResultCollector): void {
    this.#plugin.tick(nowMs, out);
  }

  unload(out: ResultCollector): Promise<void> {
    return this.#plugin.unload(out);
  }
}
